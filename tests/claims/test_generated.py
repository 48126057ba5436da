"""Documents that are right by construction: nothing in them is called wrong, and one changed number is found."""

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.claims.judging import broken

NAMES = st.lists(st.from_regex(r"[a-z]{3,8}-[a-z]{2,6}", fullmatch=True), min_size=6, max_size=24, unique=True)
GROUPS = ("Front", "Back", "Batch")


@dataclass(frozen=True)
class Numbers:
    """The numbers that the document says: of each group, of all, of rows and of items."""

    groups: tuple[int, ...]
    total: int
    listed: int
    sum_total: int


def split(names: list[str]) -> list[list[str]]:
    third = max(1, len(names) // 3)
    return [names[:third], names[third : 2 * third], names[2 * third :]]


def right(names: list[str]) -> Numbers:
    return Numbers(tuple(map(len, split(names))), len(names), len(names), len(names))


def write(names: list[str], said: Numbers) -> str:
    lines = [f"# Services ({said.total})", ""]
    for name, number, those in zip(GROUPS, said.groups, split(names), strict=True):
        lines += [f"### {name} services ({number})", "", "| Service | User |", "|---|---|"]
        lines += [*(f"| {each} | app |" for each in those), ""]
    lines += ["## Summary", "", "| Group | Count |", "|---|---|"]
    lines += [f"| {name} | {len(those)} |" for name, those in zip(GROUPS, split(names), strict=True)]
    lines += [f"| Total | {said.sum_total} |", "", f"These {said.listed} units are backed up:", ""]
    return "\n".join([*lines, *(f"- {each}" for each in names), ""])


@settings(max_examples=12, deadline=None)
@given(NAMES)
def test_a_right_document_has_nothing_wrong(names: list[str]) -> None:
    assert broken(write(names, right(names))) == []


@settings(max_examples=12, deadline=None)
@given(NAMES, st.integers(1, 40), st.sampled_from(["group", "listed", "sum_total"]), st.integers(0, 2))
def test_one_changed_number_is_found(names: list[str], more: int, which: str, group: int) -> None:
    said, more = right(names), min(more, 4 * len(names))
    if which == "group":
        more = min(more, 4 * said.groups[group])
        groups = tuple(number + more * (at == group) for at, number in enumerate(said.groups))
        changed = replace(said, groups=groups)
    elif which == "listed":
        changed = replace(said, listed=said.listed + more)
    else:
        changed = replace(said, sum_total=said.sum_total + more)
    assert broken(write(names, changed)) != []
