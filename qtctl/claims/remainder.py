"""Whether a document counts more services than it counts in all states together."""

import re
from collections.abc import Iterator, Sequence

from qtctl.claims.listed import list_section
from qtctl.claims.states import find_state
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import DOWN, UP, Count, find_counts
from qtctl.dialects.document.types import Document, Line
from qtctl.model.claims import ClaimKind, Judged

_UNITS = split_words("service unit loop")
_FILES = re.compile(r"\bservices?\b.*\bunit files?\b|\bservice units?\b|\bunit files?\b", re.IGNORECASE)
_DISABLED = re.compile(r"^(?P<state>disabled|masked|stopped|inactive)\s+(?:services|units)\b", re.IGNORECASE)
LEAST_STATES = 3
States = dict[str, tuple[int, str]]
"""State in the form that is compared → how many services are in it, and the document's word for it."""


def check_remainder(document: Document, lines: Sequence[Line]) -> Iterator[Judged]:
    """`19 unit files`, 12 running, 0 failed, 2 disabled: 5 are in no state.

    Checked only if the document has one total, one number for each state, and says how many run.
    """
    totals: dict[int, Line] = {}
    states: States = {}
    for line in lines:
        for count in find_counts(line.text):
            if state := _find_state(count):
                kind, word = state
                if kind in states and states[kind][0] != count.value:
                    return
                states.setdefault(kind, (count.value, word))
            elif _FILES.search(line.text[count.start : count.end + 1]) and "target" not in line.text:
                totals.setdefault(count.value, line)
    _add_titled(document, states)
    if len(totals) != 1 or "up" not in states or len(states) < LEAST_STATES:
        return
    (total, line), found_sum = next(iter(totals.items())), sum(number for number, _ in states.values())
    said = ", ".join(f"{number} {word}" for number, word in states.values())
    why = f"{said}: {abs(total - found_sum)} {'are in no state' if found_sum < total else 'too many'}"
    yield judge(line, ClaimKind.SUM, "services by state", str(total), holds=found_sum == total, why=why)


def _add_titled(document: Document, states: States) -> None:
    """Count the subsections of a title such as `Disabled services`: one for each service."""
    for place, section in enumerate(document.sections):
        found = _DISABLED.match(section.title)
        if found and not find_counts(section.title):
            number = len([*document.list_children(place)]) or list_section(document, place, split_words("service")).main
            states.setdefault(DOWN[found["state"].lower()], (number, found["state"].lower()))


def _find_state(count: Count) -> tuple[str, str] | None:
    """The state that units are counted in: `0 failed units`, `12 services running`."""
    if not count.nouns & _UNITS:
        return None
    for word in (*count.qualifiers, *count.tail[:1]):
        if word in UP or word in DOWN:
            return find_state(word), word
    return None
