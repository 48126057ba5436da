"""The report of a rollout: what became of each host, and its deploy; JSON."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from qtctl.dialects.secrets import mask_message
from qtctl.model.rollout import HostEnd, OnFailure
from qtctl.plan.outcome import DeployOutcome, Reason, ReasonKind
from qtctl.reports.deploy import DeployReport
from qtctl.reports.deploy import build_report as build_deploy_report
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION


@dataclass(frozen=True, slots=True)
class RolledHost:
    """What a rollout made of one host. `batch`: 0 if it was in none. `exit_code`: as of a deploy of it alone."""

    host: str
    address: str
    batch: int
    end: HostEnd
    exit_code: int
    reason: Reason | None = None
    deploy: DeployOutcome | None = None
    rollback: DeployOutcome | None = None


class RolloutTotals(Part):
    """How many hosts ended in which way."""

    hosts: int
    unchanged: int
    deployed: int
    rolled_back: int
    restored: int
    failed: int
    refused: int
    interrupted: int
    left_out: int
    not_reached: int

    @classmethod
    def of(cls, ends: Iterable[HostEnd]) -> Self:
        counts = Counter(ends)
        by_name = {end.name.lower(): counts[end] for end in HostEnd}
        return cls(hosts=counts.total(), **by_name)


class RolloutReason(Part):
    kind: ReasonKind
    what: str
    hint: str


class RolloutHost(Part):
    """One host. `deploy` and `rollback` are the documents of its own deploys."""

    host: str
    address: str
    batch: int = Field(description="from 1; 0: it was in no batch")
    end: HostEnd
    exit_code: int
    reason: RolloutReason | None = Field(description="why it was not deployed, or not rolled back")
    deploy: DeployReport | None
    rollback: DeployReport | None


class RolloutReport(Part):
    """One deploy of several hosts, in the order in which they have their turn."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    rollout: str = Field(description="its name in the audit trail of each host; empty: no host was begun")
    on_failure: OnFailure
    interrupted: bool
    exit_code: int
    batches: tuple[tuple[str, ...], ...] = Field(description="addresses of the hosts of each batch")
    totals: RolloutTotals
    hosts: tuple[RolloutHost, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        if self.totals != RolloutTotals.of(each.end for each in self.hosts):
            raise ValueError("the hosts do not add up to the totals")
        for number, batch in enumerate(self.batches, 1):
            if sorted(batch) != sorted(each.address for each in self.hosts if each.batch == number):
                raise ValueError("hosts and batches do not fit")
        return self


def build_report(
    hosts: Sequence[RolledHost],
    batches: Sequence[Sequence[str]],
    *,
    fleet: str,
    rollout: str,
    on_failure: OnFailure,
    interrupted: bool,
    exit_code: int,
) -> RolloutReport:
    return RolloutReport(
        qtctl_version=VERSION,
        fleet=fleet,
        rollout=rollout,
        on_failure=on_failure,
        interrupted=interrupted,
        exit_code=exit_code,
        batches=tuple(map(tuple, batches)),
        totals=RolloutTotals.of(each.end for each in hosts),
        hosts=tuple(_make_host(each, fleet) for each in hosts),
    )


def _make_host(each: RolledHost, fleet: str) -> RolloutHost:
    def report(outcome: DeployOutcome | None) -> DeployReport | None:
        if outcome is None:
            return None
        return build_deploy_report(outcome, fleet=fleet, address=each.address, exit_code=each.exit_code)

    reason = each.reason
    return RolloutHost(
        host=each.host,
        address=each.address,
        batch=each.batch,
        end=each.end,
        exit_code=each.exit_code,
        reason=RolloutReason(kind=reason.kind, what=mask_message(reason.what), hint=reason.hint) if reason else None,
        deploy=report(each.deploy),
        rollback=report(each.rollback),
    )


def to_json(report: RolloutReport) -> str:
    return dump(report)
