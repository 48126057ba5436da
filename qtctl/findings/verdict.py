"""The one function that turns findings into a verdict; qtctl/cli/exits.py says which exit code a verdict has."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from qtctl.findings.finding import Outcome, Severity


class Conclusion(StrEnum):
    """The conclusion from everything that a command judged."""

    AS_DECLARED = "as-declared"
    """No finding at or above the gate, and nothing unknown. What only root could tell may not have been asked."""
    INCOMPLETE = "incomplete"
    """No such finding, but something could not be judged, or nothing was."""
    NOT_AS_DECLARED = "not-as-declared"


class Judged(Protocol):
    """What a verdict needs of a finding, or of its row in a report."""

    @property
    def outcome(self) -> Outcome: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def waiver(self) -> str | None: ...


def fails(finding: Judged, gate: Severity) -> bool:
    """Whether it is broken, at or above the gate, and not waived."""
    return finding.outcome is Outcome.BROKEN and finding.severity.rank >= gate.rank and finding.waiver is None


def conclude(findings: Iterable[Judged], gate: Severity, *, unknown: bool = False) -> Conclusion:
    """What was not asked does not count, unless there is nothing else.

    `unknown`: something that is not a finding of its own could not be judged, or nothing was judged at all.
    """
    judged = tuple(findings)
    if any(fails(each, gate) for each in judged):
        return Conclusion.NOT_AS_DECLARED
    outcomes = {each.outcome for each in judged}
    if unknown or Outcome.UNKNOWN in outcomes or outcomes == {Outcome.NOT_ASKED}:
        return Conclusion.INCOMPLETE
    return Conclusion.AS_DECLARED


_WORST_FIRST = (Conclusion.NOT_AS_DECLARED, Conclusion.INCOMPLETE, Conclusion.AS_DECLARED)


def choose_worst(conclusions: Iterable[Conclusion]) -> Conclusion:
    """The conclusion of several together. Without any it is incomplete."""
    found = set(conclusions)
    return next((each for each in _WORST_FIRST if each in found), Conclusion.INCOMPLETE)
