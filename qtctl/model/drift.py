"""What an operator changed on a host after a deploy, and what a registry can make of it."""

from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.json import Json


class DriftFate(StrEnum):
    """What becomes of one change."""

    ADOPTED = "adopted"
    """The registry says it, once it is written."""
    DECLARED = "declared"
    """The registry says it already."""
    CONFLICT = "conflict"
    """The registry says something else since the last deploy."""
    HIDDEN = "secret"
    """Its value stays on the host."""
    LEFT = "left"
    """No registry can say it, or not for certain."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A value at a path of a registry file; None removes it."""

    file: str
    path: tuple[str, ...]
    value: Json | None


@dataclass(frozen=True, slots=True)
class Drift:
    """One change. `what`: `[Service] MemoryMax=`, never a value. `where`: the files of the host that say it.

    `keys`: where the registry says it, each `FILE: KEY`. `why`: '' for what was adopted.
    """

    unit: str
    what: str
    where: tuple[str, ...]
    fate: DriftFate
    keys: tuple[str, ...] = ()
    why: str = ""
