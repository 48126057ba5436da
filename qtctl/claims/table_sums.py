"""Totals of the columns of tables."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from qtctl.claims.numbers import (
    Number,
    find_label,
    is_total_row,
    list_head_words,
    read_number,
    uses_decimal_comma,
)
from qtctl.claims.row_sums import check_rows
from qtctl.claims.table_shares import check_table_shares
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.dialects.document.types import Table
from qtctl.model.claims import ClaimKind, Judged

_NOT_ADDED = split_words(
    "avg average mean median max maximum min minimum peak port rate ratio percent version latency load "
    "utilization utilisation temp temperature p50 p90 p95 p99 date year day time id priority weight uptime "
    "age used free score pid uid gid"
)
_OF_EACH = split_words("price each unit per rate cost preis einzelpreis")
_COUNTED = split_words("qty quantity count amount menge anzahl number pieces units instances hours")
_EMPTY = ("", "-", "n/a", "none", "\N{EN DASH}", "\N{EM DASH}")
_MINUTES = re.compile(r"(?<=\w)\s*\(min\)$", re.IGNORECASE)
LEAST_ROWS = 2
HUNDRED = Decimal(100)


def check_table(table: Table) -> Iterator[Judged]:
    """Its total rows, its total column and its column of percentages."""
    comma = uses_decimal_comma([cell for row in table.rows for cell in row.cells])
    for at in range(1, len(table.header)):
        yield from _check_column(table, at, comma=comma)
    yield from check_rows(table, comma=comma)
    yield from check_table_shares(table, comma=comma)


def _check_column(table: Table, at: int, *, comma: bool) -> Iterator[Judged]:
    """A total is the sum of all rows above it, of the rows since the last total, or of the totals above it."""
    if list_head_words(_MINUTES.sub("", table.header[at])) & _NOT_ADDED:
        return
    above, since, totals = list[Number](), list[Number](), list[Number]()
    gaps = False
    for row in table.rows:
        number = read_number(row.cells[at], comma=comma)
        if number is None and row.cells[at].strip().lower() not in _EMPTY:
            return
        if not is_total_row(row) or find_label(row) == row.cells[at]:
            gaps = gaps or number is None
            above += [number] if number else []
            since += [number] if number else []
            continue
        if number is None or not _may_be_sum(number, above):
            return
        sums = (above, since, totals)
        holds = any(_adds_up(number, each) for each in sums if each) or _is_other(table, at, number, above)
        found = sum((each.value for each in above), Decimal(0))
        if holds or not gaps or found > number.value:
            yield judge(
                row.whole, ClaimKind.SUM, f"{find_label(row)} of {table.header[at] or 'a column'}",
                f"{number.value}{number.unit}", holds=holds, other=table.line,
                why=f"the {len(above)} rows above add up to {found}{number.unit}",
            )  # fmt: skip
        totals.append(number)
        since = []


def _may_be_sum(total: Number, parts: Sequence[Number]) -> bool:
    """Whether all are exact and in one unit; percentages only if they are parts of one whole."""
    if len(parts) < LEAST_ROWS or not _have_one_unit(total, parts) or any(each.about for each in (total, *parts)):
        return False
    return total.unit != "%" or _is_split(total, parts)


def _have_one_unit(total: Number, parts: Sequence[Number]) -> bool:
    """Whether all are in the same unit, or those that have none."""
    units = {each.unit for each in parts if each.unit}
    return len(units) <= 1 and (not total.unit or total.unit in units)


def _is_other(table: Table, at: int, total: Number, parts: Sequence[Number]) -> bool:
    """Whether the total is the largest of its rows, or of prices that are multiplied by a quantity."""
    heads = [list_head_words(each) for each in table.header]
    priced = bool(heads[at] & _OF_EACH) and any(head & _COUNTED for n, head in enumerate(heads) if n != at)
    return priced or total.value == max(each.value for each in parts)


def _is_split(total: Number, parts: Sequence[Number]) -> bool:
    """Whether percentages are parts of one whole: they add up to 100, or their total is 100."""
    found = sum((each.value for each in parts), Decimal(0))
    return total.value == HUNDRED or bool(abs(found - HUNDRED) <= len(parts))


def _adds_up(total: Number, parts: Sequence[Number]) -> bool:
    """Whether the parts add up to the total, exactly or within their rounding."""
    found = sum((each.value for each in parts), Decimal(0))
    if total.unit == "%":
        return abs(total.value - found) <= max(Decimal(1), Decimal(len(parts)) / 2)
    if not total.places and not any(each.places for each in parts):
        return total.value == found
    places = min((total.places, *(each.places for each in parts)))
    return bool(abs(total.value - found) <= (Decimal(len(parts) + 1) / 2).scaleb(-places))
