"""What root is asked for on a host, in two forms: as a script, and as what the helper of a prepared host takes.

The helper (`helper.sh`) has the scripts itself and takes data alone. A call is a line: the name of a function and its
arguments between tabs, in which a backslash, a tab and a line break are written as two characters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """What the helper does, as sudoers and the host's log name it."""

    EVIDENCE = "evidence"
    READ = "read"
    STAGE = "stage"
    TRANSACTION = "transaction"
    RAN = "ran"
    SECRETS = "secrets"
    STORE = "store"
    CONTROL = "control"


CONTROL = ("start", "stop", "restart", "reload", "reset-failed", "kill")
"""Verbs of the helper for units that the host was given, whose names come on standard input, one a line."""


@dataclass(frozen=True, slots=True)
class Request:
    """`script`: sh text for a shell of root's. `verb`, `data`: the same for the helper, on its standard input."""

    script: str
    verb: Verb
    data: bytes


Call = Sequence[str]
"""The name of a function that runs on hosts, and its arguments."""


def encode_calls(calls: Iterable[Call]) -> bytes:
    return "".join("\t".join(map(_escape, call)) + "\n" for call in calls).encode()


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
