"""qtctl schedule: timers that run qtctl, declared in the registry like any other."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.option_groups import REQUIRED, Options, takes_group
from qtctl.cli.options import RegistryOption, locate_registry
from qtctl.cli.output import complain, write
from qtctl.cli.selecting import selects_hosts
from qtctl.model.selection import HostSelection

app = typer.Typer(help="Timers that run qtctl, declared in the registry like any other.", no_args_is_help=True)

ON_HELP = "The host of the registry that has the timer: a host itself, or the machine that looks at all of them."
WHEN_HELP = "When, as in OnCalendar=."
WRITE_HELP = "Add it to the registry; without this it is only shown."
PROGRAM = "/usr/local/bin/qtctl"
REGISTRY = "/etc/qtctl/registry"
TEXTFILE = "/var/lib/prometheus/node-exporter/qtctl.prom"
STORE, TOLD, CHANNELS = "/var/lib/qtctl-snapshots", "/var/lib/qtctl-notify/notify.json", "/etc/qtctl/notify.toml"

OnOption = Annotated[str, typer.Option("--on", metavar="HOST", help=ON_HELP)]
WhenOption = Annotated[str, typer.Option("--when", metavar="CALENDAR", help=WHEN_HELP)]
ProgramOption = Annotated[str, typer.Option("--program", metavar="PATH", help="Path of qtctl on that machine.")]
ThereOption = Annotated[
    str, typer.Option("--registry-there", metavar="DIR", help="Path of the registry on that machine.")
]
AccountOption = Annotated[
    str, typer.Option("--as-user", metavar="USER", help="The account it runs as. Default: that of the fleet.")
]
WriteOption = Annotated[bool, typer.Option("--write", metavar="", help=WRITE_HELP)]


@dataclass(frozen=True, slots=True)
class Timer:
    """Where and when qtctl runs, and whether its timer is added to the registry or only shown."""

    on: str
    when: str
    program: str
    there: str
    account: str
    registry: Path | None
    add: bool


def _takes_timer(when: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The command with the options of every timer instead of its parameter `timer`. `when`: how often by default."""
    options: Options = {
        "on": (OnOption, REQUIRED),
        "when": (WhenOption, when),
        "program": (ProgramOption, PROGRAM),
        "there": (ThereOption, REGISTRY),
        "account": (AccountOption, ""),
        "registry": (RegistryOption, None),
        "add": (WriteOption, False),
    }
    return lambda command: takes_group(command, "timer", options, lambda _, **given: Timer(**given))


@app.callback()
def schedules() -> None:
    """Timers that run qtctl, declared in the registry like any other."""


@app.command()
@selects_hosts
@_takes_timer("*:0/15")
def audit(wanted: HostSelection, timer: Timer) -> None:
    """Audit the host itself, or the selected hosts, at regular times. The report is in the journal of the unit."""
    _declare("audit", wanted, timer)


@app.command()
@selects_hosts
@_takes_timer("monthly")
def snapshot(
    wanted: HostSelection,
    timer: Timer,
    store: Annotated[str, typer.Option("--store", metavar="STORE", help="Where snapshots are kept.")] = STORE,
) -> None:
    """Take a snapshot of the host itself, or of the selected hosts."""
    _declare("snapshot", wanted, timer, place=store)


@app.command()
@selects_hosts
@_takes_timer("minutely")
def metrics(
    wanted: HostSelection,
    timer: Timer,
    textfile: Annotated[str, typer.Option("--textfile", metavar="FILE", help="The file on that machine.")] = TEXTFILE,
) -> None:
    """Write metrics for the node exporter, of the host itself or of the selected hosts."""
    _declare("metrics", wanted, timer, place=textfile)


@app.command()
@selects_hosts
@_takes_timer("*:0/5")
def notify(
    wanted: HostSelection,
    timer: Timer,
    channels: Annotated[str, typer.Option("--channels", metavar="FILE", help="The file on that machine.")] = CHANNELS,
    state: Annotated[str, typer.Option("--state", metavar="FILE", help="The file on that machine.")] = TOLD,
) -> None:
    """Notify channels of what is new, worse or recovered, on the host itself or on the selected hosts."""
    _declare("notify", wanted, timer, place=state, options=("--channels", channels))


def _declare(job: str, wanted: HostSelection, timer: Timer, *, place: str = "", options: tuple[str, ...] = ()) -> None:
    from qtctl.api import schedule as api
    from qtctl.scaffold.schedules import Job, Schedule

    folder = locate_registry(timer.registry)
    schedule = Schedule(
        Job(job), timer.on, wanted, timer.program, timer.there, place, timer.when, timer.account, options
    )
    added = api.plan(folder, schedule)
    if not timer.add:
        write("\n".join(f"# {name}\n{text}" for name, text in added.items()))
        return
    for path in api.write(folder, added):
        complain(f"written: {path}")


EXAMPLES = {
    "audit": ("qtctl schedule audit --on web-1", "qtctl schedule audit --on ops-1 --all-hosts --write"),
    "snapshot": ("qtctl schedule snapshot --on ops-1 --all-hosts --write",),
    "metrics": ("qtctl schedule metrics --on ops-1 --tag web --when minutely",),
    "notify": ("qtctl schedule notify --on ops-1 --all-hosts --when '*:0/5' --write",),
}
COMMAND = Command("schedule", 172, Panel.LOOK, app, EXAMPLES)
