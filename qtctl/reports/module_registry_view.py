"""The module registry for every format. A host that could not be reached has one line on each page."""

from functools import partial

from qtctl.reports import module_registry_page as pages
from qtctl.reports.blocks import Blocks, Paragraph, Title
from qtctl.reports.judged_view import Writers, build_judged_view
from qtctl.reports.module_registry import RegistryReport, to_json


def _build_page(report: RegistryReport) -> Blocks:
    return _show_unreachable(report) or pages.build_page(report)


def _build_screen(report: RegistryReport) -> Blocks:
    return _show_unreachable(report) or tuple(pages.build_screen(report))


def _show_unreachable(report: RegistryReport) -> Blocks:
    if not report.unreachable:
        return ()
    return (Title(f"Module registry of {report.host}"), Paragraph(f"Nothing could be asked: {report.unreachable}"))


build_view = partial(build_judged_view, Writers("report registry", to_json, _build_page, _build_screen))
