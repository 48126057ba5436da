"""Which formats there are: a file for each, in `pages` for every report, in `findings` for reports that judge
something.

A format's file has the name of the format, and `write(view)`. If it has `make_asides(view)`, too, that gives text for
files that environment variables name. This is also loaded for --help: the types of reports are not.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

from qtctl.formats import findings, pages

if TYPE_CHECKING:
    from qtctl.reports.view import View

TABLE, MARKDOWN = "table", "md"
"""The cli draws tables: only it speaks to a terminal."""


class Content(StrEnum):
    """What a report is made of."""

    JUDGED = "judged"
    DECLARED = "declared"


REFUSED = {Content.DECLARED: "nothing is judged here, so there are no findings"}
"""Why a report of this content cannot be written in a format of findings."""


@cache
def list_offered(content: Content) -> tuple[str, ...]:
    """The formats of such a report: those that a person reads first."""
    return (TABLE, *_list_modules(pages), *(_list_modules(findings) if content is Content.JUDGED else ()))


@cache
def explain_refused(content: Content) -> Mapping[str, str]:
    """Formats that such a report does not have, each with the reason."""
    return {name: REFUSED[content] for name in list_offered(Content.JUDGED) if name not in list_offered(content)}


def reads_findings(name: str) -> bool:
    """Whether the format lists everything that was judged, with what holds, and not only what the report says."""
    return name != TABLE and name not in _list_modules(pages)


def write_text(view: "View", name: str) -> str:
    """The report in a format other than a table."""
    written: str = _import_format(name).write(view)
    return written


def write_asides(view: "View", name: str) -> Mapping[str, str]:
    """Environment variable that may name a file → what is added to that file."""
    function = getattr(_import_format(name), "make_asides", None) if name != TABLE else None
    added: Mapping[str, str] = function(view) if function else {}
    return added


def _list_modules(package: ModuleType) -> Iterable[str]:
    return sorted(module.name for module in iter_modules(package.__path__))


def _import_format(name: str) -> ModuleType:
    package = pages if name in _list_modules(pages) else findings
    return import_module(f"{package.__name__}.{name}")
