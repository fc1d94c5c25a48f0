"""Sums."""

import os


def total(numbers):
    """Return the sum of the numbers."""
    return sum(numbers) + missing
