"""The audit of several hosts, for every format."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.reports.fleet import FleetReport, to_json
from qtctl.reports.fleet_page import build_page, build_screen
from qtctl.reports.view import View


def build_view(
    report: FleetReport, checks: Sequence[Finding], locate: Callable[[str], str], *, verbose: bool = False
) -> View:
    """`checks`: of all hosts, with what holds. `verbose`: each finding in full, also on a screen."""
    return View(
        name="audit",
        about=", ".join(each.address for each in report.hosts),
        json=partial(to_json, report),
        page=partial(build_page, report),
        screen=partial(build_screen, report, verbose=verbose),
        findings=lambda: checks,
        locate=locate,
    )


def add_places(checks: Iterable[Finding], home: Callable[[], Place]) -> Iterator[Finding]:
    """Findings without a declaration, at the place of their host."""
    return (check if check.place is not None else replace(check, place=home()) for check in checks)
