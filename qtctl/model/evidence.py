"""What was asked of a host, and its answers. One Evidence is one JSON document."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from qtctl.model.json import JsonObject

EVIDENCE_SCHEMA = 1


class State(StrEnum):
    """How asking for a fact ended. Only `observed` and `absent` are knowledge."""

    OBSERVED = "observed"
    ABSENT = "absent"
    REFUSED = "refused"
    UNPARSEABLE = "unparseable"
    NOT_ASKED = "not-asked"

    @property
    def known(self) -> bool:
        return self in (State.OBSERVED, State.ABSENT)


class Need(NamedTuple):
    """One fact to find out: its kind, its subject (a unit, path, key …) and, for store facts, the store.

    A tuple, because an audit looks up thirty thousand of them.
    """

    fact: str
    subject: str
    store: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question.

    `again` is the command that a person on the host runs to see the same. `at` is UTC, ISO 8601, ms.
    """

    n: int
    via: str
    argv: tuple[str, ...]
    again: str
    at: str
    took_ms: int
    exit: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One fact. `value` is set only if observed, else `reason`. `again` and `line` narrow down the question's proof.

    If only part of a value could be observed, `reason` says why the rest is missing (such as a file without a digest).
    `help`: what to do about this very reason; '' if the general advice for the fact applies. `needs_root`: the fact is
    unknown because the auditing account cannot determine it, and root, who could, was not asked. `fault`: the reason
    without the login and the hint, the same for all hosts with the same fault; '' if the reason has neither.
    """

    fact: str
    subject: str
    state: State
    value: JsonObject | None
    reason: str | None
    ask: int
    again: str = ""
    line: str = ""
    store: str = ""
    help: str = ""
    needs_root: bool = False
    fault: str = ""

    @property
    def need(self) -> Need:
        return Need(self.fact, self.subject, self.store)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was learned about one host at one time. `host`: the registry's name. `address`: how it was reached."""

    schema_version: int
    qtctl_version: str
    host: str
    address: str
    transport: str
    user: str
    taken_at: str
    asks: tuple[Ask, ...]
    items: tuple[Item, ...]
