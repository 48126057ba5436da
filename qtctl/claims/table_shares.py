"""Columns of percentages: of the sum of another column, or of two columns of the same row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from qtctl.claims.numbers import Number, is_total_row, list_head_words, read_number
from qtctl.claims.shares import is_share
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.dialects.document.types import Row, Table
from qtctl.model.claims import ClaimKind, Judged

_CHANGES = split_words("change growth delta trend diff difference target goal slo sla limit threshold uptime")
LEAST_ROWS, LEAST_TELLING = 2, 3
_MOSTLY = Decimal("0.66")
HUNDRED = Decimal(100)
Column = Sequence[Number | None]


@dataclass(frozen=True, slots=True)
class _Share:
    row: Row
    share: Number
    part: Decimal
    whole: Decimal

    @property
    def holds(self) -> bool:
        return self.whole > 0 and is_share(self.share, self.part, self.whole)

    @property
    def telling(self) -> bool:
        """Whether it does not hold by chance: 0% and 100% may stand anywhere."""
        return self.holds and self.share.value not in (0, HUNDRED)


def check_table_shares(table: Table, *, comma: bool) -> Iterator[Judged]:
    columns = [[read_number(each.cells[at], comma=comma) for each in table.rows] for at in range(len(table.header))]
    shares = [n for n, each in enumerate(columns) if n and _are_all_known(each, share=True)]
    counts = [n for n, each in enumerate(columns) if n and _are_all_known(each, share=False)]
    for at in shares:
        if list_head_words(table.header[at]) & _CHANGES:
            continue
        ways = [*(_of_sum(table, columns, at, count) for count in counts)] if len(shares) == 1 else []
        if len(counts) == 1 and ways:
            yield from _judge_of_sum(ways[0])
            continue
        ways += [_of_row(table, columns, at, part, whole) for part in counts for whole in counts if part != whole]
        yield from _judge_best(ways)


def _are_all_known(numbers: Column, *, share: bool) -> bool:
    known = [each for each in numbers if each is not None and not each.about]
    return (
        len(known) >= LEAST_ROWS
        and len(known) >= len(numbers) - 1
        and all((each.unit == "%") is share for each in known)
        and len({each.unit for each in known}) == 1
    )


def _of_sum(table: Table, columns: Sequence[Column], at: int, count: int) -> list[_Share]:
    """Shares of the sum of a column, or of its total."""
    rows = [*zip(table.rows, columns[at], columns[count], strict=True)]
    totals = [number.value for row, _, number in rows if number is not None and is_total_row(row)]
    parts = [(row, share, number) for row, share, number in rows if share and number and not is_total_row(row)]
    whole = totals[-1] if totals else sum((number.value for *_, number in parts), Decimal(0))
    return [_Share(row, share, number.value, whole) for row, share, number in parts]


def _of_row(table: Table, columns: Sequence[Column], at: int, part: int, whole: int) -> list[_Share]:
    rows = zip(table.rows, columns[at], columns[part], columns[whole], strict=True)
    return [
        _Share(row, share, one.value, all_.value)
        for row, share, one, all_ in rows
        if share and one and all_ and min(share.value, one.value, all_.value) >= 0
    ]


def _judge_of_sum(those: Sequence[_Share]) -> Iterator[Judged]:
    """If at least half of them are right, the others must be too."""
    right = sum(each.holds for each in those)
    if len(those) >= LEAST_ROWS and right and right * 2 >= len(those):
        yield from _judge(those)


def _judge_best(ways: Sequence[Sequence[_Share]]) -> Iterator[Judged]:
    """One of several ways of calculating them, if it is clear that they are calculated like this."""
    best = max(ways, key=lambda each: sum(one.holds for one in each), default=())
    if sum(each.telling for each in best) >= LEAST_TELLING and sum(each.holds for each in best) >= _MOSTLY * len(best):
        yield from _judge(best)


def _judge(those: Sequence[_Share]) -> Iterator[Judged]:
    for each in those:
        exact = round(each.part * HUNDRED / each.whole, 1) if each.whole else 0
        why = f"{each.part} of {each.whole} is {exact}%"
        yield judge(
            each.row.whole, ClaimKind.PERCENTAGE, each.row.cells[0], f"{each.share.value}%", holds=each.holds, why=why
        )
