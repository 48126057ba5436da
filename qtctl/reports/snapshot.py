"""A snapshot, the list of a store's snapshots, and how its chain was judged; JSON."""

from collections.abc import Iterable, Sequence

from pydantic import Field

from qtctl.findings.finding import Finding, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.model.snapshot import RowKind, Scalar, Snapshot
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.totals import Held, Totals, list_held
from qtctl.version import VERSION


class SnapshotRow(Part):
    """The head of a snapshot, and how many rows of each kind it has."""

    where: str = Field(description="its path, or its key and id in Redis")
    host: str
    fleet: str
    address: str
    number: int
    digest: str
    previous: str = Field(description="digest of the previous one; empty for the first")
    taken_at: str = Field(description="UTC, ISO 8601")
    by: str
    signed: bool
    bytes: int
    qtctl_version: str = Field(description="version of qtctl that took it")
    registry: str = Field(description="digest of what was declared")
    commit: str
    checks: dict[str, int] = Field(description="checks of its audit, by outcome")
    counts: dict[RowKind, int]


class SnapshotReport(Part):
    """One snapshot. `rows`: by kind and name."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    snapshot: SnapshotRow
    pruned: tuple[str, ...] = Field(description="the snapshots that retention removed")
    rows: dict[RowKind, dict[str, dict[str, Scalar]]]


class SnapshotsReport(Part):
    """A store's snapshots, by host and number. `damaged`: those that cannot be read; `snapshot verify` says more."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    store: str
    snapshots: tuple[SnapshotRow, ...]
    damaged: tuple[str, ...]


class SnapshotCheckReport(Part):
    """The verdict on the chains of a store."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    store: str
    generated_at: str
    hosts: dict[str, int] = Field(description="host → number of snapshots that could be read")
    gate: Severity
    conclusion: Conclusion
    totals: Totals
    held: Held = Field(default={}, description="what holds, by severity and rule")
    findings: tuple[Check, ...] = Field(description="what does not hold")


def build_row(snapshot: Snapshot, where: str, size: int) -> SnapshotRow:
    head = snapshot.head
    return SnapshotRow(
        where=where, host=head.host, fleet=head.fleet, address=head.address, number=head.number, digest=snapshot.digest,
        previous=head.previous, taken_at=head.taken_at, by=head.by, signed=head.signed, bytes=size,
        qtctl_version=head.qtctl_version, registry=head.registry, commit=head.commit, checks=dict(head.checks),
        counts={kind: len(snapshot.inventory.of(kind)) for kind in RowKind if kind in snapshot.inventory.covers},
    )  # fmt: skip


def build_report(snapshot: Snapshot, where: str, size: int, pruned: Sequence[str] = ()) -> SnapshotReport:
    rows = {kind: {name: dict(row) for name, row in each.items()} for kind, each in snapshot.inventory.rows.items()}
    return SnapshotReport(
        qtctl_version=VERSION, snapshot=build_row(snapshot, where, size), pruned=tuple(pruned), rows=rows
    )


def build_list(store: str, rows: Iterable[SnapshotRow], damaged: Iterable[str]) -> SnapshotsReport:
    return SnapshotsReport(qtctl_version=VERSION, store=store, snapshots=tuple(rows), damaged=tuple(damaged))


def build_check(
    store: str, hosts: dict[str, int], findings: Sequence[Finding], gate: Severity, now: str
) -> SnapshotCheckReport:
    """A store without any snapshot is incomplete: nothing was judged."""
    checks = tuple(map(Check.of, findings))
    return SnapshotCheckReport(
        qtctl_version=VERSION,
        store=store,
        generated_at=now,
        hosts=hosts,
        gate=gate,
        conclusion=conclude(findings, gate, unknown=not findings),
        totals=Totals.of(checks),
        held=list_held(checks),
        findings=tuple(each for each in checks if each.outcome.value != "holds"),
    )


def to_json(report: SnapshotReport | SnapshotsReport | SnapshotCheckReport) -> str:
    return dump(report)
