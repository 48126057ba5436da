"""Words for states, as labels, counts and cells of a table have them."""

import re

from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import DOWN, GENERIC, UP, list_words

_GOOD = UP | split_words("pass passing success succeeded successful done serving available reachable valid green")
_BAD = {
    **DOWN, "fail": "failed", "failing": "failed", "killed": "stopped", "terminated": "stopped", "paused": "paused",
    "suspended": "paused", "unreachable": "unreachable", "unavailable": "unavailable", "critical": "critical",
    "outage": "outage", "crashing": "crashed", "crashloopbackoff": "crashed", "broken": "broken", "red": "red",
    "notready": "not ready", "invalid": "invalid", "expired": "expired", "evicted": "evicted", "open": "open",
}  # fmt: skip
_PADDING = split_words("fully currently now still all is are up-and")
_NEGATIONS = split_words("not no never isn't")
_LABELS = split_words("count number of in state total") | GENERIC | split_words("pod host node check test vm job task")
_OUTAGE = re.compile(r"\b(?:outage|unhealthy)\b", re.IGNORECASE)


def find_state(label: str) -> str:
    """The state that a label names: `up`, or one of those in `DOWN`; '' if the label says more than a state."""
    words = [each for each in list_words(label.replace("_", " ")) if each not in _LABELS]
    if len(words) == 2 and words[0] == "not" and words[1] in _GOOD:  # noqa: PLR2004 - "not ready"
        return f"not {words[1]}"
    if len(words) != 1:
        return ""
    return "up" if words[0] in _GOOD else _BAD.get(words[0], "")


def read_state(cell: str) -> str:
    """The state that a cell names first: `active (running)`, `Up 3 days`, `not ready`; '' if it names none."""
    words = [each for each in re.findall(r"[a-z][a-z'-]*", cell.lower()) if each not in _PADDING]
    if not words:
        return ""
    if words[0] in _NEGATIONS:
        return f"not {words[1]}" if len(words) > 1 and words[1] in _GOOD else ""
    if found := _OUTAGE.search(cell):
        return _BAD[found[0].lower()]
    return "up" if words[0] in _GOOD else _BAD.get(words[0], "")


def is_exhaustive(kinds: frozenset[str]) -> bool:
    """Whether something that is in none of these states cannot be: then their numbers add up to the whole."""
    if any(each.startswith("not ") for each in kinds):
        return "up" in kinds
    return {"up", "failed"} <= kinds and bool(kinds & {"stopped", "skipped"})
