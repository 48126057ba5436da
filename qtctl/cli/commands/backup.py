"""qtctl backup: copies of what is installed on a host, and the way back to one of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.commands.plan import Shown
from qtctl.cli.deploy_output import DeployOutput, make_confirmation
from qtctl.cli.exits import Exit, choose_plan_exit, choose_whole_exit
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.options import (
    AsOption,
    DeadlineOption,
    DeclaredFormatOption,
    DeployFormatOption,
    OptionalHostOption,
    RegistryOption,
    SteadyOption,
    UserOption,
    VerboseOption,
    YesOption,
    locate_registry,
)
from qtctl.cli.output import complain, complain_of, present, show_progress
from qtctl.cli.selecting import selects_one_host
from qtctl.errors import InputError
from qtctl.formats.catalogue import Content, list_offered
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from qtctl.flows.backup import Planned
    from qtctl.flows.declared import Declared
    from qtctl.model.backup import Backup

app = typer.Typer(help="Back up what is installed on a host, and restore it.", no_args_is_help=True)

OUT_HELP = "Write to FILE, not to the backup folder. An existing file is never overwritten."
FILE_HELP = "The backup: a file, or its name in the backup folder."
DRY_HELP = "Show what would change, and change nothing."
FileArgument = Annotated[str, typer.Argument(metavar="FILE", help=FILE_HELP, show_default=False)]


@app.callback()
def backups() -> None:
    """Copies of what is installed on a host under its fleet's names, and the way back to one of them."""


@app.command()
@selects_one_host
def take(
    host: str,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help=OUT_HELP)] = None,
    format_: DeclaredFormatOption = None,
) -> None:
    """Copy a host's units, drop-ins, links, masks and timer stamps to this machine, whoever wrote them.

    Files that may hold secrets are listed, without their content.
    """
    from qtctl.adapters.saved_file import check_saved
    from qtctl.api import backup as api
    from qtctl.api.registry import declare
    from qtctl.model.backup import EntryKind
    from qtctl.reports.backup import build_report
    from qtctl.reports.backup_view import build_view

    if out is not None:
        check_saved(out)
    declared = declare(locate_registry(registry), host, as_name=as_name)
    raise_on_interrupt()
    with show_progress() as say:
        say(begun(host, Stage.CONNECT))
        taken = api.take(declared, host, user=user)
    path = api.save(taken, out)
    present(build_view(build_report(path, taken), whole=False), format_)
    left = sum(each.kind is EntryKind.OTHER for each in taken.manifest.entries)
    if left:
        complain(f"{host}: {left} could not be copied, and a restore is refused until they are gone")
    raise typer.Exit(choose_whole_exit(not left))


@app.command("list")
def list_(host: OptionalHostOption = None, format_: DeclaredFormatOption = None) -> None:
    """List the backups in the backup folder, newest first."""
    from qtctl.api import backup as api
    from qtctl.reports.backup import build_list
    from qtctl.reports.backup_view import build_list_view

    found, problems = [], []
    for path in api.list_backups():
        try:
            _, backup = api.read(str(path))
        except InputError as error:
            problems.append((path, error.what))
            continue
        if host in (None, backup.manifest.host, backup.manifest.address):
            found.append((path, backup))
    present(build_list_view(build_list(found, problems)), format_)


@app.command()
def show(file: FileArgument, format_: DeclaredFormatOption = None) -> None:
    """Show what a backup holds: every path and unit, without contents."""
    from qtctl.api import backup as api
    from qtctl.reports.backup import build_report
    from qtctl.reports.backup_view import build_view

    path, backup = api.read(file)
    present(build_view(build_report(path, backup), whole=True), format_)


@app.command()
@selects_one_host
def restore(
    file: FileArgument,
    host: str,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", metavar="", help=DRY_HELP)] = False,
    yes: YesOption = False,
    verbose: VerboseOption = False,
    deadline: DeadlineOption = 120,
    steady: SteadyOption = None,
    format_: DeployFormatOption = "table",
) -> None:
    """Bring a host back to a backup: planned, shown, confirmed, verified, and rolled back if it does not come up.

    What was not there when the backup was taken is removed. A backup of the host as it is now is taken first.
    """
    from qtctl.api import backup as api
    from qtctl.api.registry import declare

    if dry_run and format_ not in list_offered(Content.DECLARED):
        raise InputError(f"--dry-run has no format {format_}", hint="table, json or md: nothing is judged here")
    path, backup = api.read(file)
    declared = declare(locate_registry(registry), host, as_name=as_name)
    if dry_run:
        raise typer.Exit(_show(declared, host, user, backup, str(path), Shown(format_, verbose)))
    told = DeployOutput(host, declared, format_, locate_registry(registry), None, "as in the backup")
    raise_on_interrupt()
    with show_progress() as say:
        say(begun(host, Stage.CONNECT))
        ask = make_confirmation(told, say, yes=yes, verbose=verbose)

        def confirm(planned: "Planned") -> bool:
            agreed = ask(planned.plan)
            if agreed:
                kept = api.save(planned.before, note="-before-restore")
                say.clear()
                complain(f"{host} as it is now: {kept}")
            return agreed

        outcome = api.restore(
            declared, host, backup, str(path), confirm=confirm, user=user, progress=say, deadline_s=deadline,
            steady_s=declared.registry.policy.deploy.watch.steady_s if steady is None else steady,
            registry=locate_registry(registry),
        )  # fmt: skip
    raise typer.Exit(told.end(outcome))


def _show(declared: "Declared", target: str, user: str | None, backup: "Backup", where: str, shown: Shown) -> Exit:
    from secrets import token_hex

    from qtctl.api import backup as api
    from qtctl.api.plan import report
    from qtctl.model.plan import NO_CHOICES
    from qtctl.reports.deploy_text import describe_refusals
    from qtctl.reports.plan_view import build_view

    with show_progress() as say:
        say(begun(target, Stage.CONNECT))
        planned = api.plan_restore(declared, target, backup, where, user=user).plan
    code = choose_plan_exit(planned)
    document = report(declared, target, planned, NO_CHOICES, nonce=token_hex(16), exit_code=code)
    if not planned.refusals or shown.format not in (None, "table"):
        present(build_view(document, planned, target, verbose=shown.verbose), shown.format)
    if planned.refusals:
        complain_of((f"{planned.host}: a restore would be refused", *describe_refusals(planned.refusals, planned.host)))
    return code


EXAMPLES = {
    "take": ("qtctl backup take --host lab1", "qtctl backup take --host web-1 --out web-1.qtbackup"),
    "list": ("qtctl backup list", "qtctl backup list --host web-1"),
    "show": ("qtctl backup show web-1.qtbackup",),
    "restore": (
        "qtctl backup restore web-1.qtbackup --host web-1 --dry-run",
        "qtctl backup restore web-1.qtbackup --host web-1",
    ),
}
COMMAND = Command("backup", 126, Panel.CHANGE, app, EXAMPLES)
