"""What a gate ran, and how each step ended; JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from pydantic import Field, model_validator

from qtctl.dialects.shell import join
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion, choose_worst, conclude
from qtctl.model.policy import GateStep
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.order import rank_check
from qtctl.reports.totals import Held, Totals, list_held
from qtctl.version import VERSION


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step, for one host or ("") for the whole registry.

    `conclusion`: as the report of its own command has it. `findings`: each at its place, with what holds. `command`:
    what shows the same by itself. `note`: what else to know; of saved evidence, when it was taken. `totals`: of all
    checks, where one finding stands for many.
    """

    step: GateStep
    host: str
    conclusion: Conclusion
    findings: tuple[Finding, ...]
    command: tuple[str, ...]
    note: str = ""
    totals: Totals | None = None


class StepRow(Part):
    step: GateStep
    host: str = Field(description="empty if the step is about the whole registry")
    conclusion: Conclusion
    note: str
    command: str = Field(description="the command that runs this step alone")
    totals: Totals
    held: Held = Field(default={}, description="subjects of the checks that hold, by severity and rule")
    condensed: bool = Field(
        default=False, description="whether one row represents all checks, because nothing is known about the host"
    )
    findings: tuple[Check, ...] = Field(description="the checks that do not hold")

    @classmethod
    def of(cls, result: StepResult) -> "StepRow":
        checks = tuple(Check.of(_say_what(each)) for each in result.findings)
        counted = Totals.of(checks)
        return cls(
            step=result.step,
            host=result.host,
            conclusion=result.conclusion,
            note=result.note,
            command=join(result.command),
            totals=result.totals or counted,
            held=list_held(checks),
            condensed=result.totals is not None and result.totals != counted,
            findings=tuple(sorted((each for each in checks if each.outcome is not Outcome.HOLDS), key=rank_check)),
        )


def _say_what(finding: Finding) -> Finding:
    """If a fault is a sentence and not a comparison, it is in what was observed."""
    compared = (finding.expected, finding.observed) != (None, None)
    return finding if compared or not finding.what else replace(finding, observed=finding.what)


class GateReport(Part):
    """One run of `qtctl gate`. Its conclusion is that of its worst step."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str = Field(description="empty if the registry has errors")
    registry: str = Field(description="the folder, as given on the command line")
    judged_at: str = Field(description="UTC, ISO 8601")
    hosts: tuple[str, ...]
    fail_on: Severity
    conclusion: Conclusion
    steps: tuple[StepRow, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        """No step is better than its findings, and the whole is no better than a step."""
        if self.conclusion is not choose_worst(each.conclusion for each in self.steps):
            raise ValueError("the conclusion does not follow from the steps")
        for each in self.steps:
            least = conclude((row for row in each.findings if row.outcome is not Outcome.NOT_ASKED), self.fail_on)
            if choose_worst((least, each.conclusion)) is not each.conclusion:
                raise ValueError(f"{each.step} {each.host} is better than its findings")
        return self


def build_report(
    results: Sequence[StepResult], *, fleet: str, registry: str, hosts: Iterable[str], gate: Severity, now: str
) -> GateReport:
    """`now`: UTC, ISO 8601."""
    return GateReport(
        qtctl_version=VERSION,
        fleet=fleet,
        registry=registry,
        judged_at=now,
        hosts=tuple(hosts),
        fail_on=gate,
        conclusion=choose_worst(each.conclusion for each in results),
        steps=tuple(map(StepRow.of, results)),
    )


def merge_findings(results: Iterable[StepResult]) -> tuple[Finding, ...]:
    """The findings of all steps. If two steps found the same, it is one finding, with the stricter severity."""
    kept: dict[tuple[str, ...], Finding] = {}
    for finding in (each for result in results for each in result.findings):
        key = (finding.id, finding.host, finding.subject, finding.fingerprint)
        if key not in kept or kept[key].waiver is not None:
            kept[key] = finding
    return tuple(kept.values())


def to_json(report: GateReport) -> str:
    return dump(report)
