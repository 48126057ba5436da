"""An adoption, for every format."""

from collections.abc import Callable, Iterator
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint
from qtctl.reports.adopt import AdoptReport, JudgmentRow, to_json
from qtctl.reports.adopt_page import UNEXPLAINED, build_page, build_screen, format_directive
from qtctl.reports.view import View

UNIT, UNREAD, DIFFERENCE, CHOICE = "adopt-unit", "adopt-unread", "adopt-difference", "adopt-choice"
"""What has no finding's id: an adopted unit, what the host did not show, what is rendered otherwise, an open choice."""


def build_view(report: AdoptReport, locate: Callable[[str], str]) -> View:
    """`locate`: finds the place of a line in the files that were adopted."""
    return View(
        name="adopt",
        about=report.source,
        json=partial(to_json, report),
        page=partial(build_page, report),
        screen=partial(build_screen, report),
        findings=lambda: tuple(_list_findings(report)),
        locate=locate,
    )


def _list_findings(report: AdoptReport) -> Iterator[Finding]:
    yield from (_make_judged(each) for each in report.judgments if each.id or each.severity is not Severity.INFO)
    for text in report.unread:
        yield _make_finding(UNREAD, text, Outcome.UNKNOWN, "not shown by the host", reason=text)
    for each in report.differences:
        directive = format_directive(each.section, each.directive)
        severity = Severity.INFO if each.because else Severity.ERROR
        title = f"{directive} is rendered differently: {each.because or UNEXPLAINED}"
        yield _make_finding(DIFFERENCE, f"{each.unit} {directive}", Outcome.BROKEN, title, severity=severity)
    for unit in report.units:
        yield _make_finding(UNIT, unit.unit, Outcome.HOLDS, "not adopted", place=Place(unit.file))


def _make_judged(each: JudgmentRow) -> Finding:
    place = Place(each.file, each.line) if each.file else None
    return _make_finding(
        each.id or CHOICE,
        each.subject,
        Outcome.BROKEN,
        each.what,
        severity=each.severity,
        place=place,
        remedy=each.remedy,
    )


def _make_finding(
    id_: str, subject: str, outcome: Outcome, title: str, *,
    severity: Severity = Severity.ERROR, place: Place | None = None, remedy: str = "", reason: str | None = None,
) -> Finding:  # fmt: skip
    return Finding(
        id=id_,
        outcome=outcome,
        severity=severity,
        title=title,
        subject=subject,
        place=place,
        remedy=remedy,
        reason=reason,
        fingerprint=make_fingerprint(id_, "", f"{subject} {title}"),
    )
