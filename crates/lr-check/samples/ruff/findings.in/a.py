"""Doc."""

import os

S = "é𐐀"; import sys
X = S == None
Y = f"a"  


def add(item, items=[]):
    items.append(item)
    return items, undefined