import json
from shop.stock import *
from shop.money import format_cents


def stock_value(stock, prices):
    """Return what the stock is worth, in cents."""
    value = 0
    for name in stock.keys():
        value = value + stock[name] * prices[name]
    return value


def report(stock, prices):
    """Return the report as text, the most valuable thing first, one line for each thing."""
    names = sorted(stock, key=lambda name: stock[name] * prices[name], reverse=True)
    result = ""
    l = len(names)
    for name in names:
        result = result + name + ": " + format_cents(stock[name] * prices[name]) + "\n"
    return result
