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
    mode: str | None = Field(description="of a file: four octal digits; it belongs to root")
    diff: str | None = Field(description="of the rules and of sudoers; the helper itself is too long to be shown")


class PreparationReport(Part):
    """What is there, and what was done about it or would be done."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    host: str
    address: str
    helper: str = Field(description="the version of the helper that this qtctl needs")
    applied: bool = Field(description="whether the changes were made")
    changes: int
    steps: tuple[PreparationStep, ...]
    refusals: tuple[str, ...] = Field(description="what is in the way: nothing is done then")


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
