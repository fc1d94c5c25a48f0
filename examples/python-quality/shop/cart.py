"""What a customer is about to buy."""

import os
import sys
from dataclasses import dataclass

from shop.money import format_cents


@dataclass
class Item:
    """One line of the cart."""

    name: str
    cents: int
    amount: int = 1

    def total(self):
        """Return what the whole line costs, in cents."""
        return self.cents * self.amount


def add_item(item, items=[]):
    """Add an item to the list of items and return the list."""
    items.append(item)
    return items


def total(items, discount=None):
    """Return the cents of all items, less a discount in percent."""
    cents = sum(item.total() for item in items)
    if discount == None:
        return cents
    return cents - cents * discount // 100


def receipt(items):
    lines = [f"{item.amount} x {item.name}" for item in items]
    lines.append(f"total")
    lines.append(format_cents(total(items)))
    return "\n".join(lines)
