"""Checks counted by outcome, severity and rule; the numbers that rows must add up to."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Self

from pydantic import model_validator

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.reports.check import Check
from qtctl.reports.document import Part


class Counts(Part):
    """How many checks have each outcome."""

    holds: int
    broken: int
    unknown: int
    not_asked: int = 0

    @classmethod
    def of(cls, counted: Mapping[Outcome, int]) -> "Counts":
        return cls(**{outcome.value.replace("-", "_"): counted.get(outcome, 0) for outcome in Outcome})

    @property
    def row(self) -> tuple[int, int, int, int]:
        return self.holds, self.broken, self.unknown, self.not_asked


class Totals(Part):
    """`waived` of the broken checks have a waiver. The other tables split the same checks by severity and by rule.

    `not_asked`: checks that need root, if the registry does not ask for root's view.
    """

    total: int
    holds: int
    broken: int
    unknown: int
    not_asked: int = 0
    waived: int
    by_severity: dict[Severity, Counts]
    by_rule: dict[str, Counts]

    @classmethod
    def of(cls, checks: Iterable[Check | Finding]) -> "Totals":
        by_severity: dict[Severity, Counter[Outcome]] = {severity: Counter() for severity in reversed(Severity)}
        by_rule: dict[str, Counter[Outcome]] = {}
        waived = 0
        for check in checks:
            by_severity[check.severity][check.outcome] += 1
            by_rule.setdefault(check.id, Counter())[check.outcome] += 1
            waived += check.outcome is Outcome.BROKEN and check.waiver is not None
        counted: Counter[Outcome] = sum(by_severity.values(), Counter())
        counts = Counts.of(counted)
        return cls(
            total=counted.total(),
            holds=counts.holds,
            broken=counts.broken,
            unknown=counts.unknown,
            not_asked=counts.not_asked,
            waived=waived,
            by_severity={severity: Counts.of(each) for severity, each in by_severity.items()},
            by_rule={rule: Counts.of(each) for rule, each in sorted(by_rule.items())},
        )

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        """However the checks are split, each table has all of them."""
        own = (self.holds, self.broken, self.unknown, self.not_asked)
        for split in (self.by_severity.values(), self.by_rule.values()):
            if tuple(map(sum, zip(*(counts.row for counts in split), strict=True))) not in {own, ()}:
                raise ValueError("the tables of the totals do not add up to them")
        if self.total != sum(own) or self.waived > self.broken or (self.total and not self.by_rule):
            raise ValueError("the totals do not add up")
        return self


Held = dict[Severity, dict[str, tuple[str, ...]]]
"""Severity → rule → the subjects for which it holds."""


def list_held(checks: Iterable[Check | Finding]) -> Held:
    found: dict[Severity, dict[str, list[str]]] = {}
    for check in checks:
        if check.outcome is Outcome.HOLDS:
            found.setdefault(check.severity, {}).setdefault(check.id, []).append(check.subject)
    return {
        severity: {rule: tuple(subjects) for rule, subjects in sorted(found[severity].items())}
        for severity in reversed(Severity)
        if severity in found
    }


def is_held(held: Held, totals: Totals) -> bool:
    """Whether the subjects are as many as the totals say, severity by severity and rule by rule."""
    by_rule: Counter[str] = Counter()
    for rules in held.values():
        by_rule.update({rule: len(subjects) for rule, subjects in rules.items()})
    return all(counts.holds == by_rule[rule] for rule, counts in totals.by_rule.items()) and all(
        counts.holds == sum(map(len, held.get(severity, {}).values()))
        for severity, counts in totals.by_severity.items()
    )
