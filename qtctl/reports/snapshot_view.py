"""A snapshot, the list of them, and the check of their chains, for every format."""

from collections.abc import Mapping, Sequence
from functools import partial

from qtctl.findings.finding import Finding
from qtctl.findings.verdict import Conclusion
from qtctl.model.snapshot import RowKind, Scalar
from qtctl.reports.blocks import (
    BREAK,
    TONES,
    Blocks,
    Code,
    Column,
    Paragraph,
    Section,
    Strong,
    Text,
    Title,
    Toned,
    make_list,
    make_table,
)
from qtctl.reports.phrases import format_count, format_size
from qtctl.reports.snapshot import (
    SnapshotCheckReport,
    SnapshotReport,
    SnapshotRow,
    SnapshotsReport,
    to_json,
)
from qtctl.reports.view import View
from qtctl.rules.history.chain import RULES

SHOWN = 12
"""Characters of a digest: as much as names it."""
VERDICTS = {
    Conclusion.AS_DECLARED: "Every snapshot is as it was written, and none is missing.",
    Conclusion.NOT_AS_DECLARED: "The history is not whole.",
    Conclusion.INCOMPLETE: "Not everything could be judged.",
}


def build_view(report: SnapshotReport, *, whole: bool) -> View:
    """`whole`: every row is listed."""
    return View(
        name="snapshot", about=report.snapshot.host, json=partial(to_json, report),
        page=partial(build_page, report, whole=whole),
    )  # fmt: skip


def build_list_view(report: SnapshotsReport) -> View:
    return View(name="snapshots", about=report.store, json=partial(to_json, report), page=partial(_list_page, report))


def build_check_view(report: SnapshotCheckReport, findings: Sequence[Finding]) -> View:
    """`findings`: all that was judged, with what holds."""
    return View(
        name="snapshot-check", about=report.store, json=partial(to_json, report), page=partial(_check_page, report),
        findings=lambda: findings, rules=tuple(each.id for each in RULES),
    )  # fmt: skip


_COUNTED = {"holds": "hold", "not-asked": "not asked"}


def build_page(report: SnapshotReport, *, whole: bool) -> Blocks:
    row = report.snapshot
    taken = f"Taken {row.taken_at} by {row.by}, of {row.host} ({row.address}), fleet {row.fleet}."
    checks = ", ".join(f"{number} {_COUNTED.get(outcome, outcome)}" for outcome, number in row.checks.items() if number)
    counts = ", ".join(format_count(number, kind.value) for kind, number in row.counts.items())
    stored = (f"{format_size(row.bytes)}{', signed' if row.signed else ''}, stored in ", Code(row.where))
    return (
        Title(f"Snapshot {row.number} of {row.host}"),
        Paragraph(taken),
        Paragraph(stored),
        Paragraph(("Digest ", Code(row.digest), *((", follows ", Code(row.previous)) if row.previous else ()), ".")),
        Paragraph(f"{counts}. Checks: {checks or 'none'}."),
        *make_list(f"{each}: removed: older than what --keep keeps" for each in report.pruned),
        *((_show_kind(report, kind) for kind in RowKind if report.rows.get(kind)) if whole else ()),
    )


def _show_kind(report: SnapshotReport, kind: RowKind) -> Section:
    rows = ((Code(name), _format_row(row)) for name, row in sorted(report.rows[kind].items()))
    return Section(f"{kind.value}s".capitalize(), make_table(("name", "says"), rows))


def _format_row(row: Mapping[str, Scalar]) -> Text:
    return ", ".join(f"{key} {_shorten(value)}" for key, value in row.items()) or "there"


def _shorten(value: Scalar) -> str:
    text = {True: "yes", False: "no", None: "none"}[value] if isinstance(value, bool | None) else str(value)
    return text[:SHOWN] if len(text) == 64 and text.isalnum() else text  # noqa: PLR2004 - SHA-256


def _list_page(report: SnapshotsReport) -> Blocks:
    columns = ("host", Column("number", right=True), "taken", "digest", Column("size", right=True), "checks")
    damaged = make_list((Toned("damaged", TONES["error"]), " ", Code(each)) for each in report.damaged)
    if not report.snapshots and not damaged:
        return (Title("Snapshots"), Paragraph(("None in ", Code(report.store), ".")))
    return (Title("Snapshots"), *make_table(columns, map(_make_row, report.snapshots)), *damaged)


def _make_row(row: SnapshotRow) -> tuple[Text, ...]:
    broken, unknown = row.checks.get("broken", 0), row.checks.get("unknown", 0)
    said = f"{row.checks.get('holds', 0)} hold, {broken} broken" + (f", {unknown} unknown" if unknown else "")
    signed = " (signed)" if row.signed else ""
    return (
        row.host,
        str(row.number),
        f"{row.taken_at[:16].replace('T', ' ')}{signed}",
        row.digest[:SHOWN],
        format_size(row.bytes),
        said,
    )


def _check_page(report: SnapshotCheckReport) -> Blocks:
    totals = report.totals
    hosts = ", ".join(f"{host} ({number})" for host, number in report.hosts.items()) or "none"
    said = f"{totals.holds} hold, {totals.broken} broken, {totals.unknown} unknown. Hosts: {hosts}."
    rows = (
        (
            (Toned(each.severity.value, TONES[each.severity.value]), BREAK, each.id),
            (each.host, BREAK, Code(each.subject)),
            (str(each.observed or each.reason or ""), BREAK, each.remedy) if each.remedy else str(each.reason or ""),
        )
        for each in report.findings
    )
    return (
        Title("Check of snapshots"),
        Paragraph((Strong(VERDICTS[report.conclusion]), f" {said}")),
        *make_table(("finding", "where", "what"), rows),
    )
