"""A report as every format sees it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from qtctl.errors import Place
from qtctl.findings.finding import Finding

if TYPE_CHECKING:
    from qtctl.reports.blocks import Block, Blocks
    from qtctl.reports.sheet import Sheet


def keep_name(file: str) -> str:
    return file


def name_under(registry: PurePath, templates: PurePath | None) -> Callable[[str], str]:
    """Files of a registry, and unit templates, as the user of the command names them."""

    def locate(file: str) -> str:
        if not file.endswith(".j2"):
            return str(registry / file)
        return str((templates or PurePath("unit_templates")) / file)

    return locate


def place_of(written: str) -> Place | None:
    """The place that `str(Place)` wrote; None if there was none."""
    file, colon, line = written.rpartition(":")
    if colon and line.isdecimal():
        return Place(file, int(line))
    return Place(written) if written else None


@dataclass(frozen=True, slots=True)
class Suite:
    """The findings of a part of a report, and what that part is called. `host`: the one that it is about, if any."""

    name: str
    findings: Sequence[Finding]
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What formats read of one report. Each part is made only when a format asks for it.

    `name`: of the command ("audit"). `about`: what was looked at, a host or a registry. `page` is the whole document,
    `screen` what fits a terminal (None: the page). `findings`: everything that was judged, with what holds; None if
    nothing was judged. `rules`: ids of which findings could have been made. `locate`: a file as findings name it → its
    path for whoever runs the command. `home`: where findings are shown that nothing declares. `suites`: of a report in
    parts, the findings of each; None: the report is one. `parts`: of a report of hosts, a JSON document in one line for
    each and one for all of them, each as soon as it is there. `sheet`: the report for a browser; None: the page.
    """

    name: str
    about: str
    json: Callable[[], str]
    page: "Callable[[], Blocks]"
    screen: "Callable[[], Iterable[Block]] | None" = None
    findings: Callable[[], Sequence[Finding]] | None = None
    rules: Sequence[str] = ()
    locate: Callable[[str], str] = keep_name
    home: Callable[[], Place] | None = None
    suites: Callable[[], Sequence[Suite]] | None = None
    parts: Callable[[], Iterable[str]] | None = None
    sheet: "Callable[[], Sheet] | None" = None
