"""An audit, for every format."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.reports.audit import AuditReport, to_json
from qtctl.reports.unreachable import condense
from qtctl.reports.view import View

if TYPE_CHECKING:
    from qtctl.reports.audit_sheet import HostSheet
    from qtctl.reports.blocks import Block, Blocks
    from qtctl.reports.sheet import Sheet


def build_view(
    report: AuditReport,
    checks: Sequence[Finding],
    locate: Callable[[str], str],
    home: Callable[[], Place],
    *,
    verbose: bool = False,
    host: "Callable[[], HostSheet] | None" = None,
) -> View:
    """`checks`: all that were judged, with what holds. `verbose`: each finding in full, also on a screen.

    `host`: what a page for a browser shows of the host beside its findings.
    """
    return View(
        name="audit",
        about=report.host,
        json=partial(to_json, report),
        page=partial(_build_page, report),
        screen=partial(_build_screen, report, verbose=verbose),
        findings=lambda: condense(checks, report.address) if report.unreachable else checks,
        locate=locate,
        home=home,
        parts=partial(_write_lines, report),
        sheet=partial(_build_sheet, report, host),
    )


def _build_page(report: AuditReport) -> "Blocks":
    from qtctl.reports.audit_page import build_page  # noqa: PLC0415 - what only some formats need, here and below

    return build_page(report)


def _build_screen(report: AuditReport, *, verbose: bool) -> "Iterable[Block]":
    from qtctl.reports.audit_screen import build_screen  # noqa: PLC0415

    return build_screen(report, verbose=verbose)


def _write_lines(report: AuditReport) -> Iterable[str]:
    from qtctl.reports.fleet import build_report  # noqa: PLC0415
    from qtctl.reports.fleet_lines import write_lines  # noqa: PLC0415

    return write_lines((report,), lambda: build_report((report,)))


def _build_sheet(report: AuditReport, host: "Callable[[], HostSheet] | None") -> "Sheet":
    from qtctl.reports.audit_sheet import build_sheet  # noqa: PLC0415

    return build_sheet(report, host and host())
