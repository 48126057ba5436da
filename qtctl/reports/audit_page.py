"""An audit for people: the verdict, then causes with what follows from them, then what is not known."""

from collections.abc import Iterable

from qtctl.findings.finding import Proof
from qtctl.reports.audit import AuditReport, seen_by
from qtctl.reports.baseline_page import baseline_blocks
from qtctl.reports.blocks import BREAK, Blocks, Bullets, Code, Paragraph, Section, Strong, Table, Text, Title, joined
from qtctl.reports.blocks import table as table_of
from qtctl.reports.check import Check
from qtctl.reports.order import nested
from qtctl.reports.phrases import counted, words

HEADS = ("severity", "id", "subject", "expected", "observed", "declared", "proof", "remedy")
VERDICTS = {
    "as-declared": "As declared",
    "incomplete": "Incomplete: unknown is not a pass",
    "not-as-declared": "Not as declared",
}


def build_page(report: AuditReport) -> Blocks:
    head = (Title(f"Audit of {report.host}"), Paragraph(headline(report)), Paragraph(origin(report)))
    if report.unreachable:
        return (*head, Paragraph(f"Nothing could be asked: {report.unreachable}"))
    return (
        *head,
        Table(("severity", "holds", "broken", "unknown", "not asked"), tuple(severities(report))),
        Section("Findings", findings(report)),
        Section("Unknown", unknowns(report)),
        Section("Not asked", not_asked(report)),
        Section("Host", baseline_blocks(report.baseline)),
    )


def headline(report: AuditReport) -> Text:
    totals = report.totals
    waived = f" ({totals.waived} waived)" if totals.waived else ""
    found = f"{counted(totals.broken, 'finding')}{waived}, {totals.unknown} unknown"
    held = f"{totals.holds} of {counted(totals.total, 'check')} hold"
    return (
        Strong(f"{VERDICTS[report.verdict.value]}{seen_by(report)}."),
        f" {found}, {held}.",
    )


def origin(report: AuditReport) -> Text:
    return (
        f"Fleet {report.fleet}, evidence of {report.taken_at} from ",
        Code(report.address),
        f" by {report.transport} as ",
        Code(report.user),
        f", qtctl {report.qtctl_version}. The gate is {report.fail_on.value}."
        + (f" It is of a part: {report.selection}." if report.selection else ""),
    )


def severities(report: AuditReport) -> list[tuple[str, ...]]:
    rows = [(name.value, *map(str, counts.row)) for name, counts in report.totals.by_severity.items()]
    totals = report.totals
    return [*rows, ("all", *map(str, (totals.holds, totals.broken, totals.unknown, totals.not_asked)))]


def findings(report: AuditReport) -> Blocks:
    """Beneath a cause the findings that follow from it, and how many checks it leaves unknown."""
    hidden: dict[str, int] = {}
    for check in report.unknowns:
        if check.because is not None:
            hidden[check.because] = hidden.get(check.because, 0) + 1
    return table_of(HEADS, (row(depth, check, hidden) for depth, check in nested(report.findings)))


def row(depth: int, check: Check, hidden: dict[str, int]) -> tuple[Text, ...]:
    title = f"{check.title}: " if check.title else ""
    blind = hidden.get(check.fingerprint, 0)
    leaves = (BREAK, f"leaves {counted(blind, 'check')} unknown") if blind else ()
    waived = (BREAK, f"waived: {check.waiver}") if check.waiver else ()
    expired = (BREAK, f"its waiver expired: {check.expired_waiver}") if check.expired_waiver else ()
    return (
        "↳ " * depth + check.severity.value,
        check.id,
        (title, Code(check.subject), *leaves, *waived, *expired),
        words(check.expected),
        words(check.observed),
        Code(check.declared),
        proofs(check.proof),
        check.remedy,
    )


def proofs(every: Iterable[Proof]) -> Text:
    return joined((Code(proof.again), " → ", Code(proof.line)) for proof in every)


def unknowns(report: AuditReport) -> Blocks:
    """By reason, the most frequent first; a title is of what would be wrong, so here it is a question."""
    causes = {check.fingerprint: check for check in (*report.findings, *report.unknowns)}
    reasons: dict[str, list[Check]] = {}
    for check in report.unknowns:
        reasons.setdefault(check.reason or "no reason given", []).append(check)
    ordered = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Section(f"{reason} ({len(checks)})", (Bullets(tuple(unknown(check, causes) for check in checks)),))
        for reason, checks in ordered
    )


def not_asked(report: AuditReport) -> Blocks:
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


def unknown(check: Check, causes: dict[str, Check]) -> Text:
    root = causes.get(check.because or "")
    because: tuple[str | Code, ...] = (f", because of {root.id} ", Code(root.subject)) if root else ()
    return (f"{check.id} ", Code(check.subject), f": {check.title}?", *because)
