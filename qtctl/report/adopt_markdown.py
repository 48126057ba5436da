"""An adoption report for people: how much was adopted, what is to be done, what was judged, what was left."""

from collections.abc import Iterable, Iterator, Sequence

from qtctl.adopt.adoption import Fate
from qtctl.report.adopt import AdoptReport, FileRow, JudgmentRow
from qtctl.report.markdown import code, counted, document, plain, section, table

UNEXPLAINED = "nothing that qtctl knows of: a bug, please report it"


def to_markdown(report: AdoptReport) -> str:
    findings = [_cells(those) for those in alike(report.judgments)]
    choices = [(code(place(each)), code(each.subject), plain(each.what)) for each in report.judgments if not each.id]
    differences = [
        (plain(units), code(directive_of(section, directive)), plain(because or UNEXPLAINED))
        for (section, directive, because), units in differing(report).items()
    ]
    units = [
        (code(each.unit), code(each.entry), each.state, str(each.typed), str(each.hatch), code(each.file))
        for each in report.units
    ]
    left = [(code(each.path), plain(each.why)) for each in report.files if not each.taken]
    return document(
        f"Adopted from {plain(report.source)}",
        [headline(report), ""],
        section("To do", [f"- {plain(each)}" for each in report.to_do]),
        section("Not shown by the host", [f"- {plain(each)}" for each in report.unread]),
        _table("Findings", ("where", "severity", "finding", "what", "remedy"), findings),
        _table("Rendered otherwise than it was", ("units", "directive", "because"), differences),
        _table("Choices", ("where", "of", "what"), choices),
        _table("Files that were not taken", ("file", "why"), left),
        _table("Units", ("unit", "in the registry", "state", "typed", "hatch", "from"), units),
        section("Lines", [f"- {each}" for each in lines(report)]),
    )


def headline(report: AdoptReport) -> str:
    """12 units in registry: 210 of 214 directives in keys of their own (98.1 %), 2 errors and 3 warnings."""
    totals = report.totals
    every = totals.typed + totals.hatch
    said = [
        counted(number, severity.value)
        for severity, number in totals.judgments.items()
        if number and severity != "info"
    ]
    found = " and ".join(said) or "no finding"
    return (
        f"{counted(totals.units, 'unit')} in {plain(report.registry)}: {totals.typed} of "
        f"{counted(every, 'directive')} in keys of their own ({percent(totals.share)}), {found}."
    )


def percent(share: float) -> str:
    """Never rounded up to a hundred."""
    return f"{int(share * 1000) / 10:g} %"


def lines(report: AdoptReport) -> Iterator[str]:
    """What became of all lines of all files, in words."""
    meaning = {
        Fate.TYPED: "in keys of their own",
        Fate.HATCH: "in [systemd.SECTION], as they are",
        Fate.NOTE: "comments in notes",
        Fate.SECRET: "with a secret that was not copied",
        Fate.IGNORED: "that systemd ignores",
        Fate.REPLACED: "that a later line replaces, or that do nothing",
        Fate.COPY: "of copies that were not taken",
        Fate.UNREAD: "of files that systemd would not load",
        Fate.LAYOUT: "of layout",
    }
    for fate, what in meaning.items():
        if report.totals.lines[fate]:
            yield f"{report.totals.lines[fate]} {what}"


def left_over(report: AdoptReport) -> tuple[FileRow, ...]:
    """Files of which nothing was taken."""
    return tuple(each for each in report.files if not each.taken)


def alike(judgments: Iterable[JudgmentRow]) -> tuple[tuple[JudgmentRow, ...], ...]:
    """Findings, those that say the same of several units together, in the order of the first."""
    found: dict[tuple[str, ...], list[JudgmentRow]] = {}
    for each in judgments:
        if each.id:
            found.setdefault((each.id, each.severity.value, each.what, each.remedy), []).append(each)
    return tuple(tuple(those) for those in found.values())


def differing(report: AdoptReport) -> dict[tuple[str, str, str], str]:
    """Section, directive and reason → the units that are rendered otherwise for it."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for each in report.differences:
        found.setdefault((each.section, each.directive, each.because), []).append(each.unit)
    return {at: ", ".join(units) for at, units in found.items()}


def directive_of(section: str, directive: str) -> str:
    """[Section] Directive=, or all of it."""
    return f"[{section}] {directive}=" if directive else "all of it"


def place(each: JudgmentRow) -> str:
    return each.file if each.line is None else f"{each.file}:{each.line}"


def what_of(those: Sequence[JudgmentRow]) -> str:
    """What is said, and of how many."""
    more = f" and {len(those) - 1} more" if len(those) > 1 else ""
    return f"{those[0].subject}{more}: {those[0].what}"


def _cells(those: Sequence[JudgmentRow]) -> tuple[str, ...]:
    first = those[0]
    return code(place(first)), first.severity.value, first.id, plain(what_of(those)), plain(first.remedy)


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return section(title, table(heads, rows)) if rows else []
