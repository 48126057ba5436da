"""Columns that most rows of a table calculate from other columns: a row that does not is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from qtctl.claims.formulas import TOTAL_HEADS, check_formula
from qtctl.claims.numbers import Number, find_label, is_total_row, list_head_words, read_number
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import split_names
from qtctl.dialects.document.types import Row, Table
from qtctl.model.claims import ClaimKind, Judged

_QUANTITIES = split_words("count number # qty quantity total size")
LEAST_RIGHT, LEAST_PARTS = 2, 2
_MOSTLY = Decimal("0.66")


@dataclass(frozen=True, slots=True)
class _Row:
    row: Row
    total: Number
    parts: tuple[Number, ...]


def check_rows(table: Table, *, comma: bool) -> Iterator[Judged]:
    found = [*_check_total_column(table, comma=comma)]
    yield from found or check_formula(table, comma=comma)
    yield from _check_counted_names(table)


def _check_total_column(table: Table, *, comma: bool) -> Iterator[Judged]:
    """The column Total, if the rows themselves show that it is the sum of their other cells."""
    at = next((n for n, head in enumerate(table.header) if n and list_head_words(head) & TOTAL_HEADS), None)
    if at is None:
        return
    rows = [*_read_rows(table, at, comma=comma)]
    known = [each for each in rows if len(each.parts) >= LEAST_PARTS and _have_one_unit(each)]
    votes = [_add(each) for each in known if not is_total_row(each.row)]
    telling = sum(_add(each) and sum(part.value != 0 for part in each.parts) > 1 for each in known)
    if min(sum(votes), telling) < LEAST_RIGHT or sum(votes) < _MOSTLY * len(votes):
        return
    for each in known:
        why = f"{' + '.join(str(part.value) for part in each.parts)} is not {each.total.value}"
        yield judge(each.row.whole, ClaimKind.SUM, f"Total of {find_label(each.row)}", str(each.total.value),
                    holds=_add(each), why=why)  # fmt: skip


def _read_rows(table: Table, at: int, *, comma: bool) -> Iterator[_Row]:
    for row in table.rows:
        total = read_number(row.cells[at], comma=comma)
        cells = [(n, read_number(cell, comma=comma)) for n, cell in enumerate(row.cells) if n not in (0, at)]
        parts = tuple(number for _, number in cells if number is not None)
        if total is not None and not total.about and not any(each.about for each in parts):
            yield _Row(row, total, parts)


def _have_one_unit(row: _Row) -> bool:
    return len({each.unit for each in (row.total, *row.parts)}) == 1


def _add(row: _Row) -> bool:
    found = sum((each.value for each in row.parts), Decimal(0))
    places = min(row.total.places, *(each.places for each in row.parts))
    if not any(each.places for each in (row.total, *row.parts)):
        return row.total.value == found
    return abs(row.total.value - found) <= (Decimal(len(row.parts) + 1) / 2).scaleb(-places)


def _check_counted_names(table: Table) -> Iterator[Judged]:
    """A column of numbers that count the names in another column of their row."""
    heads = [list_head_words(each) for each in table.header]
    rows = [each for each in table.rows if not is_total_row(each)]
    for at, head in enumerate(heads):
        if not at or not head & _QUANTITIES or len(head) > 2:  # noqa: PLR2004 - "host count"
            continue
        for names in range(1, len(heads)):
            if names != at:
                yield from _check_names(rows, at, names)


def _check_names(rows: Sequence[Row], at: int, names: int) -> Iterator[Judged]:
    read = [(row, read_number(row.cells[at]), split_names(row.cells[names])) for row in rows]
    known = [(row, number, those) for row, number, those in read if number is not None and number.whole and those]
    right = sum(len(those) == number.value for _, number, those in known)
    several = sum(len(those) == number.value > 1 for _, number, those in known)
    if not several or right < LEAST_RIGHT or right < _MOSTLY * len(rows):
        return
    for row, number, those in known:
        why = f"{len(those)} names beside it"
        if "\u2026" not in row.cells[names] and "..." not in row.cells[names] and " more" not in row.cells[names]:
            yield judge(
                row.whole,
                ClaimKind.COUNT,
                find_label(row),
                str(number.value),
                holds=len(those) == number.value,
                why=why,
            )
