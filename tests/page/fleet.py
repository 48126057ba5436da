"""The page of several hosts, made of recorded evidence as an audit makes it of live hosts."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qtctl.adapters.files import read_registry, read_templates
from qtctl.api.fleet import make_examinations, report
from qtctl.api.fleet_pages import HostPages
from qtctl.collect.document import load as load_evidence
from qtctl.fleet.basis import Basis, make_basis, provide
from qtctl.fleet.examine import HostResult, Judging, report_on
from qtctl.formats.pages.html import write
from qtctl.registry.load import load
from qtctl.reports.fleet_sheet import PageRoom
from qtctl.reports.fleet_view import build_view
from qtctl.reports.view import keep_name
from tests.docs.record import RECORDED
from tests.fleet.fleets import write_fleet_of
from tests.page.broken import REGISTRY, break_host


def make_results(names: Sequence[str], broken: Sequence[str]) -> tuple[Basis, list[HostResult]]:
    """Hosts that must have the same, of which some have had a bad night; with the evidence for a page."""
    files = write_fleet_of(read_registry(REGISTRY), names)
    basis = make_basis(load(files), files, read_templates(None))
    provide(basis)
    text = RECORDED.read_text()
    looks = {
        bad: load_evidence(json.dumps(break_host(json.loads(text)) if bad else json.loads(text)), "recorded")
        for bad in (False, True)
    }
    tasks = make_examinations(basis, names, Judging(page=PageRoom()))
    return basis, [
        report_on(task, lambda _, task=task: replace(looks[task.host in broken], host=task.host, address=task.target))  # type: ignore[misc]
        for task in tasks
    ]


def write_fleet_page(basis: Basis, results: Sequence[HostResult]) -> str:
    pages = HostPages(basis)
    for each in results:
        pages.take(each)
    checks = [(each.target, each.findings) for each in results]
    return write(build_view(report([each.report for each in results]), checks, (), keep_name, hosts=pages.show))


def save_fleet_page(to: Path, names: Sequence[str], broken: Sequence[str]) -> Path:
    to.write_text(write_fleet_page(*make_results(names, broken)))
    return to
