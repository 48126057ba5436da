"""Verdicts on hosts in words: "as declared" stands beside no finding, unless it is waived.

Findings below the gate (`fail_on`) change neither the verdict nor the exit code, so the verdict alone does not say
whether there are any.
"""

from typing import Protocol

from qtctl.findings.verdict import Conclusion
from qtctl.reports.blocks import Tone, Toned

BELOW = "below the gate"
"""A host whose findings are all below the gate, among others."""
_HEADS = {
    Conclusion.AS_DECLARED: "As declared",
    Conclusion.INCOMPLETE: "Incomplete: unknown is not a pass",
    Conclusion.NOT_AS_DECLARED: "Not as declared",
}
_WORDS = {
    Conclusion.AS_DECLARED: Toned("as declared", Tone.GOOD),
    Conclusion.INCOMPLETE: Toned("incomplete", Tone.UNKNOWN),
    Conclusion.NOT_AS_DECLARED: Toned("not as declared", Tone.BAD),
}


class Counted(Protocol):
    """The totals of one host, or of many."""

    @property
    def broken(self) -> int: ...
    @property
    def waived(self) -> int: ...


def has_only_lesser(verdict: Conclusion, totals: Counted) -> bool:
    """Whether there are findings, and all are below the gate or waived."""
    return verdict is Conclusion.AS_DECLARED and totals.broken > totals.waived


def write_head(verdict: Conclusion, totals: Counted) -> str:
    """As the beginning of a report."""
    return "Only findings below the gate" if has_only_lesser(verdict, totals) else _HEADS[verdict]


def write_word(verdict: Conclusion, totals: Counted) -> Toned:
    """In a row of a table."""
    return Toned(BELOW, Tone.GOOD) if has_only_lesser(verdict, totals) else _WORDS[verdict]
