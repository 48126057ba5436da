"""Waivers: findings that someone has accepted; they do not count until a given day."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class Waived:
    """Findings of `id` whose subject matches `subject`, a glob. It counts until the end of `expires`, ISO 8601."""

    id: str
    subject: str
    reason: str
    owner: str
    expires: str
    origin: Origin

    def covers(self, id_: str, subject: str) -> bool:
        return id_ == self.id and fnmatchcase(subject, self.subject)

    def has_expired(self, today: str) -> bool:
        return today > self.expires

    def __str__(self) -> str:
        return f"{self.reason} ({self.owner}, until {self.expires})"


def find_waiver(waivers: Iterable[Waived], id_: str, subject: str, today: str) -> Waived | None:
    """The first that covers it and is in force today, else the first expired one."""
    covering = [each for each in waivers if each.covers(id_, subject)]
    return next((each for each in covering if not each.has_expired(today)), next(iter(covering), None))
