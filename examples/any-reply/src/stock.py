"""How many of what there is."""

import os


def total(counts):
    """Return how many there are in all."""
    return sum(counts.values())


def missing(counts):
    """Return the names of what there is none of."""
    return [name for name in counts if counts[name] == 0]
