"""The audit as a person reads it on a screen: a block for each finding, the verdict last."""

from collections.abc import Iterable, Iterator

from qtctl.findings.finding import Outcome
from qtctl.reports.audit import AuditReport
from qtctl.reports.blocks import TONES, Block, Blocks, Code, Paragraph, Part, Record, Text, Tone, Toned, joined, table
from qtctl.reports.check import Check
from qtctl.reports.order import nested
from qtctl.reports.phrases import counted, words

VERDICTS = {
    "as-declared": Toned("as declared", Tone.GOOD),
    "incomplete": Toned("incomplete: not everything is known", Tone.UNKNOWN),
    "not-as-declared": Toned("not as declared", Tone.BAD),
}


def screen(report: AuditReport) -> Iterator[Block]:
    """Findings, roots before what follows from them; unknowns by reason; what holds where asked for; the totals."""
    yield from _findings(report.findings)
    yield from _unknowns(report)
    yield from _holding(report.checks or ())
    yield Paragraph(_headline(report))


def _findings(findings: Iterable[Check]) -> Blocks:
    return tuple(_finding(depth, check) for depth, check in nested(findings))


def _finding(depth: int, check: Check) -> Record:
    fields: tuple[tuple[str, Text], ...] = (
        ("", check.title),
        ("expected", words(check.expected)),
        ("observed", words(check.observed)),
        ("declared", check.declared),
        ("proof", joined((Code(proof.again), " → ", proof.line) for proof in check.proof)),
        ("waived", check.waiver or ""),
        ("fix", check.remedy),
    )
    severity = Toned(check.severity.value, TONES[check.severity.value])
    return Record((severity, check.id, Code(check.subject)), fields, depth)


def _unknowns(report: AuditReport) -> Blocks:
    """By reason, the most frequent first. Of a host that was not reached, one line, whatever could not be asked."""
    if report.unreachable:
        return (Paragraph((Toned("unknown", Tone.UNKNOWN), f": {report.unreachable}"), hang=2),)
    unknowns = report.unknowns
    reasons: dict[str, list[Check]] = {}
    for check in unknowns:
        reasons.setdefault(check.reason or "no reason given", []).append(check)
    return tuple(
        Record(
            (Toned("unknown", Tone.UNKNOWN), f"{counted(len(those), 'check')}:", reason),
            (("such as", (f"{those[0].id} ", Code(those[0].subject))),),
        )
        for reason, those in sorted(reasons.items(), key=lambda item: -len(item[1]))
    )


def _holding(checks: Iterable[Check]) -> Blocks:
    rows = ((check.id, check.subject, words(check.expected)) for check in checks if check.outcome is Outcome.HOLDS)
    return table(("id", "subject", "expected"), rows, "As declared")


def _headline(report: AuditReport) -> tuple[Part, ...]:
    totals = report.totals
    return (
        f"{report.host}, asked at {report.address}, {report.taken_at}: ",
        VERDICTS[report.verdict.value],
        f" · {totals.total} checks: {totals.holds} hold, {totals.broken} broken, {totals.unknown} unknown",
    )
