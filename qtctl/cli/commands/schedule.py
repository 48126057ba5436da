"""qtctl schedule: timers that run qtctl, declared in the registry like any other."""

from pathlib import Path
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
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


@app.callback()
def schedules() -> None:
    """Timers that run qtctl, declared in the registry like any other."""


@app.command()
@selects_hosts
def audit(
    wanted: HostSelection,
    on: OnOption,
    when: WhenOption = "*:0/15",
    program: ProgramOption = PROGRAM,
    there: ThereOption = REGISTRY,
    account: AccountOption = "",
    registry: RegistryOption = None,
    add: WriteOption = False,
) -> None:
    """Audit the host itself, or the selected hosts, at regular times. The report is in the journal of the unit."""
    _declare(
        "audit", wanted, registry, add=add, on=on, when=when, program=program, registry_there=there, account=account
    )


@app.command()
@selects_hosts
def snapshot(
    wanted: HostSelection,
    on: OnOption,
    store: Annotated[str, typer.Option("--store", metavar="STORE", help="Where snapshots are kept.")] = STORE,
    when: WhenOption = "monthly",
    program: ProgramOption = PROGRAM,
    there: ThereOption = REGISTRY,
    account: AccountOption = "",
    registry: RegistryOption = None,
    add: WriteOption = False,
) -> None:
    """Take a snapshot of the host itself, or of the selected hosts."""
    _declare(
        "snapshot", wanted, registry, add=add, on=on, when=when, program=program, registry_there=there,
        account=account, place=store,
    )  # fmt: skip


@app.command()
@selects_hosts
def metrics(
    wanted: HostSelection,
    on: OnOption,
    textfile: Annotated[str, typer.Option("--textfile", metavar="FILE", help="The file on that machine.")] = TEXTFILE,
    when: WhenOption = "minutely",
    program: ProgramOption = PROGRAM,
    there: ThereOption = REGISTRY,
    account: AccountOption = "",
    registry: RegistryOption = None,
    add: WriteOption = False,
) -> None:
    """Write metrics for the node exporter, of the host itself or of the selected hosts."""
    _declare(
        "metrics", wanted, registry, add=add, on=on, when=when, program=program, registry_there=there,
        account=account, place=textfile,
    )  # fmt: skip


@app.command()
@selects_hosts
def notify(
    wanted: HostSelection,
    on: OnOption,
    channels: Annotated[str, typer.Option("--channels", metavar="FILE", help="The file on that machine.")] = CHANNELS,
    state: Annotated[str, typer.Option("--state", metavar="FILE", help="The file on that machine.")] = TOLD,
    when: WhenOption = "*:0/5",
    program: ProgramOption = PROGRAM,
    there: ThereOption = REGISTRY,
    account: AccountOption = "",
    registry: RegistryOption = None,
    add: WriteOption = False,
) -> None:
    """Tell channels what is new, worse and recovered, on the host itself or on the selected hosts."""
    _declare(
        "notify", wanted, registry, add=add, on=on, when=when, program=program, registry_there=there,
        account=account, place=state, options=("--channels", channels),
    )  # fmt: skip


def _declare(
    job: str,
    wanted: HostSelection,
    registry: Path | None,
    *,
    add: bool,
    on: str,
    when: str,
    program: str,
    registry_there: str,
    account: str,
    place: str = "",
    options: tuple[str, ...] = (),
) -> None:
    from qtctl.api import schedule as api
    from qtctl.scaffold.schedules import Job, Schedule

    folder = locate_registry(registry)
    schedule = Schedule(Job(job), on, wanted, program, registry_there, place, when, account, options)
    added = api.plan(folder, schedule)
    if not add:
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
