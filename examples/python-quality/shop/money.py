"""Amounts of money, kept as whole cents."""


def parse_cents(text):
    """Return the cents that a text such as ``1,234.50`` stands for."""
    whole, _, fraction = text.replace(",", "").partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * 100 + sign * int(fraction.ljust(2, "0")[:2])


def format_cents(cents):
    """Return the cents as text with two decimals, such as ``-1.50``."""
    return f"{cents // 100}.{cents % 100:02d}"
