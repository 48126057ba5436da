"""An audit for people: the verdict, then causes with their consequences, then what is unknown."""

from collections.abc import Iterable, Sequence

from qtctl.findings.finding import Proof
from qtctl.reports.audit import AuditReport, describe_root_checks
from qtctl.reports.baseline_page import show_baseline
from qtctl.reports.blocks import BREAK, Blocks, Bullets, Code, Paragraph, Section, Strong, Table, Text, Title, join
from qtctl.reports.blocks import make_table as table_of
from qtctl.reports.check import Check
from qtctl.reports.order import nest_by_cause
from qtctl.reports.phrases import count_holding, format_count, format_json
from qtctl.reports.verdict_words import write_head

HEADS = ("severity", "id", "subject", "expected", "observed", "declared", "proof", "remedy")


def build_page(report: AuditReport, elsewhere: Sequence[Check] = ()) -> Blocks:
    """`elsewhere`: findings that are shown in another place, because other hosts have them, too."""
    head = (Title(f"Audit of {report.host}"), Paragraph(write_headline(report)), Paragraph(write_origin(report)))
    if report.unreachable:
        return (*head, Paragraph(f"Nothing could be asked: {report.unreachable}"))
    left_out = set(map(id, elsewhere))
    own = [check for check in report.findings if id(check) not in left_out]
    return (
        *head,
        Table(("severity", "holds", "broken", "unknown", "not asked"), tuple(list_severities(report))),
        Section("Findings", (*show_findings(own, report.unknowns), *_point_elsewhere(elsewhere))),
        Section("Unknown", show_unknowns(report.findings, report.unknowns)),
        Section("Not asked", show_not_asked(report)),
        Section("Host", show_baseline(report.baseline)),
    )


def write_headline(report: AuditReport) -> Text:
    totals = report.totals
    waived = f" ({totals.waived} waived)" if totals.waived else ""
    found = f"{format_count(totals.broken, 'finding')}{waived}, {totals.unknown} unknown"
    return (
        Strong(f"{write_head(report.verdict, totals)}{describe_root_checks(report)}."),
        f" {found}, {count_holding(totals.holds, totals.total)}.",
    )


def write_origin(report: AuditReport) -> Text:
    return (
        f"Fleet {report.fleet}, evidence of {report.taken_at} from ",
        Code(report.address),
        f" by {report.transport} as ",
        Code(report.user),
        f", qtctl {report.qtctl_version}. The gate is {report.fail_on.value}."
        + (f" Only a part was judged: {report.selection}." if report.selection else ""),
    )


def list_severities(report: AuditReport) -> list[tuple[str, ...]]:
    rows = [(name.value, *map(str, counts.row)) for name, counts in report.totals.by_severity.items()]
    totals = report.totals
    return [*rows, ("all", *map(str, (totals.holds, totals.broken, totals.unknown, totals.not_asked)))]


def show_findings(findings: Iterable[Check], unknowns: Iterable[Check]) -> Blocks:
    """Beneath a cause, the findings that follow from it, and how many checks it leaves unknown."""
    hidden: dict[str, int] = {}
    for check in unknowns:
        if check.because is not None:
            hidden[check.because] = hidden.get(check.because, 0) + 1
    return table_of(HEADS, (make_row(depth, check, hidden) for depth, check in nest_by_cause(findings)))


def _point_elsewhere(elsewhere: Sequence[Check]) -> Blocks:
    if not elsewhere:
        return ()
    ids = ", ".join(dict.fromkeys(check.id for check in elsewhere))
    more = format_count(
        len(elsewhere), "finding that other hosts have too is", "findings that other hosts have too are"
    )
    return (Paragraph(f"{more} shown above ({ids})."),)


def make_row(depth: int, check: Check, hidden: dict[str, int]) -> tuple[Text, ...]:
    title = f"{check.title}: " if check.title else ""
    blind = hidden.get(check.fingerprint, 0)
    leaves = (BREAK, f"leaves {format_count(blind, 'check')} unknown") if blind else ()
    waived = (BREAK, f"waived: {check.waiver}") if check.waiver else ()
    expired = (BREAK, f"its waiver expired: {check.expired_waiver}") if check.expired_waiver else ()
    return (
        "↳ " * depth + check.severity.value,
        check.id,
        (title, Code(check.subject), *leaves, *waived, *expired),
        format_json(check.expected),
        format_json(check.observed),
        Code(check.declared),
        format_proofs(check.proof),
        check.remedy,
    )


def format_proofs(every: Iterable[Proof]) -> Text:
    return join((Code(proof.again), " → ", Code(proof.line)) for proof in every)


def show_unknowns(findings: Iterable[Check], unknowns: Sequence[Check]) -> Blocks:
    """Unknown checks by reason, most frequent first. A title says what would be wrong, so it becomes a question."""
    causes = {check.fingerprint: check for check in (*findings, *unknowns)}
    reasons: dict[str, list[Check]] = {}
    for check in unknowns:
        reasons.setdefault(check.reason or "no reason given", []).append(check)
    ordered = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Section(f"{reason} ({len(checks)})", (Bullets(tuple(format_unknown(check, causes) for check in checks)),))
        for reason, checks in ordered
    )


def show_not_asked(report: AuditReport) -> Blocks:
    """A line for each rule: what it asks, and of how many things."""
    rules: dict[str, list[Check]] = {}
    for check in report.not_asked:
        rules.setdefault(check.id, []).append(check)
    if not rules:
        return ()
    lines = (
        f"{id_} {checks[0].title}? ({', '.join(each.subject for each in checks)})"
        for id_, checks in sorted(rules.items())
    )
    return (Paragraph("Only root can tell, and --become asks it:"), Bullets(tuple(lines)))


def format_unknown(check: Check, causes: dict[str, Check]) -> Text:
    root = causes.get(check.because or "")
    because: tuple[str | Code, ...] = (f", because of {root.id} ", Code(root.subject)) if root else ()
    return (f"{check.id} ", Code(check.subject), f": {check.title}?", *because)
