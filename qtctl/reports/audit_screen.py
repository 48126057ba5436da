"""The audit as a person reads it on a screen: the counts, what to do first, and the rest in one line each.

In full (`verbose`): a block for each finding, with its proof.
"""

from collections.abc import Iterable, Iterator

from qtctl.findings.finding import Outcome
from qtctl.findings.verdict import Conclusion
from qtctl.reports.audit import AuditReport, describe_root_checks
from qtctl.reports.blocks import (
    Block,
    Blocks,
    Code,
    Paragraph,
    Part,
    Record,
    Text,
    Tone,
    Toned,
    join,
    make_table,
    split_parts,
)
from qtctl.reports.check import Check
from qtctl.reports.group_texts import (
    choose_fix,
    describe_consequences,
    describe_expired,
    format_severity,
    list_subjects,
    make_section,
)
from qtctl.reports.grouping import Group, group
from qtctl.reports.order import nest_by_cause
from qtctl.reports.phrases import format_count, format_json
from qtctl.reports.verdict_words import has_only_lesser, write_word

FIRST = 5
"""How many of the first things to do are shown with what was seen and what to do."""


def build_screen(report: AuditReport, *, verbose: bool = False) -> Iterator[Block]:
    """The counts; findings by cause; unknowns by reason; on request what holds."""
    yield Paragraph(_write_headline(report))
    if verbose or report.checks is not None:
        yield from _show_findings(report.findings)
        yield from _show_unknowns(report)
        yield from _show_not_asked(report)
    else:
        yield from _show_summary(report)
    yield from _show_holding(report.checks or ())


def _write_headline(report: AuditReport) -> tuple[Part, ...]:
    totals = report.totals
    waived = f" ({totals.waived} waived)" if totals.waived else ""
    return (
        f"{report.host}, asked at {report.address}, {report.taken_at}: ",
        _write_verdict(report),
        describe_root_checks(report),
        f"{f' · {report.selection}' if report.selection else ''}",
        f" · {totals.total} checks: {totals.holds} hold, {totals.broken} broken{waived}, {totals.unknown} unknown",
        f", {totals.not_asked} not asked" if totals.not_asked else "",
    )


def _write_verdict(report: AuditReport) -> Toned:
    if has_only_lesser(report.verdict, report.totals):
        return Toned(f"only findings below the gate ({report.fail_on.value})", Tone.GOOD)
    word = write_word(report.verdict, report.totals)
    return (
        Toned(f"{word.text}: not everything is known", word.tone) if report.verdict is Conclusion.INCOMPLETE else word
    )


def _show_summary(report: AuditReport) -> Iterator[Block]:
    groups = group(report.findings, report.unknowns)
    urgent = [each for each in groups if each.first.waiver is None]
    waived = [each for each in groups if each.first.waiver is not None]
    first, rest = urgent[:FIRST], urgent[FIRST:]
    yield from make_section("Do first" if rest else "", [_group(each) for each in first])
    yield from make_section("Then", [_write_line(each) for each in rest])
    yield from _show_unknowns(report)
    yield from _show_not_asked(report)
    yield from make_section("Waived, or found before", [_write_line(each) for each in waived])
    if groups:
        yield Paragraph(
            (
                Toned("Every finding with its proof: --verbose. What one means: ", Tone.ASIDE),
                Code(f"qtctl explain {groups[0].first.id}"),
            )
        )


def _group(found: Group) -> Record:
    if len(found.members) == 1:
        return _show_single(found)
    head = (format_severity(found.first), found.first.id, found.title)
    expired = next(filter(None, map(describe_expired, found.members)), "")
    return Record(
        head,
        (
            ("", list_subjects(found.members)),
            ("waiver", expired),
            ("fix", choose_fix(found.members)),
            ("leads to", describe_consequences(found)),
        ),
    )


def _show_single(found: Group) -> Record:
    check = found.first
    fields: tuple[tuple[str, Text], ...] = (
        ("", check.title),
        ("observed", format_json(check.observed)),
        ("waiver", describe_expired(check)),
        ("fix", check.remedy),
        ("leads to", describe_consequences(found)),
    )
    return Record((format_severity(check), check.id, Code(check.subject)), fields)


def _write_line(found: Group) -> Paragraph:
    """One line, if it fits."""
    check = found.first
    title: Text = (f"{found.title}: ", *split_parts(list_subjects(found.members)))
    because: Text = f" · {check.waiver}" if check.waiver else ""
    return Paragraph((format_severity(check), f" {check.id} ", *split_parts(title), *split_parts(because)), hang=2)


def _show_findings(findings: Iterable[Check]) -> Blocks:
    return tuple(_show_finding(depth, check) for depth, check in nest_by_cause(findings))


def _show_finding(depth: int, check: Check) -> Record:
    fields: tuple[tuple[str, Text], ...] = (
        ("", check.title),
        ("expected", format_json(check.expected)),
        ("observed", format_json(check.observed)),
        ("declared", check.declared),
        ("proof", join((Code(proof.again), " → ", proof.line) for proof in check.proof)),
        ("waived", check.waiver or ""),
        ("waiver", describe_expired(check)),
        ("fix", check.remedy),
    )
    return Record((format_severity(check), check.id, Code(check.subject)), fields, depth)


def _show_unknowns(report: AuditReport) -> Blocks:
    """Unknown checks by reason, the most frequent first. A host that was not reached has a single line."""
    if report.unreachable:
        return (Paragraph((Toned("unknown", Tone.UNKNOWN), f": {report.unreachable}"), hang=2),)
    reasons: dict[str, list[Check]] = {}
    for check in report.unknowns:
        reasons.setdefault(check.reason or "no reason given", []).append(check)
    return tuple(
        Record(
            (Toned("unknown", Tone.UNKNOWN), f"{format_count(len(those), 'check')}:", reason),
            (("such as", (f"{those[0].id} ", Code(those[0].subject))), ("fix", those[0].remedy)),
        )
        for reason, those in sorted(reasons.items(), key=lambda item: -len(item[1]))
    )


def _show_not_asked(report: AuditReport) -> Blocks:
    """By rule: that is what someone who wonders whether to ask as root wants to know."""
    if not report.not_asked:
        return ()
    ids = [check.id for check in report.not_asked]
    rules = ", ".join(f"{id_} ({ids.count(id_)})" for id_ in sorted(set(ids)))
    needs = format_count(len(ids), "check needs", "checks need")
    return (Record((Toned("not asked", Tone.ASIDE), f"{needs} --become:", rules), ()),)


def _show_holding(checks: Iterable[Check]) -> Blocks:
    rows = (
        (check.id, check.subject, format_json(check.expected)) for check in checks if check.outcome is Outcome.HOLDS
    )
    return make_table(("id", "subject", "expected"), rows, "As declared")
