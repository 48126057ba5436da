"""What a statement is about besides its subject: platform and time. Two statements are compared only if these agree."""

import re
from dataclasses import dataclass
from functools import lru_cache

from qtctl.dialects.document.types import Document

_PLATFORMS = {
    "docker": "containers", "container": "containers", "containers": "containers", "compose": "containers",
    "podman": "containers", "kubernetes": "containers", "k8s": "containers", "helm": "containers", "pod": "containers",
    "pods": "containers", "systemd": "systemd", "native": "systemd",
}  # fmt: skip
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = re.compile(
    r"\b(Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\b"
)
_DATE = re.compile(r"\b(\d{4})-(\d{2})(?:-\d{2})?\b")
_TIMES = {
    "before": "before", "old": "before", "previous": "before", "previously": "before", "legacy": "before",
    "original": "before", "was": "before", "after": "after", "new": "after", "now": "after", "current": "after",
    "planned": "planned", "target": "planned", "future": "planned", "staging": "staging", "production": "production",
    "prod": "production", "dev": "dev", "development": "dev", "test": "test", "lost": "before", "deprecated": "before",
}  # fmt: skip
_WORDS = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Facets:
    """Each is '' if the text does not mention it."""

    platform: str = ""
    time: str = ""

    def agree(self, other: "Facets") -> bool:
        """Whether both have the same platform, and not two different times."""
        return self.platform == other.platform and (not self.time or not other.time or self.time == other.time)

    def allows(self, other: "Facets") -> bool:
        """Like `agree`, but either may leave the platform open."""
        return (not self.platform or not other.platform or self.platform == other.platform) and (
            not self.time or not other.time or self.time == other.time
        )


@lru_cache(maxsize=4096)
def read_facets(text: str) -> Facets:
    """The facets of a title, a label or a column heading. A text that names two platforms has no platform."""
    words = [each.lower() for each in _WORDS.findall(text)]
    platforms = {_PLATFORMS[each] for each in words if each in _PLATFORMS}
    return Facets(platforms.pop() if len(platforms) == 1 else "", _read_time(text, words))


def _read_time(text: str, words: list[str]) -> str:
    dates = {f"{int(found[2])}" for found in _DATE.finditer(text)}
    months = {str(_MONTHS.index(found[1][:3].lower()) + 1) for found in _MONTH.finditer(text)}
    if len(both := dates | months) == 1:
        return f"month {both.pop()}"
    times = {_TIMES[each] for each in words if each in _TIMES}
    return times.pop() if len(times) == 1 and not both else ""


def find_facets(document: Document, place: int, *nearer: str) -> Facets:
    """The platform and time that apply to a section, each from the nearest text that mentions it.

    `nearer`: texts that are nearer than the titles.
    """
    texts = (*nearer, *(document.sections[each].title for each in document.list_around(place)))
    read = [read_facets(each) for each in texts if each]
    platform = next((each.platform for each in read if each.platform), "")
    return Facets(platform, next((each.time for each in read if each.time), ""))
