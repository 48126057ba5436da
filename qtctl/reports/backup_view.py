"""A backup, and the list of them, for every format."""

from collections import Counter
from functools import partial

from qtctl.model.backup import EntryKind
from qtctl.reports.backup import BackupEntry, BackupReport, BackupsReport, to_json
from qtctl.reports.blocks import Blocks, Code, Paragraph, Section, Table, Text, Title
from qtctl.reports.phrases import format_count
from qtctl.reports.view import View

_NOUNS = {
    EntryKind.FILE: "file",
    EntryKind.LINK: "link",
    EntryKind.FOLDER: "folder",
    EntryKind.STAMP: "timer stamp",
    EntryKind.PRESENT: "uncopied file",
    EntryKind.OTHER: "uncopied special file",
}


def build_view(report: BackupReport, *, whole: bool) -> View:
    """`whole`: every path and unit is listed."""
    about = report.backup.host
    return View(
        name="backup", about=about, json=partial(to_json, report), page=partial(build_page, report, whole=whole)
    )


def build_list_view(report: BackupsReport) -> View:
    return View(name="backups", about="backups", json=partial(to_json, report), page=partial(build_list_page, report))


def build_page(report: BackupReport, *, whole: bool) -> Blocks:
    head = report.backup
    counts = Counter(each.kind for each in report.entries)
    held = ", ".join(format_count(counts[kind], noun) for kind, noun in _NOUNS.items() if counts[kind])
    units = format_count(len(report.units), "unit")
    origin = f"Taken {head.taken_at} by {head.by}, of {head.hostname} ({head.address}), fleet {head.fleet}."
    paths = Table(("path", "what", "mode", "owner", "says"), tuple(map(_make_row, report.entries)))
    states = Table(
        ("unit", "active", "file"),
        tuple((each.unit, f"{each.active} ({each.sub})", each.file_state) for each in report.units),
    )
    shown = (Section("Paths", (paths,)), Section("Units", (states,))) if whole else _show_not_copied(report)
    return (Title(f"Backup of {head.host}"), Paragraph((Code(head.file),)), Paragraph(origin),
            Paragraph(f"It holds {held or 'nothing'}; {units}."), *shown)  # fmt: skip


def _show_not_copied(report: BackupReport) -> Blocks:
    left = tuple(each for each in report.entries if each.kind in (EntryKind.PRESENT, EntryKind.OTHER))
    if not left:
        return ()
    return (Section("Not copied", (Table(("path", "what", "mode", "owner", "says"), tuple(map(_make_row, left))),)),)


def _make_row(entry: BackupEntry) -> tuple[Text, ...]:
    says = entry.target or entry.time or entry.why or (entry.sha256 or "")[:12]
    return (Code(entry.path), entry.kind.value, entry.mode, f"{entry.owner}:{entry.group}", says)


def build_list_page(report: BackupsReport) -> Blocks:
    if not report.backups and not report.problems:
        return (Title("Backups"), Paragraph("None: qtctl backup take --host HOST takes one."))
    rows = tuple((each.host, each.taken_at, each.by, Code(each.file)) for each in report.backups)
    bad = Table(("file", "problem"), tuple((Code(each.file), each.problem) for each in report.problems))
    table = (Table(("host", "taken", "by", "file"), rows),) if rows else ()
    return (Title("Backups"), *table, *((Section("Unusable", (bad,)),) if report.problems else ()))
