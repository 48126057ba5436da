"""Rows for what a registry declares for a host and a module registry lacks: flows, limits, generated files."""

import hashlib
from collections.abc import Collection, Iterable

from qtctl.dialects.systemd.unit_name import strip_type
from qtctl.findings.finding import Finding, Outcome
from qtctl.history.masking import holds_secret
from qtctl.model.desired import Desired
from qtctl.model.snapshot import Row, RowKind, Rows

WITHHELD = "withheld: it may hold a secret"
"""In place of the digest of a file."""
NOBODY = "nobody"


def list_declared(desired: Desired, secrets: Collection[str]) -> dict[RowKind, Rows]:
    """`secrets`: literals that the registry contains, although it should not."""
    return {
        RowKind.FLOW: _make_flow_rows(desired),
        RowKind.LIMIT: _make_limit_rows(desired),
        RowKind.FILE: _make_file_rows(desired, secrets),
    }


def _make_flow_rows(desired: Desired) -> Rows:
    """Every way that an entry can take; a stream that nobody writes or reads has a single end, which says so."""
    names = {each.name: strip_type(each.unit) for each in desired.services}
    readers: dict[tuple[str, str], list[tuple[str, str]]] = {}
    writers: dict[tuple[str, str], list[str]] = {}
    for service in desired.services:
        for each in service.consumes:
            readers.setdefault((each.store, each.stream), []).append((names[service.name], each.group))
        for stream in service.publishes:
            writers.setdefault((service.store, stream), []).append(names[service.name])
    found: dict[str, Row] = {}
    for store, stream in sorted(readers.keys() | writers.keys()):
        for writer in writers.get((store, stream), [NOBODY]):
            for reader, group in readers.get((store, stream), [(NOBODY, "")]):
                row = {"from": writer, "stream": stream, "to": reader, "store": store}
                found[f"{writer} → {stream} → {reader}"] = {**row, "group": group} if group else row
    return found


def _make_limit_rows(desired: Desired) -> Rows:
    return {
        f"{strip_type(service.unit)} {directive}": {"value": value, "service": strip_type(service.unit)}
        for service in desired.services
        for directive, value in (*service.limits, *service.restart, *service.start_limit)
    }


def _make_file_rows(desired: Desired, secrets: Collection[str]) -> Rows:
    return {
        each.path: {
            "sha256": WITHHELD if holds_secret(each.content, secrets) else hashlib.sha256(each.content).hexdigest(),
            "mode": each.mode,
            "owner": f"{each.owner}:{each.group}",
            "kind": each.kind,
        }
        for each in desired.files
    }


def list_findings(findings: Iterable[Finding]) -> Rows:
    """What is broken, and what could not be judged: a finding that is not seen any more need not be fixed."""
    found: dict[str, Row] = {}
    for each in findings:
        if each.outcome in (Outcome.BROKEN, Outcome.UNKNOWN):
            row = {"severity": each.severity.value, "outcome": each.outcome.value, "title": each.title}
            waived = {"waived": True} if each.waiver is not None else {}
            found[f"{each.id} {each.subject}"] = {**row, **waived}
    return found
