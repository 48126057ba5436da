"""Which formats there are: a file for each, in `pages` for every report, in `findings` for reports that judge
something, in `lines` for reports of hosts, of which each host is a part.

A format's file has the name of the format, and `write(view)`. If it has `write_parts(view)`, too, that gives the text
piece by piece, each as soon as it is there. If it has `make_asides(view)`, that gives text for files that environment
variables name. This is also loaded for --help: the types of reports are not.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

from qtctl.formats import findings, lines, pages

if TYPE_CHECKING:
    from qtctl.reports.view import View

TABLE, MARKDOWN, HTML = "table", "md", "html"
"""The cli draws tables: only it speaks to a terminal."""


class Content(StrEnum):
    """What a report is made of."""

    HOSTS = "hosts"
    """Hosts that are judged, one after the other."""
    JUDGED = "judged"
    DECLARED = "declared"


_FOLDERS = {
    Content.HOSTS: (pages, findings, lines),
    Content.JUDGED: (pages, findings),
    Content.DECLARED: (pages,),
}
REFUSED = {
    findings: "nothing is judged here, so there are no findings",
    lines: "it has a line for each host, and this report is not made host by host",
}
"""Why a report cannot be written in a format of this folder."""


@cache
def list_offered(content: Content) -> tuple[str, ...]:
    """The formats of such a report: those that a person reads first."""
    return (TABLE, *(name for folder in _FOLDERS[content] for name in _list_modules(folder)))


@cache
def explain_refused(content: Content) -> Mapping[str, str]:
    """Formats that such a report does not have, each with the reason."""
    return {
        name: why
        for folder, why in REFUSED.items()
        if folder not in _FOLDERS[content]
        for name in _list_modules(folder)
    }


def is_streamed(name: str) -> bool:
    """Whether the format writes each part of a report as soon as it is there."""
    return name in _list_modules(lines)


def reads_findings(name: str) -> bool:
    """Whether the format lists everything that was judged, with what holds, and not only what the report says."""
    return name != TABLE and name not in _list_modules(pages)


def shows_sheets(name: str) -> bool:
    """Whether the format shows a report's sheet, if it has one."""
    return name == HTML


def write_text(view: "View", name: str) -> str:
    """The report in a format other than a table."""
    written: str = _import_format(name).write(view)
    return written


def write_parts(view: "View", name: str) -> Iterator[str]:
    """The report in a format other than a table: piece by piece if the format can, else as one."""
    parts = getattr(_import_format(name), "write_parts", None)
    yield from parts(view) if parts is not None else (write_text(view, name),)


def write_asides(view: "View", name: str) -> Mapping[str, str]:
    """Environment variable that may name a file → what is added to that file."""
    function = getattr(_import_format(name), "make_asides", None) if name != TABLE else None
    added: Mapping[str, str] = function(view) if function else {}
    return added


def _list_modules(package: ModuleType) -> Iterable[str]:
    return sorted(module.name for module in iter_modules(package.__path__))


def _import_format(name: str) -> ModuleType:
    package = next(each for each in (pages, findings, lines) if name in _list_modules(each))
    return import_module(f"{package.__name__}.{name}")
