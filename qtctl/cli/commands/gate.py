"""qtctl gate: what policy.toml asks for before a change is let in, as one summary and one exit code."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_exit
from qtctl.cli.options import (
    FormatOption,
    OutFileOption,
    RegistryOption,
    StoreOption,
    TemplatesOption,
    UserOption,
    locate_registry,
)
from qtctl.cli.output import present, write
from qtctl.errors import InputError, InputErrors
from qtctl.formats.catalogue import Content, list_offered

if TYPE_CHECKING:
    from qtctl.api.gate import GateRun
    from qtctl.api.gate_ground import GateGround
    from qtctl.model.evidence import Evidence
    from qtctl.reports.gate import GateReport

LIVE_HELP = "Allow it to connect to the hosts of the registry. Give it only where the registry is trusted."
BECOME_HELP = "With --live: read through sudo -n what only root can see."
ALSO_HELP = "Write it in another format, too: junit=gate.xml, sarif=gate.sarif; may be repeated."
COMMENT_HELP = "With --base: write a comment for the pull request to FILE: the result, the plan, the changes in parity."
BASE_HELP = "The commit that the change is based on: its registry is read from git."


def _check_also(given: list[str] | None) -> list[str]:
    from qtctl.adapters.files import check_writable

    offered = [name for name in list_offered(Content.JUDGED) if name != "table"]
    for each in given or ():
        name, equals, path = each.partition("=")
        if not equals or not path or name not in offered:
            raise typer.BadParameter(f"{each!r} is not FORMAT=FILE with one of {', '.join(map(repr, offered))}")
        check_writable(Path(path))
    return given or []


def _check_comment(given: Path | None) -> Path | None:
    from qtctl.adapters.files import check_writable

    if given is not None:
        check_writable(given)
    return given


CommentOption = Annotated[
    Path | None, typer.Option("--comment", metavar="FILE", callback=_check_comment, help=COMMENT_HELP)
]


def gate(
    registry: RegistryOption = None,
    templates: TemplatesOption = None,
    live: Annotated[bool, typer.Option("--live", metavar="", help=LIVE_HELP)] = False,
    user: UserOption = None,
    become: Annotated[bool, typer.Option("--become", metavar="", help=BECOME_HELP)] = False,
    store: StoreOption = None,
    format_: FormatOption = None,
    out: OutFileOption = None,
    also: Annotated[
        list[str] | None, typer.Option("--also", metavar="FORMAT=FILE", callback=_check_also, help=ALSO_HELP)
    ] = None,
    comment: CommentOption = None,
    base: Annotated[str | None, typer.Option("--base", metavar="COMMIT", help=BASE_HELP)] = None,
) -> None:
    """Run what [gate] in policy.toml asks for: one summary, one exit code.

    A step that cannot be run is unknown, and then the gate does not pass (exit 3). No host is connected to without
    --live.
    """
    from qtctl.api.gate import GateRun
    from qtctl.api.gate_ground import read_ground
    from qtctl.cli.interrupt import raise_on_interrupt
    from qtctl.formats.catalogue import write_text
    from qtctl.reports.gate_view import build_view

    _check_options(live=live, user=user, become=become)
    if (comment is None) != (base is None):
        raise InputError("--comment and --base go together", hint="--base names what the comment compares with")
    raise_on_interrupt()
    ground = read_ground(locate_registry(registry), templates)
    evidence = _ask_hosts(ground, user, become=become) if live and ground.asks_hosts else None
    run = GateRun(ground, _now(), evidence, store)
    results = run.run()
    report = run.report(results)
    view = build_view(report, results)
    present(view, format_, out)
    for each in also or ():
        name, _, path = each.partition("=")
        write(write_text(view, name), Path(path))
    if comment is not None and base is not None:
        _write_comment(run, report, base, comment)
    if ground.errors:
        raise InputErrors(ground.errors)
    raise typer.Exit(choose_exit(report.conclusion))


def _write_comment(run: "GateRun", report: "GateReport", base: str, to: Path) -> None:
    """If the base cannot be read, the gate does not fail: the comment says why there is no plan."""
    from qtctl.api.change import describe_change
    from qtctl.formats.comment import write_comment
    from qtctl.reports.change_view import build_comment

    write(write_comment(build_comment(report, describe_change(run, base))), to)


def _check_options(*, live: bool, user: str | None, become: bool) -> None:
    for name, given in (("--user", user is not None), ("--become", become)):
        if given and not live:
            raise InputError(f"{name} has no effect without --live", hint="give --live, too")


def _ask_hosts(ground: "GateGround", user: str | None, *, become: bool) -> "Mapping[str, Evidence]":
    """By host. Nothing is connected to unless the registry has no error."""
    from qtctl.cli.audit_fleet import FleetSource, open_hosts
    from qtctl.collect.document import load
    from qtctl.fleet.examine import Judging
    from qtctl.model.selection import HostSelection

    if ground.registry is None:
        return {}
    source = FleetSource(ground.folder, HostSelection(ground.hosts), user, ground.templates, become)
    with open_hosts(source, Judging(with_evidence=True)) as hosts:
        return {each.target: load(each.evidence or "", each.target) for each in hosts.results}


def _now() -> str:
    from qtctl.adapters.clock import SystemClock
    from qtctl.collect.ledger import format_time

    return format_time(SystemClock().now())


EXAMPLES = (
    "qtctl gate",
    "qtctl gate --format github --also junit=gate.xml --also sarif=gate.sarif",
    "qtctl gate --live",
    "qtctl gate --comment comment.md --base origin/main",
)
COMMAND = Command("gate", 168, Panel.LOOK, gate, {"": EXAMPLES})
