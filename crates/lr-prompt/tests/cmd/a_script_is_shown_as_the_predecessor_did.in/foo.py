def do_some_stuff(*args):
    return args
