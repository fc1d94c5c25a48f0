def boom(x):
    return 1 / 0

def check(n):
    assert n == 4, "n is wrong"
