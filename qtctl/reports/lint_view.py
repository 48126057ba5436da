"""What lint found, for every format."""

from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256

from qtctl.errors import InputError
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.meaning import Meaning
from qtctl.lint.found import Placed
from qtctl.reports.lint import Report, to_json
from qtctl.reports.lint_page import build_page, build_screen
from qtctl.reports.view import View
from qtctl.rules.catalogue import list_folder_meanings
from qtctl.rules.units import verified

UNREADABLE = "registry"
"""The id of errors without a finding's id: TOML that does not parse, keys that no file has."""


def list_rules() -> tuple[Meaning, ...]:
    """What lint can find: everything but what only systemd's own tools can (qtctl verify)."""
    found = (*list_folder_meanings("registry"), *list_folder_meanings("units"))
    return tuple(sorted((each for each in found if each not in verified.RULES), key=lambda each: each.id))


def build_view(report: Report, locate: Callable[[str], str]) -> View:
    return View(
        name="lint",
        about=report.registry,
        json=partial(to_json, report),
        page=partial(build_page, report),
        screen=partial(build_screen, report),
        findings=lambda: tuple(_list_findings(report)),
        rules=tuple(each.id for each in list_rules()),
        locate=locate,
    )


def _list_findings(report: Report) -> Iterator[Finding]:
    """Errors, findings, and each rule that found nothing. If the registry has errors, the rules did not run."""
    yield from map(_make_error, report.errors)
    yield from map(_make_finding, report.findings)
    if report.counts is not None:
        found = {each.id for each in report.findings}
        yield from (_make_nothing_found(each.id, each.title, report) for each in list_rules() if each.id not in found)


def _make_finding(each: Placed) -> Finding:
    return Finding(
        id=each.id,
        outcome=Outcome.BROKEN,
        severity=each.severity,
        title=each.finding.title,
        what=each.what,
        subject=each.subject,
        place=each.place,
        remedy=each.remedy,
        waiver=each.waiver,
        expired_waiver=each.finding.expired_waiver,
        fingerprint=_digest_parts(each.id, *each.subjects, each.place.file, each.what),
    )


def _make_error(error: InputError) -> Finding:
    return Finding(
        id=error.id or UNREADABLE,
        outcome=Outcome.BROKEN,
        severity=Severity.ERROR,
        title="the registry cannot be loaded",
        what=error.message + (f" ({error.hint})" if error.hint else ""),
        subject="",
        place=error.place,
        fingerprint=_digest_parts(error.place.file if error.place else "", error.message),
    )


def _make_nothing_found(id_: str, title: str, report: Report) -> Finding:
    return Finding(
        id=id_,
        outcome=Outcome.HOLDS,
        severity=Severity.ERROR,
        title=title,
        subject=report.registry,
        fingerprint=_digest_parts(id_),
    )


def _digest_parts(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
