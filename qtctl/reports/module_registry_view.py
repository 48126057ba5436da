"""The module registry for every format; the findings are those of an audit of the same evidence."""

from collections.abc import Callable, Sequence
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.reports.blocks import Blocks, Paragraph, Title
from qtctl.reports.module_registry import RegistryReport, to_json
from qtctl.reports.module_registry_page import build_page, build_screen
from qtctl.reports.unreachable import condense
from qtctl.reports.view import View


def build_view(
    report: RegistryReport, checks: Sequence[Finding], locate: Callable[[str], str], home: Callable[[], Place]
) -> View:
    """A host that could not be reached has one line on each page."""
    unreachable = report.unreachable
    return View(
        name="report registry",
        about=report.host,
        json=partial(to_json, report),
        page=partial(_show_unreachable, report, unreachable) if unreachable else partial(build_page, report),
        screen=partial(_show_unreachable, report, unreachable) if unreachable else partial(build_screen, report),
        findings=lambda: condense(checks, report.host),
        locate=locate,
        home=home,
    )


def _show_unreachable(report: RegistryReport, reason: str) -> Blocks:
    return (Title(f"Module registry of {report.host}"), Paragraph(f"Nothing could be asked: {reason}"))
