#!/usr/bin/env python3
"""Says what is wrong with a month of sales, one line for each complaint: validate.py FILE.

A file holds `date,shop,cents`, in the order of its dates, and as many sales, of as many cents, as `control.csv` says: whoever
brings the file into form may not lose or invent any.
"""

import csv
import datetime
import re
import sys
from pathlib import Path

SHOPS = {"north", "south", "harbour"}


def complaints(path: Path):
    """Yield the complaints about a file, with their lines."""
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    if rows[:1] != [["date", "shop", "cents"]]:
        yield 1, "the first line must be 'date,shop,cents', and all others must have these fields"
        return
    before = ""
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != 3:
            yield line, f"3 fields are needed, here are {len(row)}"
            continue
        date, shop, cents = row
        if not is_day(date, path.stem):
            yield line, f"'{date}' is no day written as {path.stem}-DD"
        elif date < before:
            yield line, f"'{date}' stands below a later day"
        else:
            before = date
        if shop not in SHOPS:
            yield line, f"'{shop}' is none of the shops {', '.join(sorted(SHOPS))}"
        if not cents.isdecimal():
            yield line, f"'{cents}' is no whole number of cents"
    yield from lost_or_invented(path, rows[1:])


def lost_or_invented(path: Path, rows):
    """Yield a complaint where the sales of a file in order are not those that were counted at the shops."""
    with open("control.csv", encoding="utf-8") as file:
        control = {row["month"]: row for row in csv.DictReader(file)}[path.stem]
    if len(rows) != int(control["sales"]):
        yield 1, f"{control['sales']} sales are needed, here are {len(rows)}"
    cents = [row[2] for row in rows if len(row) == 3]
    if all(value.isdecimal() for value in cents) and sum(map(int, cents)) != int(control["cents"]):
        yield 1, f"all sales come to {control['cents']} cents, these to {sum(map(int, cents))}"


def is_day(date: str, month: str) -> bool:
    """Tell whether a text is a day of the month, written as YYYY-MM-DD."""
    if not re.fullmatch(month + "-[0-9]{2}", date):
        return False
    try:
        datetime.date.fromisoformat(date)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    found = list(complaints(Path(sys.argv[1])))
    for line, complaint in found:
        print(f"{sys.argv[1]}:{line}: {complaint}")
    sys.exit(bool(found))
