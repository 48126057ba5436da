"""The day that a document, or a section of it, is about."""

import re

from qtctl.dialects.document.types import Document, Text

_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_SPELLED = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\b(?:date|dated|generated|created|updated|as of|taken|captured|snapshot|status|comparison|audit|at)\b",
    re.IGNORECASE,
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
HEAD = 40
"""How many lines at the top of a document may state its own day."""


def find_day(text: str) -> str:
    """The only day that a text names, as YYYY-MM-DD; '' otherwise."""
    found = {match[0] for match in _ISO.finditer(text)}
    for match in _SPELLED.finditer(text):
        found.add(f"{match[3]}-{_MONTHS.index(match[1].lower()) + 1:02d}-{int(match[2]):02d}")
    return found.pop() if len(found) == 1 else ""


def find_document_day(document: Document) -> str:
    """The day in its first title or first lines; '' if they name none."""
    for section in document.sections:
        if section.line > HEAD:
            break
        if section.level <= 2 and (day := find_day(section.title)):  # noqa: PLR2004 - of the whole document
            return day
        for block in section.blocks:
            for line in block.lines if isinstance(block, Text) else ():
                if line.line <= HEAD and _LABEL.search(line.text) and (day := find_day(line.text)):
                    return day
    return ""


def find_day_at(document: Document, place: int, whole: str) -> str:
    """The day in the nearest title that names one, else the document's."""
    titles = (find_day(document.sections[each].title) for each in document.list_around(place))
    return next((day for day in titles if day), whole)
