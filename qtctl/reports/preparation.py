"""What `qtctl host prepare` does to a host, or would do: JSON."""

from pydantic import Field

from qtctl.model.preparation import PrepareAction, PreparePlan, PrepareStep
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION


class PreparationStep(Part):
    action: PrepareAction
    kind: str = Field(description="file or account")
    subject: str = Field(description="the path of a file, or the name of an account")
    why: str
    mode: str | None = Field(description="mode of a file, in four octal digits; root owns the file")
    diff: str | None = Field(description="diff of the rules or of sudoers; the helper itself is too long to show")


class PreparationReport(Part):
    """What is missing on a host, and whether it was installed."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    host: str
    address: str
    helper: str = Field(description="the version of the helper that this qtctl needs")
    applied: bool = Field(description="whether the changes were made")
    changes: int
    steps: tuple[PreparationStep, ...]
    refusals: tuple[str, ...] = Field(description="obstacles; if there are any, nothing is done")


def build_report(plan: PreparePlan, *, address: str, helper: str, applied: bool) -> PreparationReport:
    """`address`: the host as it was asked for."""
    return PreparationReport(
        qtctl_version=VERSION,
        fleet=plan.fleet,
        host=plan.host,
        address=address,
        helper=helper,
        applied=applied,
        changes=len(plan.changes),
        steps=tuple(map(_make_step, plan.steps)),
        refusals=plan.refusals,
    )


def _make_step(step: PrepareStep) -> PreparationStep:
    return PreparationStep(
        action=step.action,
        kind=step.kind,
        subject=step.subject,
        why=step.why,
        mode=step.file.mode if step.file else None,
        diff=step.diff or None,
    )


def to_json(report: PreparationReport) -> str:
    return dump(report)
