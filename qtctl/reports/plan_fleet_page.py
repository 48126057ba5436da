"""The plans of several hosts for people: each plan once, with the hosts that share it, and the batches."""

from collections.abc import Iterator, Mapping, Sequence

from qtctl.model.plan import Plan
from qtctl.reports import plan_screen
from qtctl.reports.blocks import Block, Blocks, Code, Column, Paragraph, Section, Text, Title, make_list, make_table
from qtctl.reports.host_names import fold_names
from qtctl.reports.phrases import add_hint, format_count
from qtctl.reports.plan import PlanConclusion
from qtctl.reports.plan_fleet import FleetPlanReport, SharedPlan
from qtctl.reports.plan_page import HEADLINES, show_plan

SAID = {PlanConclusion.CHANGES: "with changes", PlanConclusion.NOTHING: "as declared"}


def build_page(report: FleetPlanReport) -> Blocks:
    return (
        Title(f"Plan for {format_count(len(report.hosts), 'host')}"),
        Paragraph(describe_counts(report)),
        *_show_batches(report.batches, title="Batches"),
        Section("Not planned", make_list(_list_unplanned(report))),
        *(Section(_write_title(plan), _show_plan(plan)) for plan in report.plans),
    )


def build_screen(report: FleetPlanReport, plans: Mapping[str, Plan], *, verbose: bool) -> Iterator[Block]:
    """`plans`: by address."""
    for shared in report.plans:
        named = f"{fold_names(shared.hosts)} ({format_count(len(shared.hosts), 'host')}, the same plan)"
        name = named if len(shared.hosts) > 1 else shared.hosts[0]
        if not shared.refusals:
            yield from plan_screen.build_screen(plans[shared.hosts[0]], name, verbose=verbose)
        if shared.contents_differ:
            yield Paragraph(DIFFER)
    yield from _show_batches(report.batches, title="Batches")
    yield Paragraph(describe_counts(report))


DIFFER = "The contents of env files, which are not shown, differ between these hosts."


def describe_counts(report: FleetPlanReport) -> str:
    """12 hosts: 11 with changes, 1 as declared."""
    ends = [each.conclusion for each in report.hosts]
    parts = [f"{ends.count(end)} {said}" for end, said in SAID.items() if end in ends]
    blocked = sum(end not in SAID for end in ends)
    parts += [f"{blocked} that cannot be deployed"] if blocked else []
    return f"{format_count(len(ends), 'host')}: {', '.join(parts)}."


def _show_batches(batches: Sequence[Sequence[str]], *, title: str) -> Blocks:
    rows = ((str(number), str(len(batch)), fold_names(batch)) for number, batch in enumerate(batches, 1))
    return make_table((Column("batch", right=True), Column("hosts", right=True), "which"), rows, title)


def _list_unplanned(report: FleetPlanReport) -> Iterator[Text]:
    for each in report.hosts:
        if each.error is not None:
            yield (Code(each.address), f": {add_hint(each.error, each.hint)}")


def _write_title(plan: SharedPlan) -> Text:
    return (Code(fold_names(plan.hosts)), f": {HEADLINES[plan.conclusion].lower()}")


def _show_plan(plan: SharedPlan) -> Blocks:
    alike = (Paragraph(f"{format_count(len(plan.hosts), 'host')} with the same plan."),) if plan.hosts[1:] else ()
    differ = (Paragraph(DIFFER),) if plan.contents_differ else ()
    nothing = (Paragraph("Nothing to change."),) if plan.conclusion is PlanConclusion.NOTHING else ()
    return (*alike, *differ, *nothing, *show_plan(plan.refusals, plan.steps, plan.notes))
