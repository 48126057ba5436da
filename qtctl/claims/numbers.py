"""Numbers in the cells of a table."""

import re
from dataclasses import dataclass
from decimal import Decimal

from qtctl.claims.vocabulary import split_words
from qtctl.dialects.document.types import Table

_NUMBER = re.compile(
    r"^[~≈]?\s*(?P<sign>[-+]?)[$€£]?(?P<number>\d{1,3}(?:,\d{3})+|\d{1,15})(?P<rest>\.\d{1,9})?\s*(?P<unit>%|[A-Za-z]{1,5})?$"
)
_TOTALS = re.compile(r"^(?:grand |sub-?\s?|in |over)?(?:totals?|sum|all)\b(?:\s+[a-z]+)?:?$", re.IGNORECASE)
_QUANTITY = split_words("count qty quantity replicas instances number amount # counts units")


@dataclass(frozen=True, slots=True)
class Number:
    """`places`: decimal places. `unit`: % or letters; '' if there is none."""

    value: Decimal
    places: int
    unit: str

    @property
    def whole(self) -> bool:
        return self.places == 0 and not self.unit


def read_number(cell: str) -> Number | None:
    """None if the cell is more than one number with its unit."""
    found = _NUMBER.match(cell.strip())
    if not found:
        return None
    rest = found["rest"] or ""
    value = Decimal(f"{found['sign']}{found['number'].replace(',', '')}{rest}")
    return Number(value, max(0, len(rest) - 1), found["unit"] or "")


def is_total(label: str) -> bool:
    """Whether a row's first cell says that the row is a total."""
    return bool(_TOTALS.match(label.strip()))


def list_head_words(head: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+|[%#]", head.lower()))


def find_quantity(table: Table, at: int) -> int | None:
    """The sum of a column that says how many of something there are; None for any other column."""
    if not list_head_words(table.header[at]) & _QUANTITY:
        return None
    read = [read_number(each.cells[at]) for each in table.rows if not is_total(each.cells[0])]
    numbers = [each for each in read if each is not None and each.whole]
    return int(sum(each.value for each in numbers)) if numbers and len(numbers) == len(read) else None
