"""How the units of a host are, for an operator who looks at them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qtctl.model.facts import Facts


class JournalAccess(StrEnum):
    READ = "read"
    DENIED = "denied"
    """The account may not read what units of the system write."""
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class HostLook:
    """`units`: whole names, in order. `facts`: None if the host was not reached, and `why`, `hint` say why.

    `lines`: unit → its last lines in the journal. `user`: the account that looked.
    """

    target: str
    units: tuple[str, ...]
    facts: Facts | None = None
    why: str = ""
    hint: str = ""
    journal: JournalAccess = JournalAccess.NOT_ASKED
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    user: str = ""
