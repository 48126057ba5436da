"""Metrics of hosts for Prometheus, alert rules and a dashboard; from saved evidence, or from results of an audit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from qtctl.adapters.files import read_text
from qtctl.api import audit, registry
from qtctl.api.registry import LoadedRegistry
from qtctl.collect.document import load
from qtctl.errors import InputError
from qtctl.findings.finding import Severity
from qtctl.fleet.select import select_hosts
from qtctl.metrics.endpoint import Endpoint, is_loopback, parse_place
from qtctl.metrics.exposition import write_exposition
from qtctl.model import measures
from qtctl.model.measures import Measure
from qtctl.model.selection import HostSelection
from qtctl.reports.alert_rules import list_rules, write_rules
from qtctl.reports.audit import AuditReport
from qtctl.reports.dashboard import write_dashboard
from qtctl.reports.measures import measure_host
from qtctl.reports.series import Scope
from qtctl.resolve.alike import resolve_hosts
from qtctl.version import VERSION

__all__ = ["Endpoint", "Measured", "build_dashboard", "build_rules", "check_place", "judge_saved", "write_metrics"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One host, audited: its report, and its series."""

    report: AuditReport
    measures: tuple[Measure, ...]


def judge_saved(folder: Path, saved: Path, templates: Path | None = None) -> Measured:
    """A host by its saved evidence, which names it. InputErrors if evidence or registry cannot be used."""
    evidence = load(read_text(saved), str(saved))
    declared = registry.declare(folder, templates=templates, as_name=evidence.host)
    report = audit.report(declared, evidence, audit.judge(declared, evidence))
    return Measured(report, measure_host(declared.desired, evidence, report))


def write_metrics(found: Iterable[Measure], *, failed: bool = False) -> str:
    """As Prometheus reads them. `failed`: whether the last round of audits failed, so that these are old."""
    own = (
        Measure(measures.BUILD.name, (VERSION,), 1.0),
        Measure(measures.ROUND_FAILED.name, (), float(failed)),
    )
    return write_exposition((*found, *own))


def check_place(text: str, *, remote: bool) -> tuple[str, int]:
    """Where to listen. InputError for an address that others can reach, unless `remote` allows it."""
    address, port = parse_place(text)
    if not remote and not is_loopback(address):
        hint = "give --allow-remote if everybody who reaches that address may read the metrics"
        raise InputError(f"--listen {text} is not a loopback address", hint=hint)
    return address, port


def build_rules(loaded: LoadedRegistry, hosts: Sequence[str], every_s: int) -> str:
    """Alert rules for these hosts, which are audited every so many seconds."""
    fleet = loaded.registry.fleet.name
    every = select_hosts(loaded.registry, HostSelection((), every=True))
    scope = Scope(fleet, () if set(hosts) == set(every) else tuple(hosts))
    desired = tuple(resolve_hosts(loaded.registry, hosts).values())
    return write_rules(list_rules(desired, scope, Severity(loaded.registry.policy.fail_on), every_s), fleet)


def build_dashboard(loaded: LoadedRegistry, hosts: Sequence[str]) -> str:
    return write_dashboard(tuple(resolve_hosts(loaded.registry, hosts).values()), loaded.registry.fleet.name)
