"""An adoption for people: how much was adopted, what is left to do, what was judged, what was left out."""

from collections.abc import Iterable, Iterator, Sequence

from qtctl.adopt.adoption import Fate, FileKind
from qtctl.dialects.wording import add_more
from qtctl.reports.adopt import AdoptReport, FileRow, JudgmentRow
from qtctl.reports.blocks import (
    TONES,
    Block,
    Blocks,
    Code,
    Paragraph,
    Record,
    Section,
    Text,
    Title,
    Tone,
    Toned,
    make_list,
    make_table,
)
from qtctl.reports.phrases import format_count

UNEXPLAINED = "nothing that qtctl knows of: a bug, please report it"


def build_page(report: AdoptReport) -> Blocks:
    findings = [
        (Code(place(those[0])), those[0].severity.value, those[0].id, describe(those), those[0].remedy)
        for those in group_alike(report.judgments)
    ]
    choices = [
        (Code(place(each)), Code(each.subject), describe_choice(each)) for each in report.judgments if not each.id
    ]
    differences = [
        (units, Code(format_directive(section, directive)), because or UNEXPLAINED)
        for (section, directive, because), units in map_differences(report).items()
    ]
    units = [
        (
            Code(each.unit),
            Code(each.entry),
            each.state,
            str(each.typed),
            str(each.hatch),
            str(each.left),
            Code(each.file),
        )
        for each in report.units
    ]
    left = [(Code(each.path), each.why) for each in list_left_over(report)]
    return (
        Title(f"Adopted from {report.source}"),
        Paragraph(write_headline(report)),
        Section("To do", make_list(report.to_do)),
        Section("Not shown by the host", make_list(report.unread)),
        Section("Findings", make_table(("where", "severity", "finding", "what", "remedy"), findings)),
        Section("Rendered differently", make_table(("units", "directive", "because"), differences)),
        Section("Choices", make_table(("where", "of", "what"), choices)),
        Section("Files that were not adopted", make_table(("file", "why"), left)),
        Section("Units", make_table(("unit", "in the registry", "state", "typed", "hatch", "left", "from"), units)),
        Section("Lines", make_list(describe_lines(report))),
    )


def build_screen(report: AdoptReport) -> Iterator[Block]:
    """What was judged and what is left to do; at the end how much was adopted."""
    for those in group_alike(report.judgments):
        first = those[0]
        severity = Toned(first.severity.value, TONES[first.severity.value])
        fields: tuple[tuple[str, Text], ...] = (("", describe(those)), ("fix", first.remedy))
        yield Record((severity, first.id, Code(place(first))), fields)
    choices: Iterator[tuple[Text, ...]] = (
        (each.subject, describe_choice(each)) for each in report.judgments if not each.id
    )
    yield from make_table(("of", "choice"), choices, "Choices")
    for text in report.unread:
        yield Paragraph((Toned("not shown by the host", Tone.UNKNOWN), f": {text}"))
    for (section, directive, because), units in map_differences(report).items():
        what = format_directive(section, directive)
        yield Paragraph(f"{what} is rendered differently: {because or UNEXPLAINED} ({units})")
    for text in report.to_do:
        yield Paragraph((Toned("to do", Tone.WARNING), f": {text}"))
    accounted = ", ".join(describe_lines(report))
    if accounted:
        yield Paragraph(f"lines: {accounted}")
    yield Paragraph(write_headline(report))


def write_headline(report: AdoptReport) -> str:
    """12 units in registry: 210 of 214 directives in keys of their own (98.1 %), 2 errors and 3 warnings."""
    totals = report.totals
    every = totals.typed + totals.hatch + totals.left
    what = "attribute" if any(each.kind == FileKind.COMPOSE for each in report.files) else "directive"
    said = [
        format_count(number, severity.value)
        for severity, number in totals.judgments.items()
        if number and severity != "info"
    ]
    found = " and ".join(said) or "no finding"
    return (
        f"{format_count(totals.units, 'unit')} in {report.registry}: {totals.typed} of "
        f"{format_count(every, what)} in keys of their own ({format_percent(totals.share)}), {found}."
    )


def describe_choice(each: JudgmentRow) -> str:
    """A choice, with what a person can do about it."""
    return f"{each.what} ({each.remedy})" if each.remedy else each.what


def format_percent(share: float) -> str:
    """Never rounded up to a hundred."""
    return f"{int(share * 1000) / 10:g} %"


def describe_lines(report: AdoptReport) -> Iterator[str]:
    """What became of all lines of all files, in words."""
    meaning = {
        Fate.TYPED: "in keys of their own",
        Fate.HATCH: "in [systemd.SECTION], as they are",
        Fate.NOTE: "in notes",
        Fate.REPORTED: "in this report only",
        Fate.SECRET: "with a secret that was not copied",
        Fate.IGNORED: "that systemd ignores",
        Fate.REPLACED: "that a later line replaces, or that do nothing",
        Fate.COPY: "of copies that were not adopted",
        Fate.UNREAD: "of files that were not adopted",
        Fate.LAYOUT: "of layout",
    }
    for fate, what in meaning.items():
        if report.totals.lines[fate]:
            yield f"{report.totals.lines[fate]} {what}"


def list_left_over(report: AdoptReport) -> tuple[FileRow, ...]:
    """Files of which nothing was adopted."""
    return tuple(each for each in report.files if not each.taken)


def group_alike(judgments: Iterable[JudgmentRow]) -> tuple[tuple[JudgmentRow, ...], ...]:
    """Findings in the order of the first; those that say the same about several units are together."""
    found: dict[tuple[str, ...], list[JudgmentRow]] = {}
    for each in judgments:
        if each.id:
            found.setdefault((each.id, each.severity.value, each.what, each.remedy), []).append(each)
    return tuple(tuple(those) for those in found.values())


def map_differences(report: AdoptReport) -> dict[tuple[str, str, str], str]:
    """Section, directive and reason → the units that are rendered differently for it."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for each in report.differences:
        found.setdefault((each.section, each.directive, each.because), []).append(each.unit)
    return {at: ", ".join(units) for at, units in found.items()}


def format_directive(section: str, directive: str) -> str:
    """[Section] Directive=, or the whole section."""
    return f"[{section}] {directive}=" if directive else "all of it"


def place(each: JudgmentRow) -> str:
    return each.file if each.line is None else f"{each.file}:{each.line}"


def describe(those: Sequence[JudgmentRow]) -> str:
    """The text of the findings, and how many of them there are."""
    return f"{those[0].subject}{add_more(len(those) - 1)}: {those[0].what}"
