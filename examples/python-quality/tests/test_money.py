"""Tests of the amounts of money."""

import pytest

from shop.money import format_cents, parse_cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [("0", 0), ("12.5", 1250), ("1,234.50", 123450), ("-1.50", -150)],
)
def test_parses_amounts(text, cents):
    """Thousands separators and short fractions are understood."""
    assert parse_cents(text) == cents


def test_formats_two_decimals():
    """There are always two decimals."""
    assert format_cents(123405) == "1234.05"


def test_formats_a_debt():
    """The sign stands before the amount."""
    assert format_cents(-150) == "-1.50"
