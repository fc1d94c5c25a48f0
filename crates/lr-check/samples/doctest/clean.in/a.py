def f():
    """Return.

    >>> f()
    1
    """
    return 1
