"""A rehearsal, for every format: the verdict, each step, what a deploy would do, and what was not modelled."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from qtctl.dialects.wording import count_more
from qtctl.findings.finding import Finding, Outcome
from qtctl.findings.verdict import Conclusion
from qtctl.model.rehearsal import StepKind
from qtctl.reports.blocks import (
    BREAK,
    Block,
    Blocks,
    Code,
    Column,
    Paragraph,
    Section,
    Strong,
    Text,
    Title,
    Tone,
    Toned,
    join,
    make_list,
    make_table,
)
from qtctl.reports.check import Check
from qtctl.reports.phrases import NONE, add_hint, format_count
from qtctl.reports.rehearsal import LackingPart, ProductionStep, RehearsalReport, RehearsalStep, to_json
from qtctl.reports.view import View
from qtctl.rules.rehearsal.steps import RULES

HEADLINES = {
    Conclusion.AS_DECLARED: "The deploy went through, and the fleet came back as declared after every failure.",
    Conclusion.NOT_AS_DECLARED: "Do not deploy this yet.",
    Conclusion.INCOMPLETE: "Nothing failed, and not everything could be tried.",
}
NAMES = {
    StepKind.BEFORE: "deploy what the host has",
    StepKind.DEPLOY: "deploy the registry",
    StepKind.AUDIT: "audit after the deploy",
    StepKind.KILL: "kill each service",
    StepKind.REDIS: "restart Redis",
    StepKind.REBOOT: "reboot",
    StepKind.DISK_FULL: "fill the disk",
    StepKind.ROLLBACK: "roll back",
}
OUTCOMES = {
    Outcome.HOLDS: Toned("passed", Tone.GOOD),
    Outcome.BROKEN: Toned("failed", Tone.BAD),
    Outcome.UNKNOWN: Toned("unknown", Tone.UNKNOWN),
    Outcome.NOT_ASKED: Toned("not tried", Tone.ASIDE),
}
LINES_SHOWN = 8
STEPS_SHOWN = 12
"""On a screen. A page has all of them."""


def build_view(report: RehearsalReport, findings: Sequence[Finding]) -> View:
    """`findings`: those of the report's checks."""
    return View(
        name="rehearse",
        about=report.host,
        json=partial(to_json, report),
        page=partial(build_page, report),
        screen=partial(build_screen, report),
        findings=lambda: findings,
        rules=tuple(each.id for each in RULES),
    )


def build_page(report: RehearsalReport) -> Blocks:
    return (*_build_head(report), *_build_body(report, None))


def build_screen(report: RehearsalReport) -> Iterable[Block]:
    return (*_build_head(report), *_build_body(report, STEPS_SHOWN))


def _build_head(report: RehearsalReport) -> Blocks:
    totals = report.totals
    counts = f" {totals.holds} passed, {totals.broken} failed, {totals.unknown} unknown, {totals.not_asked} not tried."
    return (
        Title(f"Rehearsal of {report.host}"),
        Paragraph((Strong(HEADLINES[report.conclusion]), counts)),
        Paragraph(
            f"Fleet {report.fleet}, evidence of {report.evidence_at}, on a throwaway host with {report.suite}, in "
            f"{report.took_s:.0f} s. What the host has now: {report.before_said}."
        ),
    )


def _build_body(report: RehearsalReport, most: int | None) -> Iterator[Block]:
    columns = ("step", "result", "what happened", Column("seconds", right=True))
    yield Section("Steps", make_table(columns, _list_steps(report.steps)))
    for step in report.steps:
        if step.outcome is not Outcome.HOLDS and (step.findings or step.details):
            yield Section((f"{NAMES[step.kind]}: ", Code(step.subject)), make_list(_list_open(step, most)))
    refused = ((Code(each.subject), f": {add_hint(each.reason, each.hint)}") for each in report.refusals)
    yield Section("A deploy would be refused", make_list(refused))
    yield Section(f"A deploy would take {format_count(len(report.plan), 'step')}", _list_plan(report.plan, most))
    yield Section("Not modelled", make_table(("what", "why"), map(_make_lacking_row, report.not_modelled)))


def _list_steps(steps: Sequence[RehearsalStep]) -> Iterator[tuple[Text, ...]]:
    """Services that came back after a kill share a row, with the slowest."""
    killed = [each for each in steps if each.kind is StepKind.KILL and each.outcome is Outcome.HOLDS]
    for step in steps:
        if step not in killed or len(killed) == 1:
            yield _make_row(step)
        elif step is killed[0]:
            slowest = max(killed, key=lambda each: each.took_s or 0.0)
            said = f"{format_count(len(killed), 'service')} run again, {slowest.subject} last"
            yield NAMES[StepKind.KILL], OUTCOMES[Outcome.HOLDS], said, _format_seconds(slowest)


def _make_row(step: RehearsalStep) -> tuple[Text, ...]:
    name: Text = (f"{NAMES[step.kind]}: ", Code(step.subject)) if step.kind is StepKind.KILL else NAMES[step.kind]
    said = f"not tried, because of: {NAMES[step.after]}" if step.after is not None else step.said
    return name, OUTCOMES[step.outcome], said, _format_seconds(step)


def _format_seconds(step: RehearsalStep) -> str:
    return NONE if step.took_s is None else f"{step.took_s:.1f}"


def _list_open(step: RehearsalStep, most: int | None) -> Iterator[Text]:
    lines: list[Text] = [*step.details, *map(_describe_check, step.findings)]
    shown = lines if most is None else lines[:LINES_SHOWN]
    yield from shown
    if left := len(lines) - len(shown):
        yield f"{count_more(left)}: --format md shows all"


def _describe_check(check: Check) -> Text:
    how = check.title if check.outcome is Outcome.BROKEN else f"{check.title}? {check.reason or 'unknown'}"
    return (Toned(check.id, Tone.BAD), " ", Code(check.subject), f": {how}")


def _list_plan(plan: Sequence[ProductionStep], most: int | None) -> Blocks:
    shown = plan if most is None else plan[:most]
    left = len(plan) - len(shown)
    more = (Paragraph(f"And {format_count(left, 'more step', 'more steps')}: --format md shows all."),) if left else ()
    return (*make_table(("step", "what", "why", "along with it"), map(_make_plan_row, shown)), *more)


def _make_plan_row(step: ProductionStep) -> tuple[Text, ...]:
    return step.kind.value, Code(step.subject), step.why, join(step.along, BREAK)


def _make_lacking_row(each: LackingPart) -> tuple[Text, ...]:
    head: Text = (Toned(each.subject, Tone.UNKNOWN), " (gap)") if each.gap else each.subject
    return head, add_hint(each.why, each.remedy)
