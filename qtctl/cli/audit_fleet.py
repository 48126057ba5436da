"""qtctl audit of several hosts: one line per host, one summary, one exit code."""

from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qtctl.cli.exits import Exit, choose_exit, decide
from qtctl.cli.output import present, show_progress, withhold
from qtctl.errors import InputError, Place
from qtctl.model.events import Event, Stage, begun, done, failed

if TYPE_CHECKING:
    from qtctl.cli.audit_part import Shown
    from qtctl.findings.finding import Finding
    from qtctl.fleet.ask import Asked
    from qtctl.model.selection import HostSelection
    from qtctl.reports.audit import AuditReport


class FleetSource(NamedTuple):
    """The registry, which of its hosts are asked, and how."""

    registry: Path
    wanted: "HostSelection"
    user: str | None = None
    templates: Path | None = None
    become: bool = False


def audit_fleet(chosen: FleetSource, shown: "Shown", *, save: Path | None) -> Exit:
    from qtctl.api import audit, fleet
    from qtctl.cli.evidence import save as keep
    from qtctl.reports.fleet_view import add_places, build_view
    from qtctl.reports.unreachable import condense
    from qtctl.reports.view import name_under

    if save is not None:
        _check_folder(save)
    reports: dict[int, AuditReport] = {}
    found: dict[int, Sequence[Finding]] = {}
    with closing(ask_hosts(chosen)) as asked:
        for each in asked:
            if save is not None:
                keep(each.evidence, save / f"{each.target}.json")
            judged = audit.judge(each.declared, each.evidence, shown.part.find_earlier(each.declared))
            checks, said = shown.part.of(each.declared, judged)
            shown_checks = checks if said else condense(checks, each.target)
            found[each.number] = tuple(add_places(shown_checks, each.declared.host_place))
            reports[each.number] = audit.report(
                each.declared, each.evidence, checks, every=shown.every, gate=shown.part.gate, selection=said
            )
    report = fleet.report([each for _, each in sorted(reports.items())])
    findings = [finding for number in sorted(found) for finding in found[number]]
    present(
        build_view(report, findings, name_under(chosen.registry, chosen.templates), verbose=shown.verbose), shown.format
    )
    return decide(choose_exit(each.verdict) for each in report.hosts)


def ask_hosts(chosen: FleetSource) -> "Generator[Asked, None, None]":
    """Each host as soon as it has answered. Nothing is connected to before the registry is checked."""
    from qtctl.api import fleet
    from qtctl.api.registry import load
    from qtctl.engines.relay import watch

    engine = fleet.start_engine()
    try:
        registry = load(chosen.registry)
        targets = fleet.select_hosts(registry, chosen.wanted)
        question = fleet.make_question(registry, targets, user=chosen.user, become=chosen.become)
        withhold(*question.secrets)
        with show_progress(named=True) as say:
            watch(engine, say)
            say(begun("", Stage.CONNECT, f"connecting to {len(targets)} hosts"))
            for number, each in enumerate(fleet.ask(question, engine, templates=chosen.templates), start=1):
                say(_build_end_event(each, f"{number} of {len(targets)} hosts asked"))
                yield each
    finally:
        engine.shutdown(wait=False, cancel_futures=True)


def _build_end_event(asked: "Asked", detail: str) -> Event:
    if any(item.state.known for item in asked.evidence.items):
        return done(asked.target, Stage.COLLECT, detail)
    return failed(asked.target, Stage.CONNECT, f"not reached; {detail}")


def _check_folder(folder: Path) -> None:
    """InputError if evidence could not be saved below it: checked before any host is asked."""
    from qtctl.adapters.saved_file import check_saved

    if folder.exists() and not folder.is_dir():
        hint = "several hosts are saved below a folder, a file each"
        raise InputError("cannot be written: it is not a folder", hint=hint, place=Place(str(folder)))
    check_saved(folder / "evidence.json")
