import a

assert a.x == 2
