"""Numbers in the cells of a table, as people write them: units, currencies, decimal points and decimal commas."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from qtctl.claims.vocabulary import split_words
from qtctl.dialects.document.types import Row, Table

DIGITS = r"\d{1,3}(?:[,.'\u2019\u202f]\d{3})+(?:[.,]\d{1,9})?|\d{1,15}(?:[.,]\d{1,9})?"
"""A number without its sign and unit: 1,250.5 · 1.250,5 · 1'250 · 3.25 · 12."""
_NUMBER = re.compile(
    rf"^(?P<about>[~\u2248])?\s*(?P<sign>[-+\u2212]?)\s*(?P<before>[$€£])?\s*"
    rf"(?P<number>{DIGITS}|\d{{1,3}}(?: \d{{3}})+)\s*(?P<unit>%|[$€£]|[A-Za-z]{{1,5}})?$"
)
_TOTALS = re.compile(
    r"^(?:grand |sub-?\s?|in |over)?(?:totals?|sum|all|summe|gesamt|insgesamt|(?-i:\u03a3|\u2211))"
    r"(?![\w-])(?:\s+[a-z]+)?(?:\s*\([^()]{0,40}\))?:?$",
    re.IGNORECASE,
)
_QUANTITY = split_words("count qty quantity replicas instances number amount # counts units")
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])\d{1,9}(?:\.\d{3})*,\d{1,2}(?![\d,])")
_DECIMAL_POINT = re.compile(r"(?<![\d.,])\d{1,9}(?:,\d{3})*\.\d{1,2}(?![\d.])")
_GROUP = 3


@dataclass(frozen=True, slots=True)
class Number:
    """`places`: decimal places. `unit`: %, a currency or letters; '' if there is none. `about`: "~29"."""

    value: Decimal
    places: int
    unit: str
    about: bool = False

    @property
    def whole(self) -> bool:
        return self.places == 0 and not self.unit


def read_number(cell: str, *, comma: bool = False) -> Number | None:
    """None if the cell is more than one number with its unit. `comma`: 1,250 has three decimal places."""
    found = _NUMBER.match(cell.strip())
    if not found:
        return None
    value, places = parse_decimal(found["number"], comma=comma)
    sign = -1 if found["sign"] in ("-", "\u2212") else 1
    return Number(sign * value, places, found["before"] or found["unit"] or "", bool(found["about"]))


def parse_decimal(digits: str, *, comma: bool = False) -> tuple[Decimal, int]:
    """The value of `DIGITS`, and its decimal places."""
    plain = re.sub(r"[^\d.,]", "", digits)
    mark = _find_decimal_mark(plain, comma=comma)
    whole, _, rest = plain.rpartition(mark) if mark else (plain, "", "")
    return Decimal(f"{re.sub('[.,]', '', whole)}.{rest}" if rest else re.sub("[.,]", "", whole)), len(rest)


def _find_decimal_mark(plain: str, *, comma: bool) -> str:
    """The mark before the decimals; '' if all marks only group digits."""
    marks = re.sub(r"\d", "", plain)
    if len(set(marks)) > 1:
        return marks[-1]
    if len(marks) != 1:
        return ""
    before, mark, after = plain.partition(marks)
    grouped = len(after) == _GROUP and 0 < len(before) <= _GROUP and before != "0"
    return "" if grouped and (mark == ",") is not comma else mark


def uses_decimal_comma(texts: Iterable[str]) -> bool:
    """Whether numbers have decimal commas, and none has a decimal point."""
    those = [*texts]
    return any(map(_DECIMAL_COMMA.search, those)) and not any(map(_DECIMAL_POINT.search, those))


def is_total(label: str) -> bool:
    """Whether a row's first cell says that the row is a total."""
    return bool(_TOTALS.match(label.strip()))


def find_label(row: Row) -> str:
    """The first cell that is not empty."""
    return next((each for each in row.cells if each), "")


def is_total_row(row: Row) -> bool:
    return is_total(find_label(row))


def list_head_words(head: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+|[%#]", head.lower()))


def find_quantity(table: Table, at: int) -> int | None:
    """The sum of a column that says how many of something there are; None for any other column."""
    if not list_head_words(table.header[at]) & _QUANTITY:
        return None
    read = [read_number(each.cells[at]) for each in table.rows if not is_total_row(each)]
    numbers = [each for each in read if each is not None and each.whole]
    return int(sum(each.value for each in numbers)) if numbers and len(numbers) == len(read) else None
