"""The module registry for every format; the findings are those of an audit of the same evidence."""

from collections.abc import Callable, Sequence
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.reports.module_registry import RegistryReport, to_json
from qtctl.reports.module_registry_page import page, screen
from qtctl.reports.view import View


def view(
    report: RegistryReport, checks: Sequence[Finding], locate: Callable[[str], str], home: Callable[[], Place]
) -> View:
    return View(
        name="report registry",
        about=report.host,
        json=partial(to_json, report),
        page=partial(page, report),
        screen=partial(screen, report),
        findings=lambda: checks,
        locate=locate,
        home=home,
    )
