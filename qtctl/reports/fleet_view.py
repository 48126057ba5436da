"""The audit of several hosts, for every format."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.reports.audit import AuditReport
from qtctl.reports.fleet import FleetReport, to_json
from qtctl.reports.fleet_lines import write_lines
from qtctl.reports.fleet_page import build_page
from qtctl.reports.fleet_screen import build_screen
from qtctl.reports.fleet_sheet import HostSheets, build_sheet
from qtctl.reports.phrases import fold_names
from qtctl.reports.view import Suite, View


def build_view(
    report: FleetReport,
    checks: Sequence[tuple[str, Sequence[Finding]]],
    compared: Sequence[Finding],
    locate: Callable[[str], str],
    *,
    verbose: bool = False,
    hosts: Callable[[], HostSheets] | None = None,
) -> View:
    """`checks`: host and what was judged there, with what holds. `compared`: the checks that compare the hosts.

    `verbose`: each host in full, also on a screen and on a page. `hosts`: what a page for a browser shows of hosts.
    """
    return View(
        name="audit",
        about=fold_names([each.address for each in report.hosts]),
        json=partial(to_json, report),
        page=partial(build_page, report, verbose=verbose),
        screen=partial(build_screen, report, verbose=verbose),
        findings=lambda: [*(check for _, each in checks for check in each), *compared],
        locate=locate,
        parts=lambda: write_lines(report.hosts, lambda: report),
        suites=lambda: [
            *(Suite(host, each, host) for host, each in checks),
            *([Suite("hosts compared", compared)] if compared else []),
        ],
        sheet=lambda: build_sheet(report, hosts() if hosts else ()),
    )


def build_stream(reports: Iterable[AuditReport], summarise: Callable[[], FleetReport]) -> View:
    """For formats that write each host as soon as it is there: `reports` as they come, then what they come to."""
    return View(
        name="audit",
        about="",
        json=lambda: to_json(summarise()),
        page=lambda: build_page(summarise()),
        parts=lambda: write_lines(reports, summarise),
    )


def add_places(checks: Iterable[Finding], home: Callable[[], Place]) -> Iterator[Finding]:
    """Findings without a declaration, at the place of their host."""
    return (check if check.place is not None else replace(check, place=home()) for check in checks)
