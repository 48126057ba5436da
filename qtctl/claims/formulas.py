"""One column that most rows calculate from two others, whatever their headings: `Free` from `Size` and `Used`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, permutations

from qtctl.claims.numbers import Number, find_label, is_total_row, list_head_words, read_number
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.dialects.document.types import Row, Table
from qtctl.model.claims import ClaimKind, Judged

_NAMES = split_words("id # no port vlan year version priority rank order date day time uid gid pid line")
TOTAL_HEADS = split_words("total sum gesamt summe subtotal amount")
LEAST_RIGHT, LEAST_OF_TOTAL, MOST_COLUMNS, FIRST = 3, 2, 8, 8
SUMMED = 3
"""With more columns of numbers, a sum may have further parts."""
_MOSTLY, _MOSTLY_TOTAL = Decimal("0.75"), Decimal("0.66")


@dataclass(frozen=True, slots=True)
class _Formula:
    """`telling`: whether two numbers do not give the result by chance, as 1 and 0 do."""

    sign: str
    calculate: Callable[[Decimal, Decimal], Decimal]
    telling: Callable[[Decimal, Decimal], bool]


_FORMULAS = (
    _Formula("\u00d7", lambda one, other: one * other, lambda one, other: min(one, other) > 1),
    _Formula("-", lambda one, other: one - other, lambda one, other: other > 0 and one != other),
    _Formula("+", lambda one, other: one + other, lambda one, other: min(one, other) > 0),
)


@dataclass(frozen=True, slots=True)
class _Cells:
    row: Row
    result: Number
    one: Number
    other: Number

    def holds(self, formula: _Formula) -> bool:
        exact, unit = formula.calculate(self.one.value, self.other.value), Decimal(1).scaleb(-self.result.places)
        return exact == self.result.value or (exact % unit != 0 and abs(exact - self.result.value) < unit)

    def tells(self, formula: _Formula) -> bool:
        return formula.telling(self.one.value, self.other.value) and self.holds(formula)


def check_formula(table: Table, *, comma: bool) -> Iterator[Judged]:
    """Those that at least three quarters of the rows follow, three of them not by chance: all products, one sum."""
    rows = [each for each in table.rows if not is_total_row(each)]
    columns = {
        at: numbers
        for at in range(1, len(table.header))
        if not list_head_words(table.header[at]) & _NAMES and (numbers := _read_column(rows, at, comma=comma))
    }
    summed = len(columns) > SUMMED
    for result in reversed([*columns][:MOST_COLUMNS]):
        others = [at for at in columns if at != result][:MOST_COLUMNS]
        for formula in _FORMULAS[:1] if summed else _FORMULAS:
            if found := _find_cells(
                rows,
                columns,
                result,
                others,
                formula,
                is_total=bool(list_head_words(table.header[result]) & TOTAL_HEADS),
            ):
                yield from _judge(table, found[0], formula, found[1])
                summed = summed or formula is not _FORMULAS[0]
                break


def _find_cells(
    rows: Sequence[Row],
    columns: Mapping[int, Sequence[Number]],
    result: int,
    others: Sequence[int],
    formula: _Formula,
    *,
    is_total: bool,
) -> tuple[list[_Cells], tuple[int, int]] | None:
    """The first two columns that give the result by this formula."""
    pairs = permutations(others, 2) if formula.sign == "-" else combinations(others, 2)
    for one, other in pairs:
        those = (columns[result], columns[one], columns[other])
        cells = [*map(_Cells, rows, *those)] if _may_follow(rows, those, formula) else []
        if cells and _is_followed(cells, formula, is_total=is_total):
            return cells, (one, other)
    return None


def _read_column(rows: Sequence[Row], at: int, *, comma: bool) -> list[Number]:
    """Empty if a cell is no exact number, or if they are percentages or in several units."""
    read = [read_number(each.cells[at], comma=comma) for each in rows]
    numbers = [each for each in read if each is not None and not each.about]
    alike = len({each.unit for each in numbers}) == 1 and numbers[0].unit != "%" if numbers else False
    return numbers if alike and len(numbers) == len(rows) >= LEAST_OF_TOTAL else []


def _may_follow(rows: Sequence[Row], columns: Sequence[Sequence[Number]], formula: _Formula) -> bool:
    """Whether half of the first rows follow it, so that it is worth trying all of them."""
    first = [*map(_Cells, rows[:FIRST], *columns)]
    units = {each.unit for each in (first[0].one, first[0].other)}
    unit = first[0].result.unit
    fits = len(units - {""}) <= 1 and unit in units if formula.sign == "\u00d7" else units == {unit}
    return fits and sum(each.holds(formula) for each in first) * 2 >= len(first)


def _is_followed(cells: Sequence[_Cells], formula: _Formula, *, is_total: bool) -> bool:
    """By most rows, and by several not by chance. Of a column Total, fewer are enough."""
    least, mostly = (LEAST_OF_TOTAL, _MOSTLY_TOTAL) if is_total and formula.sign == "\u00d7" else (LEAST_RIGHT, _MOSTLY)
    right = sum(each.holds(formula) for each in cells)
    telling = {(each.one.value, each.other.value) for each in cells if each.tells(formula)}
    results = {each.result.value for each in cells if each.tells(formula)}
    return len(telling) >= least and (is_total or len(results) >= LEAST_RIGHT) and right >= mostly * len(cells)


def _judge(table: Table, cells: Sequence[_Cells], formula: _Formula, pair: tuple[int, int]) -> Iterator[Judged]:
    for each in cells:
        exact = formula.calculate(each.one.value, each.other.value)
        heads = f" {formula.sign} ".join(table.header[at] for at in pair)
        why = f"{heads} is {exact} in this row, as in the others"
        yield judge(each.row.whole, ClaimKind.SUM, find_label(each.row), str(each.result.value),
                    holds=each.holds(formula), why=why)  # fmt: skip
