"""qtctl audit: a live host, or saved evidence, against the registry."""

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.audit_fleet import FleetSource, audit_fleet, gather_by_engine
from qtctl.cli.audit_part import FailOnOption, NewSinceOption, OnlyOption, Part, Shown, SubjectOption, split_ids
from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import Exit, choose_exit
from qtctl.cli.options import (
    AsOption,
    AtOnceOption,
    AuditFormatOption,
    EngineOption,
    FromOption,
    HostDeadlineOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    choose_engine,
    locate_registry,
)
from qtctl.cli.output import present
from qtctl.cli.selecting import selects_hosts
from qtctl.errors import InputError
from qtctl.model.selection import HostSelection

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtctl.cli.evidence import Source
    from qtctl.flows.asking import Asking
    from qtctl.flows.declared import Declared
    from qtctl.model.evidence import Evidence
    from qtctl.reports.audit_sheet import HostSheet

VERBOSE_HELP = "Show every finding with its proof, and not only what to do first."
BECOME_HELP = "Read through sudo -n what only root can see: contents of env files, working directories."
SAVE_HELP = "Save the evidence; - is stdout, instead of the report. For several hosts: a folder, with a file for each."


@selects_hosts
def audit(
    context: typer.Context,
    wanted: HostSelection,
    saved: FromOption = None,
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE", help=SAVE_HELP)] = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    at_once: AtOnceOption = None,
    deadline: HostDeadlineOption = None,
    become: Annotated[bool, typer.Option("--become", metavar="", help=BECOME_HELP)] = False,
    templates: TemplatesOption = None,
    format_: AuditFormatOption = None,
    every: Annotated[bool, typer.Option("--all", metavar="", help="Also show the checks that hold.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", metavar="", help=VERBOSE_HELP)] = False,
    only: OnlyOption = None,
    subject: SubjectOption = None,
    new_since: NewSinceOption = None,
    fail_on: FailOnOption = None,
    engine: EngineOption = None,
) -> None:
    """Compare hosts with what the registry declares, read-only, with a proof for every line."""
    from qtctl.cli.evidence import Source

    folder = locate_registry(registry)
    shown = Shown(format_, every, verbose, Part(split_ids(only or ()), tuple(subject or ()), fail_on, new_since))
    scheduler = choose_engine(engine) if wanted.given else None
    if engine is not None and not wanted.given:
        raise InputError("--engine asks hosts, and none is named", hint="name them with --host, --tag or --all-hosts")
    chosen = FleetSource(folder, wanted, user, templates, become, at_once, deadline, scheduler, as_name)
    if wanted.given and wanted.single is None:
        _check_several(saved, as_name)
        raise typer.Exit(audit_fleet(chosen, shown, save=save))
    source = Source(folder, templates, wanted.single, saved, as_name, user, become)
    if saved is not None and (at_once is not None or deadline is not None):
        what = (
            f"{'--at-once' if at_once is not None else '--deadline'} is for hosts that are asked, and --from asks none"
        )
        raise InputError(what, hint="leave it out")
    by_engine = partial(gather_by_engine, chosen)
    look = by_engine if scheduler is not None or deadline is not None else partial(_gather, source, context.obj)
    raise typer.Exit(_audit_one(source, look, shown, save=save))


def _check_several(saved: Path | None, as_name: str | None) -> None:
    """InputError if another option is for one host only."""
    if saved is not None:
        raise InputError("--from is for one host", hint="judge saved evidence file by file")
    if as_name is not None:
        raise InputError("--as is for one host", hint="audit hosts that stand in for others one by one")


def _preload(declared: "Declared") -> None:
    """Load what judges and shows an audit, and work out what is expected, while the host answers."""
    from qtctl.api import audit

    import_module("qtctl.reports.audit_view")
    audit.expect(declared)


def _gather(source: "Source", started: "Asking | None") -> "tuple[Declared, Evidence]":
    from qtctl.cli.evidence import gather

    return gather(source, started, _preload)


def _audit_one(
    source: "Source", look: "Callable[[], tuple[Declared, Evidence]]", shown: Shown, *, save: Path | None
) -> Exit:
    from qtctl.adapters.saved_file import STDOUT, check_saved
    from qtctl.cli.evidence import save as keep

    if save is not None:
        check_saved(save)
    declared, evidence = look()
    from qtctl.api import audit
    from qtctl.reports.audit_view import build_view
    from qtctl.reports.view import name_under

    if save is not None:
        keep(evidence, save)
    checks, said = shown.part.of(declared, audit.judge(declared, evidence, shown.part.find_earlier(declared)))
    report = audit.report(declared, evidence, checks, every=shown.every, gate=shown.part.gate, selection=said)
    locate = name_under(source.registry, source.templates)
    if save == STDOUT:
        return choose_exit(report.verdict)

    def show_host() -> "HostSheet":
        from qtctl.api.page import show_host

        return show_host(declared, evidence, checks)

    view = build_view(report, checks, locate, declared.host_place, verbose=shown.verbose, host=show_host)
    present(view, shown.format)
    return choose_exit(report.verdict)


EXAMPLES = (
    "qtctl audit --host lab1",
    "qtctl audit --all-hosts",
    "qtctl audit --host 'web-*' --format json",
    "qtctl audit --all-hosts --format jsonl > hosts.jsonl",
    "qtctl audit --tag workers --exclude web-7",
    "qtctl audit --host lab1 --only QT3 --subject '127.0.0.1:*'",
    "qtctl audit --host lab1 --save evidence.json",
    "qtctl audit --host lab1 --user ops --become",
    "qtctl audit --all-hosts --engine dask://dask.example.org",
    "qtctl audit --from evidence.json",
)
COMMAND = Command("audit", 130, Panel.LOOK, audit, {"": EXAMPLES})
