"""The report of the plans of several hosts, as JSON: plans that read the same once, with the hosts that share them."""

import json
from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import Field, ValidationError, model_validator

from qtctl.model.plan import Choices, Plan, PlannedBefore
from qtctl.plan.agreed import digest_step, plan_digest
from qtctl.plan.alike import differ_inside, group_alike
from qtctl.plan.outcome import Reason
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.plan import (
    PlanChoices,
    PlanConclusion,
    PlanNote,
    PlanRefusal,
    PlanStep,
    check_version,
    conclude_plan,
    make_invalid,
    make_notes,
    make_refusals,
    make_step,
)
from qtctl.version import VERSION


class PlannedHost(Part):
    """One host: which plan it has, or why it has none."""

    host: str
    address: str
    registry: str = Field(description="digest of all that the registry declares for the host")
    machine: str = Field(description="keyed digest of the host's machine id; empty: the host did not say")
    conclusion: PlanConclusion
    plan: str | None = Field(description="digest of its plan in `plans`; null: it could not be planned")
    digest: str | None = Field(description="of its steps, as the audit trail of a deploy has it")
    keys: tuple[str, ...] = Field(description="for each step of its plan a keyed digest: a deploy compares them")
    error: str | None = Field(description="why it could not be planned")
    hint: str


class SharedPlan(Part):
    """A plan, and the hosts for which it reads the same. `steps` are those of its first host."""

    digest: str
    hosts: tuple[str, ...] = Field(min_length=1)
    contents_differ: bool = Field(description="whether files that are not shown get different contents on these hosts")
    conclusion: PlanConclusion
    refusals: tuple[PlanRefusal, ...]
    steps: tuple[PlanStep, ...]
    notes: tuple[PlanNote, ...]


class FleetPlanReport(Part):
    """What a deploy would do to several hosts, in the order in which they were selected."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    nonce: str = Field(description="what the keys of the steps are made with; new for each document")
    choices: PlanChoices
    exit_code: int
    batches: tuple[tuple[str, ...], ...] = Field(description="hosts with changes, in the batches of a deploy")
    hosts: tuple[PlannedHost, ...] = Field(min_length=1)
    plans: tuple[SharedPlan, ...]

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        """Every planned host is in exactly one plan, and every host with changes in one batch."""
        planned = sorted((each.plan, each.address) for each in self.hosts if each.plan is not None)
        if planned != sorted((plan.digest, host) for plan in self.plans for host in plan.hosts):
            raise ValueError("hosts and plans do not fit")
        changing = sorted(each.address for each in self.hosts if each.conclusion is PlanConclusion.CHANGES)
        if sorted(host for batch in self.batches for host in batch) != changing:
            raise ValueError("hosts with changes and batches do not fit")
        return self

    def find(self, address: str) -> PlannedHost | None:
        return next((each for each in self.hosts if each.address == address), None)

    def make_choices(self, found: PlannedHost) -> Choices:
        """The choices that hold a deploy to the plan of this host."""
        given = self.choices
        steps = next((plan.steps for plan in self.plans if plan.digest == found.plan), ())
        labels = (f"{step.kind.value} {step.subject}" for step in steps)
        expected = PlannedBefore(tuple(zip(labels, found.keys, strict=True)), self.nonce, found.machine)
        return Choices(given.take_over, given.prune, expected, given.cut_over)


def build_report(
    plans: Mapping[str, Plan | Reason],
    choices: Choices,
    batches: Sequence[Sequence[str]],
    *,
    fleet: str,
    hosts: Mapping[str, str],
    registries: Mapping[str, str],
    nonce: str,
    exit_code: int,
) -> FleetPlanReport:
    """`plans`: by address, the plan or why there is none. `hosts`: address → host of the registry; `registries`:
    address → `meaning.registry_digest`.
    """
    made = {address: each for address, each in plans.items() if isinstance(each, Plan)}
    groups = group_alike(made)
    digests = {address: digest for digest, members in groups.items() for address in members}
    return FleetPlanReport(
        qtctl_version=VERSION,
        fleet=fleet,
        nonce=nonce,
        choices=PlanChoices(take_over=choices.take_over, prune=choices.prune, cut_over=choices.cut_over),
        exit_code=exit_code,
        batches=tuple(map(tuple, batches)),
        hosts=tuple(
            _make_host(
                each,
                nonce,
                address=address,
                host=hosts[address],
                registry=registries[address],
                digest=digests.get(address),
            )
            for address, each in plans.items()
        ),
        plans=tuple(_make_shared(digest, members, made, nonce) for digest, members in groups.items()),
    )


def _make_host(
    found: Plan | Reason, nonce: str, *, address: str, host: str, registry: str, digest: str | None
) -> PlannedHost:
    plan = found if isinstance(found, Plan) else None
    reason = found if isinstance(found, Reason) else None
    return PlannedHost(
        host=host,
        address=address,
        registry=registry,
        machine=plan.machine if plan else "",
        conclusion=conclude_plan(plan) if plan else PlanConclusion.UNKNOWN,
        plan=digest,
        digest=plan_digest(plan) if plan else None,
        keys=tuple(digest_step(step, nonce) for step in plan.steps) if plan else (),
        error=reason.what if reason else None,
        hint=reason.hint if reason else "",
    )


def _make_shared(digest: str, members: Sequence[str], plans: Mapping[str, Plan], nonce: str) -> SharedPlan:
    first = plans[members[0]]
    return SharedPlan(
        digest=digest,
        hosts=tuple(members),
        contents_differ=differ_inside([plans[each] for each in members]),
        conclusion=conclude_plan(first),
        refusals=make_refusals(first),
        steps=tuple(make_step(step, nonce) for step in first.steps),
        notes=make_notes(first),
    )


def to_json(report: FleetPlanReport) -> str:
    return dump(report)


def read(text: str, path: str) -> FleetPlanReport:
    """Read saved plans of several hosts. InputError if they are none, or of a version that this one cannot read."""
    try:
        report = FleetPlanReport.model_validate_json(text)
    except ValidationError as error:
        hint = "qtctl plan --tag TAG --out FILE writes them"
        raise make_invalid(error, "not the plans of several hosts", hint, path) from error
    check_version("plans", report.schema_version, report.qtctl_version, path)
    return report


def is_of_fleet(text: str) -> bool:
    """Whether a saved document is meant to be the plans of several hosts."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "plans" in document
