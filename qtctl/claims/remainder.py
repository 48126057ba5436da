"""How many services there are, and how many are in each state: those that are in no state that a document names."""

import re
from collections.abc import Iterator, Sequence

from qtctl.claims.line_sums import state_of
from qtctl.claims.listed import list_section
from qtctl.claims.verdicts import judge
from qtctl.claims.wording import DOWN, UP, Count, find_counts
from qtctl.model.claims import ClaimKind, Judged
from qtctl.model.document import Document, Line

_UNITS = frozenset({"service", "unit", "loop"})
_FILES = re.compile(r"\bservices?\b.*\bunit files?\b|\bservice units?\b|\bunit files?\b", re.IGNORECASE)
_DISABLED = re.compile(r"^(?P<state>disabled|masked|stopped|inactive)\s+(?:services|units)\b", re.IGNORECASE)
LEAST_STATES = 3


def check_remainder(document: Document, lines: Sequence[Line]) -> Iterator[Judged]:
    """`19 unit files`, 12 running, 0 failed, 2 disabled: 5 are in no state. Only where one total and `running` are said."""
    totals: dict[int, Line] = {}
    states: dict[str, tuple[int, str]] = {}
    for line in lines:
        for count in find_counts(line.text):
            if state := _state_of(count):
                kind, word = state
                if kind in states and states[kind][0] != count.value:
                    return
                states.setdefault(kind, (count.value, word))
            elif _FILES.search(line.text[count.start : count.end + 1]) and "target" not in line.text:
                totals.setdefault(count.value, line)
    for place, section in enumerate(document.sections):
        found = _DISABLED.match(section.title)
        if found and not find_counts(section.title):
            number = len([*document.children(place)]) or list_section(document, place, frozenset({"service"})).main
            states.setdefault(DOWN[found["state"].lower()], (number, found["state"].lower()))
    if len(totals) != 1 or "up" not in states or len(states) < LEAST_STATES:
        return
    (total, line), found_sum = next(iter(totals.items())), sum(number for number, _ in states.values())
    said = ", ".join(f"{number} {word}" for number, word in states.values())
    why = f"{said}: {abs(total - found_sum)} {'are in no state' if found_sum < total else 'too many'}"
    yield judge(line, ClaimKind.SUM, "services by state", str(total), holds=found_sum == total, why=why)


def _state_of(count: Count) -> tuple[str, str] | None:
    """`0 failed units`, `12 services running`."""
    if not count.nouns & _UNITS:
        return None
    for word in (*count.qualifiers, *count.tail[:1]):
        if word in UP or word in DOWN:
            return state_of(word), word
    return None
