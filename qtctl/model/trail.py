"""The audit trail: who changed a host, from which registry, with which plan.

A record has the same keys wherever it is kept: on the host, as journal fields, and at the caller.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 300
"""Characters of one value."""


class Action(StrEnum):
    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    RECOVER = "recover"
    RESTORE = "restore"
    """A backup was restored."""
    PUT = "put"
    """A secret was put on the host."""
    CONTROL = "control"
    """Units were started, stopped or the like by hand."""


class CallerEvent(StrEnum):
    """What the caller records. The host records its own events: states of a transaction, and its end."""

    BEGUN = "begun"
    """Someone agreed to the plan."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Person:
    """Who runs qtctl, and on which machine. `sudo_user`: who became `user` through sudo, '' if nobody did."""

    user: str
    host: str
    sudo_user: str = ""

    @property
    def by(self) -> str:
        return f"{self.user}@{self.host}"


@dataclass(frozen=True, slots=True)
class Commit:
    """Of the registry's working tree. `commit`: '' if there is none, and `problem` says why.

    `dirty`: whether files of the registry differ from that commit; None if unknown.
    """

    commit: str = ""
    dirty: bool | None = None
    problem: str = ""


def describe_origin(person: Person, commit: Commit) -> dict[str, str]:
    """The keys of a record that say who did it and from which registry."""
    sudo = {"sudo_user": person.sudo_user} if person.sudo_user else {}
    known = {None: "unknown", False: "no", True: "yes"}
    problem = {"commit_unknown": commit.problem} if commit.problem else {}
    return {"by": person.by, **sudo, "commit": commit.commit, "dirty": known[commit.dirty], **problem}


def clean(value: str) -> str:
    """One line of printable characters, at most LONGEST."""
    return "".join(each if each.isprintable() else " " for each in value).strip()[:LONGEST]


def write_members(about: Mapping[str, str]) -> str:
    """The members of a JSON object, without its braces, in one line of ASCII."""
    return json.dumps({key: clean(value) for key, value in sorted(about.items())}, separators=(",", ":"))[1:-1]


def write_fields(about: Mapping[str, str]) -> str:
    """Fields of the journal, one a line: DEPLOY_COMMIT=…"""
    return "".join(f"DEPLOY_{key.upper()}={clean(value)}\n" for key, value in sorted(about.items()))
