"""The overview for every format; the findings are those of an audit of the same evidence."""

from collections.abc import Callable, Sequence
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.reports.overview import OverviewReport, to_json
from qtctl.reports.overview_page import build_page, build_screen
from qtctl.reports.unreachable import condense
from qtctl.reports.view import View


def build_view(
    report: OverviewReport, checks: Sequence[Finding], locate: Callable[[str], str], home: Callable[[], Place]
) -> View:
    return View(
        name="report overview",
        about=report.host,
        json=partial(to_json, report),
        page=partial(build_page, report),
        screen=partial(build_screen, report),
        findings=lambda: condense(checks, report.host),
        locate=locate,
        home=home,
    )
