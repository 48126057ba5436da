"""The report of a plan, as JSON: what a deploy would do to a host, and enough to hold a later deploy to it."""

from enum import StrEnum
from typing import Self

from pydantic import Field, ValidationError, model_validator

from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.errors import InputError, Place
from qtctl.model.plan import Choices, Dragged, Effect, NoteKind, Plan, PlannedBefore, Step, StepKind
from qtctl.plan.agreed import digest_step, plan_digest
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION

ENV = "env"


class PlanConclusion(StrEnum):
    NOTHING = "nothing-to-do"
    CHANGES = "changes"
    UNKNOWN = "unknown"
    """Something could not be read, so that no plan could be made."""
    REFUSED = "refused"


class PlanDrag(Part):
    """A unit that systemd stops, restarts or starts along with the step's."""

    unit: str
    effect: Effect
    by: str = Field(description="the dependency that causes it")
    declared: bool = Field(description="whether qtctl writes the unit")


class PlanFile(Part):
    """The file that a write puts in place."""

    mode: str
    owner: str
    group: str
    sha256: str | None = Field(description="null for env files")


class PlanStep(Part):
    kind: StepKind
    subject: str = Field(description="a unit, or the path of a file")
    why: str
    seen: str | None = Field(description="the state on which the step is based; null for env files")
    file: PlanFile | None
    target: str | None = Field(default=None, description="for a link: the folder that it will point to")
    drags: tuple[PlanDrag, ...]
    change: ChangeClass | None = Field(
        description="for a write: what a running unit needs for it to take effect; null for other steps"
    )
    diff: str | None = Field(description="diff of a unit file, without values of variables")
    key: str = Field(description="keyed digest of the whole step, which a deploy of this plan compares")


class PlanRefusal(Part):
    """What blocks a deploy."""

    subject: str
    reason: str
    hint: str
    unknown: bool


class PlanNote(Part):
    """What to know before agreeing to the plan, besides its steps."""

    kind: NoteKind
    subject: str
    text: str


class PlanChoices(Part):
    """The options with which it was made."""

    take_over: bool
    prune: bool
    cut_over: bool = Field(False, description="whether containers of compose services that units replace are stopped")


class PlanReport(Part):
    """What a deploy would do to one host. Steps are in the order in which they would run."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    host: str
    address: str
    registry: str = Field(description="digest of everything that the registry declares for the host")
    machine: str = Field(description="keyed digest of the host's machine id; empty if the host did not say")
    nonce: str = Field(description="random number from which the keys of the steps are made; new for each plan")
    digest: str = Field(description="digest of the steps, as in the audit trail of a deploy")
    choices: PlanChoices
    conclusion: PlanConclusion
    exit_code: int
    refusals: tuple[PlanRefusal, ...]
    steps: tuple[PlanStep, ...]
    notes: tuple[PlanNote, ...]

    @model_validator(mode="after")
    def fits_its_conclusion(self) -> Self:
        """A refused plan has no steps; changes have steps."""
        if bool(self.steps) != (self.conclusion is PlanConclusion.CHANGES):
            raise ValueError("steps and conclusion do not fit")
        if bool(self.refusals) != (self.conclusion in (PlanConclusion.REFUSED, PlanConclusion.UNKNOWN)):
            raise ValueError("refusals and conclusion do not fit")
        return self

    def make_agreed(self) -> PlannedBefore:
        keys = tuple((f"{step.kind.value} {step.subject}", step.key) for step in self.steps)
        return PlannedBefore(keys, self.nonce, self.machine)


def conclude_plan(plan: Plan) -> PlanConclusion:
    if plan.refusals:
        unknown = all(each.unknown for each in plan.refusals)
        return PlanConclusion.UNKNOWN if unknown else PlanConclusion.REFUSED
    return PlanConclusion.CHANGES if plan.steps else PlanConclusion.NOTHING


def build_report(
    plan: Plan, choices: Choices, *, fleet: str, address: str, registry: str, nonce: str, exit_code: int
) -> PlanReport:
    """`address`: the host as it was asked for. `registry`: `meaning.registry_digest`."""
    return PlanReport(
        qtctl_version=VERSION,
        fleet=fleet,
        host=plan.host,
        address=address,
        registry=registry,
        machine=plan.machine,
        nonce=nonce,
        digest=plan_digest(plan),
        choices=PlanChoices(take_over=choices.take_over, prune=choices.prune, cut_over=choices.cut_over),
        conclusion=conclude_plan(plan),
        exit_code=exit_code,
        refusals=make_refusals(plan),
        steps=tuple(make_step(step, nonce) for step in plan.steps),
        notes=make_notes(plan),
    )


def make_refusals(plan: Plan) -> tuple[PlanRefusal, ...]:
    return tuple(
        PlanRefusal(subject=each.subject, reason=each.reason, hint=each.hint, unknown=each.unknown)
        for each in plan.refusals
    )


def make_notes(plan: Plan) -> tuple[PlanNote, ...]:
    return tuple(PlanNote(kind=each.kind, subject=each.subject, text=each.text) for each in plan.notes)


def make_step(step: Step, nonce: str) -> PlanStep:
    file, env = step.file, step.file is not None and step.file.kind == ENV
    return PlanStep(
        kind=step.kind,
        subject=step.subject,
        why=step.reason,
        seen=None if env else step.seen,
        file=PlanFile(mode=file.mode, owner=file.owner, group=file.group, sha256=None if env else file.sha256)
        if file
        else None,
        target=step.target or None,
        drags=tuple(map(_make_drag, step.drags)),
        change=step.change,
        diff=step.diff or None,
        key=digest_step(step, nonce),
    )


def _make_drag(each: Dragged) -> PlanDrag:
    return PlanDrag(unit=each.unit, effect=each.effect, by=each.by, declared=each.declared)


def to_json(report: PlanReport) -> str:
    return dump(report)


def read(text: str, path: str) -> PlanReport:
    """Read a saved plan. InputError if it is not a plan, or of a version that this one cannot read."""
    try:
        report = PlanReport.model_validate_json(text)
    except ValidationError as error:
        hint = "qtctl plan --host HOST --out FILE writes one"
        raise make_invalid(error, "not a plan of qtctl", hint, path) from error
    check_version("a plan", report.schema_version, report.qtctl_version, path)
    return report


def make_invalid(error: ValidationError, what: str, hint: str, path: str) -> InputError:
    """The error for a document that is not what it should be: with the first key that is wrong."""
    first = error.errors()[0]
    at = ".".join(str(each) for each in first["loc"])
    return InputError(f"{what}: {at + ': ' if at else ''}{first['msg']}", hint=hint, place=Place(path))


def check_version(what: str, schema_version: int, qtctl_version: str, path: str) -> None:
    """InputError if a saved document was written by another version. `what`: what it is, in words."""
    if (schema_version, qtctl_version) != (SCHEMA_VERSION, VERSION):
        said = f"{what} of qtctl {qtctl_version}, and this is {VERSION}"
        raise InputError(said, hint="plan again with this version", place=Place(path))
