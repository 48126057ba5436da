"""Audit several hosts of one registry at the same time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path

from qtctl.adapters.templates import load_unit_templates
from qtctl.api.registry import LoadedRegistry
from qtctl.engines.processes import Processes
from qtctl.fleet.ask import Asked, FleetQuestion
from qtctl.fleet.select import select_hosts as select
from qtctl.model.selection import HostSelection
from qtctl.reports import fleet
from qtctl.reports.audit import AuditReport
from qtctl.reports.fleet import FleetReport

AT_ONCE = 8
"""Hosts that are asked at the same time."""


def select_hosts(registry: LoadedRegistry, wanted: HostSelection) -> tuple[str, ...]:
    """The selected hosts, each once. InputErrors for each name that means no host, for none at all and for too many."""
    return select(registry.registry, wanted)


def make_question(
    registry: LoadedRegistry, targets: Sequence[str], *, user: str | None = None, become: bool = False
) -> FleetQuestion:
    """What to ask of each host; connects to nothing. `become`: as in `evidence.make_inquiry`.

    InputErrors if a store's password is not set.
    """
    return FleetQuestion(registry.registry, registry.files, targets, user, become=become)


def start_engine() -> Executor:
    """A process for each host, AT_ONCE at a time. Make it before starting threads."""
    return Processes(AT_ONCE)


def ask(asked: FleetQuestion, engine: Executor, *, templates: Path | None = None) -> Iterator[Asked]:
    """Each host as soon as it has answered. One that does not answer takes its deadline, and delays no other."""
    return asked.ask(engine, load_unit_templates(templates))


def report(reports: Sequence[AuditReport]) -> FleetReport:
    """Combine the reports of at least one host, in this order."""
    return fleet.build_report(reports)
