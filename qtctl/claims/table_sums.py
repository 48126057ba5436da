"""Totals, rows and percentages of tables."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from qtctl.claims.numbers import Number, is_total, list_head_words, read_number
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.dialects.document.types import Row, Table
from qtctl.model.claims import ClaimKind, Judged

_NOT_ADDED = split_words(
    "avg average mean median max maximum min minimum peak port rate ratio percent version latency load "
    "utilization utilisation temp temperature p50 p90 p95 p99 date year day time id priority weight uptime "
    "age used free score pid uid gid"
)
LEAST_ROWS = 2
HUNDRED = Decimal(100)
_MOSTLY = Decimal("0.66")


def check_table(table: Table) -> Iterator[Judged]:
    """Its total rows, its total column and its column of percentages."""
    for at in range(1, len(table.header)):
        yield from _check_column(table, at)
    yield from _check_total_column(table)
    yield from _check_percentages(table)


def _check_column(table: Table, at: int) -> Iterator[Judged]:
    """A total is the sum of all rows above it, of the rows since the last total, or of the totals above it."""
    if list_head_words(table.header[at]) & _NOT_ADDED:
        return
    above: list[Number] = []
    since: list[Number] = []
    totals: list[Number] = []
    for row in table.rows:
        number = read_number(row.cells[at])
        if not is_total(row.cells[0]):
            if number is None:
                return
            above.append(number)
            since.append(number)
            continue
        if number is None or len(above) < LEAST_ROWS:
            return
        if len({each.unit for each in (*above, number)}) > 1 or number.unit not in ("", "%"):
            return
        if number.unit == "%" and not _is_split(number, above):
            return
        sums = (above, since, totals)
        holds = any(_adds_up(number, each) for each in sums if each) or number.value == max(
            each.value for each in above
        )
        found = sum((each.value for each in above), Decimal(0))
        what = f"the {len(above)} rows above add up to {found}{number.unit}"
        yield judge(
            row.whole, ClaimKind.SUM, f"{row.cells[0]} of {table.header[at] or 'a column'}",
            f"{number.value}{number.unit}", holds=holds, why=what, other=table.line,
        )  # fmt: skip
        totals.append(number)
        since = []


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


def _check_total_column(table: Table) -> Iterator[Judged]:
    """If most rows add up to their column Total, the others must too."""
    at = next((n for n, head in enumerate(table.header) if n and head.strip().lower() in ("total", "sum")), None)
    if at is None:
        return
    known: list[tuple[Row, Number, list[Number]]] = []
    for row in table.rows:
        total = read_number(row.cells[at])
        parts = [number for n, cell in enumerate(row.cells) if n not in (0, at) and (number := read_number(cell))]
        if total is not None and len(parts) >= LEAST_ROWS and len({each.unit for each in (total, *parts)}) == 1:
            known.append((row, total, parts))
    holds = [_adds_up(total, parts) for _, total, parts in known]
    if len(known) <= LEAST_ROWS or sum(holds) < _MOSTLY * len(known):
        return
    for (row, total, parts), good in zip(known, holds, strict=True):
        found = sum(each.value for each in parts)
        why = f"{' + '.join(str(each.value) for each in parts)} = {found}"
        yield judge(row.whole, ClaimKind.SUM, f"Total of {row.cells[0]}", str(total.value), holds=good, why=why)


def _check_percentages(table: Table) -> Iterator[Judged]:
    """A column of percentages next to one of counts: if most are right, the others must be too."""
    columns = [[read_number(each.cells[at]) for each in table.rows] for at in range(len(table.header))]
    shares = [n for n, each in enumerate(columns) if _are_all_known(each, "%")]
    counts = [n for n, each in enumerate(columns) if n and _are_all_known(each, "")]
    if len(shares) != 1 or len(counts) != 1:
        return
    rows = [
        (row, share, count)
        for row, share, count in zip(table.rows, columns[shares[0]], columns[counts[0]], strict=True)
        if share is not None and count is not None
    ]
    totals = [count.value for row, _, count in rows if is_total(row.cells[0])]
    parts = [each for each in rows if not is_total(each[0].cells[0])]
    whole = totals[-1] if totals else sum((count.value for *_, count in parts), Decimal(0))
    if not whole or len(parts) < LEAST_ROWS:
        return
    holds = [is_share(share, count.value, whole) for _, share, count in parts]
    if sum(holds) * 2 < len(parts) or not any(holds):
        return
    for (row, share, count), good in zip(parts, holds, strict=True):
        why = f"{count.value} of {whole} is {round(count.value * 100 / whole, 1)}%"
        yield judge(row.whole, ClaimKind.PERCENTAGE, row.cells[0], f"{share.value}%", holds=good, why=why)


def _are_all_known(numbers: Sequence[Number | None], unit: str) -> bool:
    known = [each for each in numbers if each is not None]
    return len(known) >= LEAST_ROWS and len(known) == len(numbers) and all(each.unit == unit for each in known)


def is_share(share: Number, part: Decimal, whole: Decimal) -> bool:
    """Whether the share is right, rounded up or down to its number of decimals."""
    exact = part * HUNDRED / whole
    step = Decimal(1).scaleb(-share.places)
    lower, upper = exact.quantize(step, ROUND_FLOOR), exact.quantize(step, ROUND_CEILING)
    return lower <= share.value <= upper
