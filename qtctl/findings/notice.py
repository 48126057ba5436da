"""Notifications: what is wrong now, what a channel was told of it, and what it is to be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qtctl.findings.finding import Severity


class NoticeKind(StrEnum):
    NEW = "new"
    WORSE = "worse"
    RECOVERED = "recovered"
    SUMMARY = "summary"
    """Several of the others in one, because more would be over the limit of the channel."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A finding that no other explains. `key`: its fingerprint. `host`: as it was named; `of`: the registry's name.

    `leads_to`: ids of the findings that follow from it.
    """

    key: str
    id: str
    severity: Severity
    title: str
    host: str
    of: str
    subject: str
    leads_to: tuple[str, ...] = ()
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Problems:
    """What audits found. `broken`: fingerprints of all findings, with those that others explain.

    `unknown`: fingerprints of checks that could not be judged. `unseen`: hosts of the registry that did not answer.
    `seen`: hosts of the registry that were audited. `declared`: all hosts of the registry.
    `compared`: whether hosts were compared with each other.
    """

    causes: tuple[Cause, ...]
    broken: frozenset[str]
    unknown: frozenset[str]
    seen: frozenset[str]
    unseen: frozenset[str]
    declared: frozenset[str]
    compared: bool = True


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification. `causes`: at least one. `key`: the same if it is the same notification, and no other has it."""

    kind: NoticeKind
    causes: tuple[Cause, ...]
    key: str = ""
    parts: tuple["Notice", ...] = ()
    """Of a summary: what it stands for."""

    @property
    def severity(self) -> Severity:
        return max((each.severity for each in self.causes), key=lambda each: each.rank)

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.host for each in self.causes))


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel knows. `sent`: when notifications went out within the last hour, seconds since the epoch.

    `pending`: the notification that was about to be sent when this was written. `number`: of notifications so far.
    """

    causes: Mapping[str, Cause] = field(default_factory=dict)
    sent: tuple[float, ...] = ()
    number: int = 0
    pending: Notice | None = None
