"""An audit, for every format."""

from collections.abc import Callable, Sequence
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.reports import audit_page, audit_screen
from qtctl.reports.audit import AuditReport, to_json
from qtctl.reports.audit_sheet import HostSheet, build_sheet
from qtctl.reports.fleet import build_report
from qtctl.reports.fleet_lines import write_lines
from qtctl.reports.unreachable import condense
from qtctl.reports.view import View


def build_view(
    report: AuditReport,
    checks: Sequence[Finding],
    locate: Callable[[str], str],
    home: Callable[[], Place],
    *,
    verbose: bool = False,
    host: Callable[[], HostSheet] | None = None,
) -> View:
    """`checks`: all that were judged, with what holds. `verbose`: each finding in full, also on a screen.

    `host`: what a page for a browser shows of the host beside its findings.
    """
    return View(
        name="audit",
        about=report.host,
        json=partial(to_json, report),
        page=partial(audit_page.build_page, report),
        screen=partial(audit_screen.build_screen, report, verbose=verbose),
        findings=lambda: condense(checks, report.address) if report.unreachable else checks,
        locate=locate,
        home=home,
        parts=lambda: write_lines((report,), lambda: build_report((report,))),
        sheet=lambda: build_sheet(report, host and host()),
    )
