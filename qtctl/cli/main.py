"""The qtctl command: its commands, how errors are shown, and the exit code."""

import sys
import traceback
from typing import Annotated

import typer

from qtctl.cli import audit, demo, deploy, explain, lab, lint, parity, render, report
from qtctl.cli.exits import Exit, of_error
from qtctl.errors import InputErrors, QtctlError
from qtctl.version import VERSION

HELP = """Control plane and auditor for fleets of systemd hosts.

A registry of TOML files says which services, timers, targets, venvs, ports and Redis streams each host must have.
qtctl renders their systemd units, deploys them, and audits live hosts against them over SSH, with a proof a line.

Begin with: qtctl lint · qtctl lab up · qtctl deploy --host lab1 · qtctl audit --host lab1

Exit codes: 0 as declared · 1 findings, or changes pending · 2 usage or invalid input · 3 evidence incomplete ·
4 refused or failed, host as before · 5 host may have changed: a person is needed · 70 internal error · 130 interrupted
"""

app = typer.Typer(
    name="qtctl",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("lint")(lint.lint)
app.command("render")(render.render)
app.command("deploy")(deploy.deploy)
app.command("audit")(audit.audit)
app.command("demo")(demo.demo)
app.command("explain")(explain.explain)
app.command("parity")(parity.parity)
app.add_typer(report.app, name="report")
app.add_typer(lab.app, name="lab")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"qtctl {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    _debug: Annotated[bool, typer.Option("--debug", help="Show the trace of an error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of every command."""


def run() -> None:
    """Run the command line and exit. Every error is one clear line; the trace only with --debug."""
    debug = "--debug" in sys.argv
    argv = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        app(argv)
    except QtctlError as error:
        _show(error, debug=debug)
        sys.exit(of_error(error))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(Exit.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last line of defence
        _show(error, debug=debug, prefix="internal error: ")
        sys.exit(Exit.INTERNAL)


def _show(error: Exception, *, debug: bool, prefix: str = "") -> None:
    if debug:
        traceback.print_exception(error)
    if isinstance(error, InputErrors):
        for each in error.errors:
            sys.stderr.write(f"error: {each}\n")
        return
    if prefix:
        sys.stderr.write(f"{prefix}{type(error).__name__}: {error} (--debug shows the trace; please report it)\n")
        return
    sys.stderr.write(f"error: {error}\n")
