class Stuff:
    pass
