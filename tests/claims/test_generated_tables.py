"""Tables that are right by construction give no report; one changed number gives exactly one."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.claims.judging import broken

ROWS = st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 9000)), min_size=3, max_size=12)
STYLES = st.sampled_from(["plain", "thousands", "euro", "german", "unit"])
NAMES = ("alpha", "beta", "gamma", "delta", "eps", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu")


def write(value: int, style: str) -> str:
    cents = f"{Decimal(value) / 100:,.2f}"
    return {
        "plain": str(value),
        "thousands": f"{value:,}",
        "euro": f"{cents} €",
        "german": cents.translate(str.maketrans(",.", ".,")),
        "unit": f"{value} GB",
    }[style]


def make_table(rows: list[tuple[int, int]], style: str, totals: tuple[int, int]) -> str:
    lines = ["| Rack | First | Second |", "|---|---:|---:|"]
    lines += [f"| {name} | {write(a, style)} | {write(b, style)} |" for name, (a, b) in zip(NAMES, rows, strict=False)]
    return "\n".join([*lines, f"| **Total** | {write(totals[0], style)} | {write(totals[1], style)} |", ""])


def add(rows: list[tuple[int, int]]) -> tuple[int, int]:
    return sum(a for a, _ in rows), sum(b for _, b in rows)


@settings(max_examples=40, deadline=None)
@given(ROWS, STYLES)
def test_a_right_total(rows: list[tuple[int, int]], style: str) -> None:
    assert broken(make_table(rows, style, add(rows))) == []


@settings(max_examples=40, deadline=None)
@given(ROWS, STYLES, st.integers(0, 11), st.integers(100, 4000))
def test_one_changed_number(rows: list[tuple[int, int]], style: str, at: int, more: int) -> None:
    changed = [*rows]
    changed[at % len(rows)] = (rows[at % len(rows)][0], rows[at % len(rows)][1] + more)
    total = add(rows)
    largest = max(b for _, b in changed)
    expected = [] if total[1] == largest else [f"QT1101:{len(rows) + 3}"]
    assert broken(make_table(changed, style, total)) == expected


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(2, 40), st.integers(2, 300)), min_size=4, max_size=10, unique=True),
    st.integers(0, 9),
)
def test_one_changed_product(rows: list[tuple[int, int]], at: int) -> None:
    def make(wrong: int) -> str:
        lines = ["| Item | Quantity | Price | Total |", "|---|---|---|---|"]
        cells = [(a, b, a * b + 1000 * (n == wrong)) for n, (a, b) in enumerate(rows)]
        return "\n".join(
            [*lines, *(f"| {name} | {a} | {b} € | {c} € |" for name, (a, b, c) in zip(NAMES, cells, strict=False)), ""]
        )

    assert broken(make(-1)) == []
    assert broken(make(at % len(rows))) == [f"QT1101:{at % len(rows) + 3}"]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(2, 400), st.integers(1, 300)), min_size=5, max_size=10, unique=True),
    st.integers(0, 9),
)
def test_one_changed_difference(rows: list[tuple[int, int]], at: int) -> None:
    """Free is Size without Used, whatever the columns are called."""

    def make(wrong: int) -> str:
        cells = [(a + b, a, b + 1000 * (n == wrong)) for n, (a, b) in enumerate(rows)]
        lines = [f"| {name} | {a} | {b} | {c} |" for name, (a, b, c) in zip(NAMES, cells, strict=False)]
        return "\n".join(["| Pool | Gross | Taken | Left |", "|---|---|---|---|", *lines, ""])

    found = broken(make(at % len(rows)))
    assert broken(make(-1)) == []
    assert set(found) <= {f"QT1101:{at % len(rows) + 3}"}
