"""What an operator's action does on hosts, before it and afterwards, for every format."""

from collections.abc import Iterator, Sequence
from functools import partial

from qtctl.model.control import ControlPlan, ControlStatus, ControlVerb
from qtctl.model.plan import Effect
from qtctl.reports.blocks import (
    Block,
    Blocks,
    Bullets,
    Code,
    Paragraph,
    Section,
    Strong,
    Table,
    Text,
    Title,
    Tone,
    Toned,
)
from qtctl.reports.control import ControlHost, ControlReport, ControlResultRow, to_json
from qtctl.reports.phrases import add_hint
from qtctl.reports.view import View

COLUMNS = ("unit", "result", "before", "now", "why")
_PLAIN = {
    ControlVerb.ENABLE: "enabled",
    ControlVerb.DISABLE: "disabled",
    ControlVerb.KILL: "signal sent",
    ControlVerb.RESET_FAILED: "reset",
}
_ENDS = {
    ControlStatus.DONE: Toned("done", Tone.GOOD),
    ControlStatus.FAILED: Toned("failed", Tone.BAD),
    ControlStatus.REFUSED: Toned("refused", Tone.BAD),
    ControlStatus.DECLINED: Toned("not confirmed", Tone.ASIDE),
    ControlStatus.NOT_REACHED: Toned("not reached", Tone.UNKNOWN),
    ControlStatus.INTERRUPTED: Toned("interrupted", Tone.UNKNOWN),
    ControlStatus.UNKNOWN: Toned("unknown", Tone.UNKNOWN),
}
_VERBS = {Effect.STOPS: "stops", Effect.RESTARTS: "restarts", Effect.STARTS: "starts"}


def build_view(report: ControlReport) -> View:
    about = report.hosts[0].address if len(report.hosts) == 1 else ""
    return View(name=str(report.verb), about=about, json=partial(to_json, report), page=partial(build_page, report))


def build_page(report: ControlReport) -> Blocks:
    """What was planned and how it ended."""
    hosts = (Section(host.address, (*_build_before(host), *build_results(report.verb, host))) for host in report.hosts)
    return (Title(f"qtctl {report.verb}"), *hosts)


def _build_before(host: ControlHost) -> Iterator[Block]:
    yield from _list_along([(each.unit, each.effect, each.by) for each in host.along])
    yield from _list_against([(each.unit, each.what) for each in host.contradictions])


def build_results(verb: ControlVerb, host: ControlHost) -> Iterator[Block]:
    end = _ENDS[host.status]
    why = f": {add_hint(host.why, host.hint)}" if host.why else ""
    if not host.results:
        yield Paragraph((end, why))
        return
    if why:
        yield Paragraph((end, why))
    yield Table(COLUMNS, tuple(_make_row(verb, each) for each in host.results))


def _make_row(verb: ControlVerb, row: ControlResultRow) -> tuple[Text, ...]:
    good = row.result in ("done", "skipped")
    word = _PLAIN.get(verb, str(row.result)) if row.result == "done" and not row.by else str(row.result)
    now = f"{row.after} ({row.sub_after})" if row.after else "unknown"
    tone = Tone.GOOD if good else Tone.UNKNOWN if row.result == "unknown" else Tone.BAD
    return (row.unit, Toned(word, tone), row.before or "unknown", now, row.detail or row.by)


def build_plan(target: str, plan: ControlPlan) -> Blocks:
    """What is shown before anybody is asked."""
    verb = str(plan.request.verb)
    stages = tuple(_write_stage(stage) for stage in plan.stages)
    steps: Block = Bullets(stages) if len(stages) > 1 else Paragraph(stages[0] if stages else "nothing")
    order = " (one line after the other)" if len(stages) > 1 else ""
    return (
        Paragraph((Strong(f"{target}: {verb}"), order)),
        steps,
        *_list_along([(each.unit, each.effect, each.by) for each in plan.drags]),
        *_list_against([(each.unit, each.what) for each in plan.contradictions]),
        *((Bullets(tuple(f"{unit}: {what}" for unit, what in plan.notes)),) if plan.notes else ()),
    )


def _write_stage(stage: Sequence[str]) -> Text:
    return ", ".join(stage)


def _list_along(rows: Sequence[tuple[str, Effect, str]]) -> Iterator[Block]:
    if rows:
        yield Paragraph("Along with that:")
        yield Bullets(tuple((Code(unit), f" {_VERBS[effect]} ({by})") for unit, effect, by in rows))


def _list_against(rows: Sequence[tuple[str, str]]) -> Iterator[Block]:
    if rows:
        yield Paragraph((Toned("This contradicts the registry", Tone.WARNING), "; the host's journal records it:"))
        yield Bullets(tuple((Code(unit), f" {what}") for unit, what in rows))
