"""Tests of the cart."""

from shop.cart import Item, add_item, receipt, total


def test_a_new_cart_is_empty():
    """Two carts have nothing in common."""
    add_item(Item("tea", 350))
    assert len(add_item(Item("milk", 120))) == 1


def test_a_discount_is_in_percent():
    """A tenth of the price is taken off."""
    assert total([Item("tea", 350, amount=2)], discount=10) == 630


def test_the_receipt_ends_with_the_total():
    """The last line is the sum of all lines."""
    assert receipt([Item("tea", 350, amount=2)]) == "2 x tea\ntotal\n7.00"
