"""Money."""


def cents(text):
    """Return the cents of a text."""
    return int(text) * 10
