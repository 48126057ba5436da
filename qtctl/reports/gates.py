"""Quality gates and observations: both computed, from the checks and from the modules; none is entered by hand."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Self

from qtctl.findings.finding import Outcome, Severity
from qtctl.findings.verdict import fails
from qtctl.reports.categories import Category
from qtctl.reports.check import Check
from qtctl.reports.document import Part
from qtctl.reports.modules_model import Module
from qtctl.reports.order import nest_by_cause
from qtctl.reports.phrases import format_json

FAMILIES = (
    ("units are as declared", "QT2"),
    ("ports are as declared", "QT3"),
    ("venvs and code are as declared", "QT4"),
    ("streams, groups and keys are as declared", "QT5"),
    ("env files are as declared", "QT6"),
    ("the host answers, and is as declared", "QT7"),
)


class GateOutcome(StrEnum):
    """NONE: the registry declares nothing for the gate to count. Missing answers make it UNKNOWN."""

    PASS = "pass"  # noqa: S105 - an outcome
    FAIL = "fail"
    UNKNOWN = "unknown"
    NONE = "none"


class Gate(Part):
    """`passed` + `failed` + `unknown` are all the checks that the gate counts.

    A waived finding, or one below the fleet's `fail_on`, counts as passed: it is among the observations. Checks that
    need root are not counted.
    """

    name: str
    outcome: GateOutcome
    passed: int
    failed: int
    unknown: int

    @classmethod
    def of(cls, name: str, outcomes: Iterable[GateOutcome], of_nothing: GateOutcome = GateOutcome.UNKNOWN) -> "Gate":
        """`of_nothing`: the outcome if there was nothing to look at."""
        every = list(outcomes)
        judged = (GateOutcome.PASS, GateOutcome.FAIL, GateOutcome.UNKNOWN)
        passed, failed, unknown = (every.count(outcome) for outcome in judged)
        found = next((each for each in (GateOutcome.FAIL, GateOutcome.UNKNOWN) if each in every), GateOutcome.PASS)
        return cls(
            name=name,
            outcome=found if every else of_nothing,
            passed=passed,
            failed=failed,
            unknown=unknown,
        )


class Judged(Part):
    """The checks that the gates count: rule → subjects. Checks that need root are not among them."""

    passed: dict[str, tuple[str, ...]]
    failed: dict[str, tuple[str, ...]]
    unknown: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, checks: Iterable[Check], fail_on: Severity) -> Self:
        found: dict[GateOutcome, dict[str, list[str]]] = {outcome: {} for outcome in GateOutcome}
        for check in checks:
            if check.outcome is not Outcome.NOT_ASKED:
                found[judge_check(check, fail_on)].setdefault(check.id, []).append(check.subject)
        passed, failed, unknown = (
            {rule: tuple(subjects) for rule, subjects in sorted(found[outcome].items())}
            for outcome in (GateOutcome.PASS, GateOutcome.FAIL, GateOutcome.UNKNOWN)
        )
        return cls(passed=passed, failed=failed, unknown=unknown)


def judge_gates(checks: Sequence[Check], modules: Sequence[Module], fail_on: Severity) -> tuple[Gate, ...]:
    undeclared = GateOutcome.NONE if checks else GateOutcome.UNKNOWN
    asked = [check for check in checks if check.outcome is not Outcome.NOT_ASKED]
    by_family = (
        Gate.of(name, (judge_check(check, fail_on) for check in asked if check.id.startswith(family)), undeclared)
        for name, family in FAMILIES
    )
    return (
        Gate.of("every module is classified", (judge_category(module) for module in modules)),
        Gate.of("every running service has its code", judge_running_code(modules)),
        *by_family,
        Gate.of("everything that was to be judged could be", (judge_answer(check) for check in asked)),
    )


def judge_check(check: Check, fail_on: Severity) -> GateOutcome:
    if check.outcome is Outcome.UNKNOWN:
        return GateOutcome.UNKNOWN
    return GateOutcome.FAIL if fails(check, fail_on) else GateOutcome.PASS


def judge_category(module: Module) -> GateOutcome:
    return GateOutcome.UNKNOWN if module.category is Category.UNKNOWN else GateOutcome.PASS


def judge_running_code(modules: Iterable[Module]) -> Iterator[GateOutcome]:
    outcomes = {True: GateOutcome.PASS, False: GateOutcome.FAIL, None: GateOutcome.UNKNOWN}
    return (outcomes[module.code.has_code] for module in modules if module.declared == "running")


def judge_answer(check: Check) -> GateOutcome:
    return GateOutcome.UNKNOWN if check.outcome is Outcome.UNKNOWN else GateOutcome.PASS


def list_observations(checks: Iterable[Check]) -> tuple[str, ...]:
    """Every finding in a sentence, causes before their consequences."""
    broken = [check for check in checks if check.outcome is Outcome.BROKEN]
    return tuple(write_sentence(depth, check) for depth, check in nest_by_cause(broken))


def write_sentence(depth: int, check: Check) -> str:
    follows = "follows from that: " if depth else ""
    waived = f" Waived: {check.waiver}." if check.waiver else ""
    remedy = f" To do: {check.remedy}." if check.remedy else ""
    return (
        f"{follows}{check.severity.value} {check.id}, {check.title}: {check.subject}. "
        f"Expected {format_json(check.expected)}; observed {format_json(check.observed)}.{remedy}{waived}"
    )
