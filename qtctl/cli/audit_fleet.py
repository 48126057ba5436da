"""qtctl audit of several hosts: one line a host, one summary, one exit code."""

from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qtctl.cli.exits import Exit, decide, of_conclusion
from qtctl.cli.output import Format, cell, draw, present, progress, table, tell, withhold
from qtctl.errors import InputError, Place
from qtctl.model.events import Event, Stage, begun, done, failed

if TYPE_CHECKING:
    from qtctl.cli.tables import Rows
    from qtctl.fleet.ask import Asked
    from qtctl.report.audit import AuditReport
    from qtctl.report.fleet import FleetReport


class Selection(NamedTuple):
    """`names`: hosts and globs, as they were given."""

    registry: Path
    names: tuple[str, ...]
    user: str | None = None
    templates: Path | None = None


def audit_fleet(chosen: Selection, *, save: Path | None, format_: Format | None, every: bool) -> Exit:
    from qtctl.api import audit, fleet
    from qtctl.cli.evidence import save as keep
    from qtctl.report.fleet import to_json
    from qtctl.report.fleet_markdown import to_markdown

    if save is not None:
        _check_folder(save)
    reports: dict[int, AuditReport] = {}
    with closing(_asked(chosen)) as asked:
        for each in asked:
            if save is not None:
                keep(each.evidence, save / f"{each.target}.json")
            checks = audit.judge(each.declared, each.evidence)
            reports[each.number] = audit.report(each.declared, each.evidence, checks, every=every)
    report = fleet.report([each for _, each in sorted(reports.items())])
    present(format_, lambda: to_json(report), lambda: to_markdown(report), lambda: _show(report))
    return decide(of_conclusion(each.verdict) for each in report.hosts)


def _asked(chosen: Selection) -> "Generator[Asked, None, None]":
    """Each host as soon as it has answered. Nothing is connected to before the registry is checked."""
    from qtctl.api import fleet
    from qtctl.api.registry import load
    from qtctl.engines.relay import watch

    engine = fleet.engine()
    try:
        registry = load(chosen.registry)
        targets = fleet.hosts(registry, chosen.names)
        question = fleet.question(registry, targets, user=chosen.user)
        withhold(*question.secrets)
        with progress(named=True) as say:
            watch(engine, say)
            say(begun("", Stage.CONNECT, f"connecting to {len(targets)} hosts"))
            for number, each in enumerate(fleet.ask(question, engine, templates=chosen.templates), start=1):
                say(_ended(each, f"{number} of {len(targets)} hosts asked"))
                yield each
    finally:
        engine.shutdown(wait=False, cancel_futures=True)


def _ended(asked: "Asked", detail: str) -> Event:
    if any(item.state.known for item in asked.evidence.items):
        return done(asked.target, Stage.COLLECT, detail)
    return failed(asked.target, Stage.CONNECT, f"not reached; {detail}")


def _check_folder(folder: Path) -> None:
    """InputError where evidence could not be saved below it: asked before any host is."""
    from qtctl.adapters.files import check_writable

    if folder.exists() and not folder.is_dir():
        hint = "several hosts are saved below a folder, a file each"
        raise InputError("cannot be written: it is no folder", hint=hint, place=Place(str(folder)))
    check_writable(folder / "evidence.json")


def _show(report: "FleetReport") -> None:
    """One line a host; then the findings and unknowns of each that has any and could be asked; then the totals."""
    from qtctl.cli.audit_table import show
    from qtctl.report.fleet import why_unreachable

    draw(_hosts(report.hosts))
    for each in report.hosts:
        asked = not why_unreachable(each)
        if each.checks is not None or (asked and (each.findings or each.unknowns)):
            show(each)
    totals = report.totals
    tell(
        f"{totals.hosts} hosts: {totals.as_declared} as declared, {totals.not_as_declared} not as declared, "
        f"{totals.incomplete} incomplete · {totals.checks} checks: {totals.holds} hold, {totals.broken} broken, "
        f"{totals.unknown} unknown"
    )


def _hosts(reports: "Sequence[AuditReport]") -> "Rows":
    from qtctl.cli.audit_table import VERDICTS
    from qtctl.report.fleet import why_unreachable

    shown = table("host", "verdict", "holds", "broken", "unknown", "unreachable because", title="Hosts")
    for each in reports:
        counts = map(str, (each.totals.holds, each.totals.broken, each.totals.unknown))
        shown.row(each.address, cell(VERDICTS[each.verdict.value]), *counts, why_unreachable(each))
    return shown
