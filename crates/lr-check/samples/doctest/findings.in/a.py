def f():
    """Return.

    >>> f()
    2
    """
    return 1


def g():
    """Divide.

    >>> g()
    0
    """
    return 1 / 0
