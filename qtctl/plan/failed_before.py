"""Units that had failed before a deploy began: if they still fail, that is reported, but the deploy is kept."""

from collections.abc import Iterable

from qtctl.findings.finding import Finding, Outcome
from qtctl.meaning.units import Condition, LoopLimits, find_condition
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence
from qtctl.model.facts import Facts, Unit
from qtctl.model.plan import Step, StepKind

_STARTS = frozenset({StepKind.START, StepKind.RESTART, StepKind.RESET_FAILED})
_FAILED = frozenset({Condition.FAILED, Condition.GAVE_UP, Condition.LOOPING})
_STANDS_STILL = frozenset({"QT215", "QT226", "QT233"})
"""Findings that an active unit does nothing: it is frozen or stopped, or a timer has no next run."""

_ABOUT_RUNNING = frozenset({"QT204", "QT205", "QT206", "QT219"}) | _STANDS_STILL
"""Findings that a unit failed, and their consequences. A missing file is not among them."""


def list_failed(desired: Desired, evidence: Evidence, outstanding: Iterable[Finding]) -> frozenset[str]:
    """Declared units that failed, are in a restart loop, or stand still. `outstanding`: findings of the same look."""
    facts, limits = Facts.of(evidence), LoopLimits.of(desired, evidence.taken_at)
    failed = (each.unit for each in desired.units() if _has_failed(facts, each.unit, limits))
    still = (each.subject for each in outstanding if each.id in _STANDS_STILL and each.outcome is Outcome.BROKEN)
    return frozenset((*failed, *still))


def _has_failed(facts: Facts, name: str, limits: LoopLimits) -> bool:
    unit = facts.find(Unit, name)
    return unit is not None and find_condition(unit, limits) in _FAILED


def find_excused(outstanding: Iterable[Finding], failed_before: frozenset[str]) -> frozenset[str]:
    """Fingerprints of the findings that say these units do not run, and of findings caused by that."""
    rest = list(outstanding)
    excused = {each.fingerprint for each in rest if each.id in _ABOUT_RUNNING and each.subject in failed_before}
    while more := {each.fingerprint for each in rest if each.cause in excused} - excused:
        excused |= more
    return frozenset(excused)


def is_excused(step: Step, failed_before: frozenset[str]) -> bool:
    """Whether it may fail: the start of a unit that had failed before."""
    return step.kind in _STARTS and step.subject in failed_before
