"""qtctl lab: throwaway systemd hosts on this machine."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.options import AsOption, DeclaredFormatOption, RegistryOption, locate_registry
from qtctl.cli.output import complain, present, show_progress, tell
from qtctl.errors import InputError
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtctl.lab.lab import LabHost

app = typer.Typer(help="Throwaway systemd hosts on this machine, to rehearse on.", no_args_is_help=True)

NamesArgument = Annotated[list[str], typer.Argument(metavar="NAME", help="lab1, lab2 … (default: all).")]


@app.callback()
def hosts() -> None:
    """Throwaway systemd hosts on this machine, to rehearse on."""
    raise_on_interrupt()


@app.command()
def up(
    hosts: Annotated[int, typer.Option("--hosts", metavar="N", min=1, max=99, help="How many: lab1 to labN.")] = 1,
    as_name: AsOption = None,
    registry: RegistryOption = None,
    suite: Annotated[
        str | None,
        typer.Option("--suite", metavar="SUITE", help="bookworm, trixie, bullseye or noble. Default: this machine's."),
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", metavar="", help="Install missing Debian packages with apt-get.")
    ] = False,
    format_: DeclaredFormatOption = None,
) -> None:
    """Boot lab1 … labN with sshd, Redis, and a stand-in program for every entry point of the registry."""
    from qtctl.adapters.files import read_registry
    from qtctl.lab.lab import up as boot
    from qtctl.lab.needs import install as install_packages
    from qtctl.registry.load import load
    from qtctl.resolve.resolve import resolve, stands_in
    from qtctl.stage.lab import make_lab_tree

    declared = load(read_registry(locate_registry(registry)))
    name = stands_in(declared, "", as_name)
    accounts = declared.hosts[name]
    tree = make_lab_tree(resolve(declared, name), audit_user=accounts.audit_user, deploy_user=accounts.deploy_user)
    names = [f"lab{number}" for number in range(1, hosts + 1)]
    with show_progress(named=True) as say:
        if install:
            install_packages(say)
        booted = boot(names, tree, suite=suite, stands_for=name, progress=say)
    _show(booted, format_)
    if as_name is not None and all(host.stands_for != name for host in booted):
        others = ", ".join(f"{host.name} stands in for {host.stands_for}" for host in booted)
        complain(f"warning: no host was booted for {name}: {others} (--hosts {hosts + 1} boots one more for {name})")


@app.command("list")
def list_(format_: DeclaredFormatOption = None) -> None:
    """List the lab's hosts, and whether they run."""
    from qtctl.lab.lab import list_hosts

    _show(list_hosts(), format_)


@app.command("exec", context_settings={"ignore_unknown_options": True})
def execute(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A lab host.")],
    command: Annotated[list[str], typer.Argument(metavar="COMMAND", help="What to run there, as root.")],
) -> None:
    """Run a command inside a lab host, as root, and exit with its code: `qtctl lab exec lab1 bash` is a shell there."""
    from qtctl.lab.lab import attach

    raise typer.Exit(attach(name, command))


@app.command()
def reboot(name: Annotated[str, typer.Argument(metavar="NAME", help="A lab host.")]) -> None:
    """Reboot a lab host; it keeps its disk."""
    from qtctl.lab.lab import reboot as again

    with show_progress(named=True) as say:
        again(name, say)
    tell(f"{name} is up again")


@app.command()
def down(names: NamesArgument = []) -> None:  # noqa: B006 - typer copies it
    """Stop lab hosts and delete their disks."""
    from qtctl.lab.lab import down as end
    from qtctl.lab.lab import list_hosts

    there = [host.name for host in list_hosts()]
    unknown = sorted(set(names) - set(there))
    if unknown:
        raise InputError(f"no lab host {', '.join(unknown)}", hint=f"there are: {', '.join(there) or 'none'}")
    ended = list(names) or there
    if not ended:
        tell("no lab host is running")
        return
    with show_progress(named=True) as say:
        say(begun(", ".join(ended), Stage.END))
        end(ended)
    tell(f"ended: {', '.join(ended)}")


def _show(hosts: "Sequence[LabHost]", format_: str | None) -> None:
    from qtctl.reports.blocks import Table, Title
    from qtctl.reports.view import View

    rows = [
        (host.name, host.address, host.suite, host.stands_for, "running" if host.running else "down") for host in hosts
    ]
    keys = ("name", "address", "suite", "stands_for", "state")
    document = {"schema_version": 1, "hosts": [dict(zip(keys, row, strict=True)) for row in rows]}
    shown = Table(("name", "address", "suite", "stands in for", "state"), tuple(rows))
    view = View(
        name="lab",
        about="lab",
        json=lambda: json.dumps(document, indent=2),
        page=lambda: (Title("Lab hosts"), shown),
        screen=lambda: (shown,),
    )
    present(view, format_)


EXAMPLES = {
    "up": (
        "qtctl lab up",
        "qtctl lab up --hosts 3",
        "qtctl lab up --suite trixie",
        "qtctl lab up --install",
    ),
    "list": (
        "qtctl lab list",
        "qtctl lab list --format json",
    ),
    "exec": (
        "qtctl lab exec lab1 bash",
        "qtctl lab exec lab1 systemctl --failed",
    ),
    "reboot": ("qtctl lab reboot lab1",),
    "down": (
        "qtctl lab down",
        "qtctl lab down lab2 lab3",
    ),
}
COMMAND = Command("lab", 110, Panel.REHEARSE, app, EXAMPLES)
