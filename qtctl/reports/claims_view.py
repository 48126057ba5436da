"""What a document claims, for every format: what is false, what shows it, and what was not checked."""

from collections.abc import Sequence
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.findings.verdict import Conclusion
from qtctl.model.claims import Verdict
from qtctl.reports.blocks import (
    BREAK,
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
    make_table,
)
from qtctl.reports.claims import ClaimRow, ClaimsReport, to_json
from qtctl.reports.phrases import format_count
from qtctl.reports.view import View
from qtctl.rules.claims.document import RULES

VERDICTS = {
    Conclusion.AS_DECLARED: "Nothing in it is false.",
    Conclusion.NOT_AS_DECLARED: "It is not right.",
    Conclusion.INCOMPLETE: "Not everything could be settled.",
}
LONGEST, MOST = 160, 20
"""Characters of a line on a page, and how many unchecked lines it has. JSON has all of them."""
COLUMNS = (Column("line", right=True), "it says", "but")


def build_view(report: ClaimsReport, findings: Sequence[Finding]) -> View:
    """`findings`: one for each claim."""
    return View(
        name="check-claims", about=report.file, json=partial(to_json, report), page=partial(build_page, report),
        findings=lambda: findings, rules=tuple(each.id for each in RULES), home=lambda: Place(report.file),
    )  # fmt: skip


def build_page(report: ClaimsReport) -> Blocks:
    totals = report.totals
    wrong = totals.false + totals.contradicts_itself
    said = (
        f" {format_count(totals.claims, 'claim')} understood: {totals.true} true, {wrong} false, {totals.unknown} not "
        f"known; {format_count(totals.not_checked, 'line')} not checked."
    )
    return (
        Title(("Claims of ", Code(report.file))),
        Paragraph((Strong(VERDICTS[report.conclusion]), said)),
        *(Paragraph(f"Compared with {report.host}, {_describe_source(report)}.") for _ in (1,) if report.host),
        *_show_claims(report, Verdict.CONTRADICTED, "Contradicts itself"),
        *_show_claims(report, Verdict.FALSE, "Not so on the host"),
        *_show_claims(report, Verdict.UNKNOWN, "Not settled by this evidence"),
        *_list_unchecked(report),
    )


def _describe_source(report: ClaimsReport) -> str:
    return f"as seen {report.evidence_at}" if report.evidence_at else "as the registry declares it"


def _show_claims(report: ClaimsReport, verdict: Verdict, title: str) -> Blocks:
    rows = [each for each in report.claims if each.verdict is verdict]
    if verdict is Verdict.UNKNOWN and not report.host:
        return _count_unasked(len(rows))
    table = make_table(COLUMNS, map(_make_row, rows))
    return (Section(f"{title} ({len(rows)})", table),) if rows else ()


def _count_unasked(number: int) -> Blocks:
    if not number:
        return ()
    claims, it = format_count(number, "claim is", "claims are"), "it" if number == 1 else "them"
    return (Paragraph(f"{claims} about a host: --registry and --from compare {it} with what is declared and seen."),)


def _make_row(row: ClaimRow) -> tuple[Text, ...]:
    where = f" (line {row.other_line})" if row.other_line and row.other_line != row.line else ""
    tone = Tone.UNKNOWN if row.verdict is Verdict.UNKNOWN else Tone.BAD
    return (str(row.line), _cut(row.text), (Toned(row.id, tone), BREAK, f"{_cut(row.why)}{where}"))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _list_unchecked(report: ClaimsReport) -> Blocks:
    rows = [(str(each.line), _cut(each.text)) for each in report.not_checked[:MOST]]
    left = len(report.not_checked) - len(rows)
    more: Blocks = (Paragraph(f"{left} more; --format json lists them."),) if left else ()
    body = (*make_table((Column("line", right=True), "it says"), rows), *more)
    return (Section(f"Not checked ({len(report.not_checked)})", body),) if rows else ()
