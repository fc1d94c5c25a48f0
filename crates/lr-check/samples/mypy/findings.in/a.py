name = "é"; count: int = name


def f(x: int) -> str:
    return x


f("a", 2)
