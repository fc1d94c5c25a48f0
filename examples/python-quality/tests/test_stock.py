"""Tests of the stock and of the report about it."""

import pytest

from shop.report import report, stock_value
from shop.stock import OutOfStock, read_stock, take


def test_reads_a_file(tmp_path):
    """Empty lines do not count."""
    path = tmp_path / "stock.txt"
    path.write_text("tea=3\n\nmilk=1\n", encoding="utf-8")
    assert read_stock(path) == {"tea": 3, "milk": 1}


def test_takes_no_more_than_there_is():
    """What is left stays as it was."""
    stock = {"tea": 3}
    take(stock, "tea", 2)
    with pytest.raises(OutOfStock):
        take(stock, "tea", 2)
    assert stock == {"tea": 1}


def test_an_unknown_thing_is_out_of_stock():
    """A name that never was in the stock is no KeyError."""
    with pytest.raises(OutOfStock):
        take({}, "coffee")


def test_reports_the_most_valuable_first():
    """One line for each thing."""
    stock, prices = {"milk": 1, "tea": 3}, {"milk": 120, "tea": 350}
    assert stock_value(stock, prices) == 1170
    assert report(stock, prices) == "tea: 10.50\nmilk: 1.20\n"
