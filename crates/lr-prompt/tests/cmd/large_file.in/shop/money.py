"""Money."""

import os


class Money:
    """An amount in cents."""

    def __init__(self, cents):
        self.cents = cents

    def words(self):
        """Return the amount in words."""
        if self.cents == 0:
            return "none"
        if self.cents == 1:
            return "one"
        if self.cents == 2:
            return "two"
        if self.cents == 3:
            return "three"
        if self.cents == 4:
            return "four"
        if self.cents == 5:
            return "five"
        if self.cents == 6:
            return "six"
        if self.cents == 7:
            return "seven"
        if self.cents == 8:
            return "eight"
        if self.cents == 9:
            return "nine"
        if self.cents == 10:
            return "ten"
        if self.cents == 11:
            return "eleven"
        if self.cents == 12:
            return "twelve"
        if self.cents == 13:
            return "thirteen"
        if self.cents == 14:
            return "fourteen"
        return number_in_words(self.cents)


def twice(amount):
    """Return twice the amount."""
    return Money(amount.cents * 2)


def thrice(amount):
    """Return thrice the amount."""
    return Money(amount.cents * 3)


def fourfold(amount):
    """Return fourfold the amount."""
    return Money(amount.cents * 4)


def fivefold(amount):
    """Return fivefold the amount."""
    return Money(amount.cents * 5)


def sixfold(amount):
    """Return sixfold the amount."""
    return Money(amount.cents * 6)


def sevenfold(amount):
    """Return sevenfold the amount."""
    return Money(amount.cents * 7)


def eightfold(amount):
    """Return eightfold the amount."""
    return Money(amount.cents * 8)
