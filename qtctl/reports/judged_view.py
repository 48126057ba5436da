"""A report about a host, for every format, with the findings of an audit of the same evidence."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.reports.blocks import Block, Blocks
from qtctl.reports.unreachable import condense
from qtctl.reports.view import View


class _Report(Protocol):
    @property
    def host(self) -> str: ...


class Writers(NamedTuple):
    """What writes one kind of report. `command`: the one that makes it."""

    command: str
    json: Callable[[Any], str]
    page: Callable[[Any], Blocks]
    screen: Callable[[Any], Iterable[Block]]


def build_judged_view(
    writers: Writers,
    report: _Report,
    checks: Sequence[Finding],
    locate: Callable[[str], str],
    home: Callable[[], Place],
) -> View:
    return View(
        name=writers.command,
        about=report.host,
        json=lambda: writers.json(report),
        page=lambda: writers.page(report),
        screen=lambda: writers.screen(report),
        findings=lambda: condense(checks, report.host),
        locate=locate,
        home=home,
    )
