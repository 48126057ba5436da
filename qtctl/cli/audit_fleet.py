"""qtctl audit of several hosts: one line per host, one summary, one exit code."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qtctl.cli.evidence import save_text
from qtctl.cli.exits import Exit, choose_exit, decide
from qtctl.cli.output import choose_format, present, show_progress, withhold
from qtctl.errors import InputError, Place
from qtctl.model.events import Event, Stage, begun, done, failed

if TYPE_CHECKING:
    from qtctl.cli.audit_part import Shown
    from qtctl.fleet.examine import HostResult, Judging
    from qtctl.flows.earlier import Earlier
    from qtctl.model.selection import HostSelection


class FleetSource(NamedTuple):
    """The registry, which of its hosts are asked, and how."""

    registry: Path
    wanted: "HostSelection"
    user: str | None = None
    templates: Path | None = None
    become: bool = False


def audit_fleet(chosen: FleetSource, shown: "Shown", *, save: Path | None) -> Exit:
    from qtctl.api import fleet
    from qtctl.reports.fleet_view import build_view
    from qtctl.reports.view import name_under

    if save is not None:
        _check_folder(save)
    results: dict[int, HostResult] = {}
    judging = _make_judging(shown, with_evidence=save is not None)
    with closing(examine_hosts(chosen, judging, shown.part.read_earlier())) as examined:
        for each in examined:
            if save is not None and each.evidence is not None:
                save_text(each.evidence, save / f"{each.target}.json")
            results[each.number] = replace(each, evidence=None)
    ordered = [each for _, each in sorted(results.items())]
    report = fleet.report([each.report for each in ordered])
    findings = [finding for each in ordered for finding in each.findings]
    present(
        build_view(report, findings, name_under(chosen.registry, chosen.templates), verbose=shown.verbose), shown.format
    )
    return decide(choose_exit(each.verdict) for each in report.hosts)


def examine_hosts(
    chosen: FleetSource, judging: "Judging", earlier: "Earlier | None" = None
) -> "Generator[HostResult, None, None]":
    """Each host as soon as it has been judged. Nothing is connected to before the registry is checked."""
    from qtctl.api import fleet
    from qtctl.api.registry import load
    from qtctl.engines.relay import watch

    engine = fleet.start_engine()
    try:
        registry = load(chosen.registry)
        targets = fleet.select_hosts(registry, chosen.wanted)
        basis = fleet.make_common_basis(registry, templates=chosen.templates, earlier=earlier)
        tasks = fleet.make_examinations(basis, targets, judging, user=chosen.user, become=chosen.become)
        withhold(*fleet.read_passwords(basis, tasks))
        with show_progress(named=True) as say:
            watch(engine, say)
            say(begun("", Stage.CONNECT, f"connecting to {len(targets)} hosts"))
            for number, each in enumerate(fleet.examine(engine, basis, tasks), start=1):
                say(_build_end_event(each, f"{number} of {len(targets)} hosts asked"))
                yield each
    finally:
        engine.shutdown(wait=False, cancel_futures=True)


def _make_judging(shown: "Shown", *, with_evidence: bool) -> "Judging":
    from qtctl.fleet.examine import Judging
    from qtctl.formats.catalogue import reads_findings

    with_held = reads_findings(choose_format(shown.format))
    return Judging(shown.part.selection, shown.part.gate, shown.every, with_held, with_evidence)


def _build_end_event(result: "HostResult", detail: str) -> Event:
    if result.reached:
        return done(result.target, Stage.COLLECT, detail)
    return failed(result.target, Stage.CONNECT, f"not reached; {detail}")


def _check_folder(folder: Path) -> None:
    """InputError if evidence could not be saved below it: checked before any host is asked."""
    from qtctl.adapters.saved_file import check_saved

    if folder.exists() and not folder.is_dir():
        hint = "several hosts are saved below a folder, a file each"
        raise InputError("cannot be written: it is not a folder", hint=hint, place=Place(str(folder)))
    check_saved(folder / "evidence.json")
