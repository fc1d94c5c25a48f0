"""How many of each thing are left, read from a file of ``name=number`` lines."""

from typing import Dict


class OutOfStock(Exception):
    pass


def read_stock(path):
    """Read the stock from a file."""
    stock: Dict[str, int] = {}
    file = open(path)
    for number, line in enumerate(file.readlines()):
        name, _, count = line.strip().partition("=")
        if not name:
            continue
        stock[name] = int(count)
    file.close()
    return stock


def take(stock, name, amount=1):
    """Take an amount of a thing out of the stock."""
    try:
        left = stock[name] - amount
    except KeyError:
        raise OutOfStock(name)
    if left < 0:
        raise OutOfStock(name)
    stock[name] = left
