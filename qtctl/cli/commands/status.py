"""qtctl status: how the units of hosts are, as systemctl status shows one."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.controlling import CategoryOption, UnitsArgument, tell_left_out
from qtctl.cli.exits import choose_status_exit
from qtctl.cli.options import (
    AsOption,
    AtOnceOption,
    DeclaredFormatOption,
    HostDeadlineOption,
    RegistryOption,
    UserOption,
    locate_registry,
)
from qtctl.cli.output import present, show_progress
from qtctl.cli.selecting import Selected, selects_hosts_to_change
from qtctl.flows.target import Target
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from qtctl.cli.early_start import Started
    from qtctl.model.desired import Desired
    from qtctl.model.unit_status import HostLook

LINES_HELP = "Last lines of each unit's journal, if at most 10 units are named (default: 5); 0: none."


@dataclass(frozen=True, slots=True)
class _Given:
    registry: Path
    as_name: str | None
    user: str | None
    units: Sequence[str]
    categories: Sequence[str]
    lines: int | None

    def count_lines(self) -> int:
        from qtctl.flows.units_question import count_lines

        return count_lines(named=bool(self.units or self.categories), given=self.lines)


@selects_hosts_to_change
def status(
    context: typer.Context,
    hosts: Selected,
    units: UnitsArgument = None,
    category: CategoryOption = None,
    lines: Annotated[int | None, typer.Option("--lines", "-n", metavar="N", min=0, max=1000, help=LINES_HELP)] = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    at_once: AtOnceOption = None,
    deadline: HostDeadlineOption = None,
    format_: DeclaredFormatOption = None,
) -> None:
    """Show units: state, since when, main process, memory, restarts, and the last lines of their journals.

    Without UNIT, all units that are declared for the hosts.
    """
    given = _Given(locate_registry(registry), as_name, user, units or (), category or (), lines)
    looks = (
        _look_at_one(hosts.names[0], given, context.obj)
        if hosts.alone
        else _look_at_several(hosts, given, at_once, deadline)
    )
    from qtctl.reports.unit_status import build_report
    from qtctl.reports.unit_status_view import build_view

    report = build_report(looks)
    present(build_view(report), format_)
    raise typer.Exit(choose_status_exit(report.totals.not_as_declared, report.totals.unknown))


def _look_at_one(target: str, given: _Given, started: "Started | None") -> "list[tuple[Desired, HostLook]]":
    from qtctl.cli.early_start import reuse_reaching

    wanted = Target(given.registry, target, given.as_name, given.user)
    with reuse_reaching(started, wanted, "audit") as reaching:
        declared = reaching.declare()
        reaching.connect()
        with show_progress() as say:
            say(begun(target, Stage.CONNECT))
            from qtctl.api import unit_status as api

            chosen = api.select(declared.desired, given.units, given.categories)
            task = api.StatusTask(target, declared.desired, chosen, given.count_lines(), given.user)
            api.begin(task, reaching)
            import_module("qtctl.reports.unit_status_view")
            return [(declared.desired, api.look(task, reaching))]


def _look_at_several(
    hosts: Selected, given: _Given, at_once: int | None, deadline: float | None
) -> "list[tuple[Desired, HostLook]]":
    from qtctl.api import unit_status as api
    from qtctl.api.registry import load
    from qtctl.api.rollout import declare_hosts
    from qtctl.engines.relay import watch
    from qtctl.reports.phrases import format_count

    declared = {target: each.desired for target, each in declare_hosts(load(given.registry), hosts.names).items()}
    chosen = api.select_on_hosts(declared, given.units, given.categories)
    tell_left_out(declared, chosen)
    tasks = [
        api.StatusTask(target, declared[target], units, given.count_lines(), given.user)
        for target, units in chosen.items()
    ]
    engine = api.start_engine(at_once or api.AT_ONCE, deadline or api.DEADLINE_S)
    try:
        with show_progress(named=True) as say:
            watch(engine, say)
            say(begun("", Stage.CONNECT, f"asking {format_count(len(tasks), 'host')}"))
            looks = api.look_at_hosts(engine, tasks, say)
    finally:
        engine.shutdown(wait=False, cancel_futures=True)
    return [(task.desired, look) for task, look in zip(tasks, looks, strict=True)]


EXAMPLES = (
    "qtctl status --host lab1",
    "qtctl status ai-engine --host lab1",
    "qtctl status quantum-core.target --tag web --format json",
    "qtctl status ai-engine --all-hosts --lines 0",
)
COMMAND = Command("status", 127, Panel.OPERATE, status, {"": EXAMPLES})
