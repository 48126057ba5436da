"""qtctl secrets: which secrets a host has, and how to put one there."""

import getpass
import sys
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_match_exit
from qtctl.cli.options import AsOption, DeclaredFormatOption, RegistryOption, UserOption, locate_registry
from qtctl.cli.output import complain, present, show_progress, tell, withhold
from qtctl.cli.selecting import selects_one_host
from qtctl.dialects.lines import split_file_lines
from qtctl.errors import InputError
from qtctl.model.events import Stage, begun

app = typer.Typer(help="Which secrets a host has, and how to put one there.", no_args_is_help=True)

NAME_HELP = "A key of a secrets file or a credential; SERVICE/NAME if several files have one of that name."


@app.callback()
def secrets() -> None:
    """Which secrets a host has, and how to put one there."""


@app.command()
@selects_one_host
def status(
    host: str,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    format_: DeclaredFormatOption = None,
) -> None:
    """List the declared secrets of a host: which are present, empty or missing, with owner and mode. Never a value."""
    from qtctl.api import secrets as api
    from qtctl.api.registry import declare
    from qtctl.reports.secrets import build_report
    from qtctl.reports.secrets_view import build_view

    declared = declare(locate_registry(registry), host, as_name=as_name)
    with show_progress() as say:
        say(begun(host, Stage.CONNECT))
        found = api.check_secrets(declared, host, user=user)
    present(
        build_view(build_report(found, fleet=declared.desired.fleet, host=declared.desired.host, address=host)), format_
    )
    raise typer.Exit(choose_match_exit(all(each.good for each in found)))


@app.command()
@selects_one_host
def put(
    name: Annotated[str, typer.Argument(metavar="NAME", help=NAME_HELP)],
    host: str,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
) -> None:
    """Write a secret to its file on a host: owned by root, mode 0600. The value comes from stdin or a prompt.

    A newline at the end of a key's value is removed. The next deploy restarts the services that use it.
    """
    from qtctl.api import secrets as api
    from qtctl.api.registry import declare
    from qtctl.plan.secrets import make_content

    folder = locate_registry(registry)
    declared = declare(folder, host, as_name=as_name)
    place = api.find(declared, name)
    value = _read_value(place.name)
    _withhold(value)
    make_content(place, value)
    with show_progress() as say:
        say(begun(host, Stage.CONNECT))
        done = api.put(declared, host, place, value, user=user, registry=folder)
    for each in done.warnings:
        complain(f"warning: {each}")
    if not done.changed:
        tell(f"{host}: {place.name} in {place.path} is what it was")
        return
    tell(f"{host}: {place.name} is in {place.path}; the next qtctl deploy restarts {', '.join(place.units)}")


def _read_value(name: str) -> bytes:
    """InputError if nothing was given."""
    from qtctl.plan.secrets import LARGEST

    if not sys.stdin.isatty():
        return sys.stdin.buffer.read(LARGEST + 1)
    given = getpass.getpass(f"{name}: ")
    if getpass.getpass(f"{name} again: ") != given:
        raise InputError("the two values differ", hint="try again")
    return given.encode()


def _withhold(value: bytes) -> None:
    """The whole value, and each of its lines: a message may quote only a part of it."""
    from qtctl.model.secret import Secret

    text = value.decode("utf-8", "replace")
    withhold(*(Secret(each) for each in {text.rstrip("\r\n"), *split_file_lines(text)} if each))


EXAMPLES = {
    "status": ("qtctl secrets status --host lab1",),
    "put": (
        "qtctl secrets put ai-engine/BINANCE_API_KEY --host lab1",
        "pass show shop/db | qtctl secrets put billing/DB_PASSWORD --host web-1",
    ),
}
COMMAND = Command("secrets", 126, Panel.CHANGE, app, EXAMPLES)
