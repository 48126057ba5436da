"""What an operator changed on a host after a deploy, and how a registry can take it over."""

from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.json import Json


class DriftFate(StrEnum):
    """What happens to one change."""

    ADOPTED = "adopted"
    """The registry has it once it is written."""
    DECLARED = "declared"
    """The registry has it already."""
    CONFLICT = "conflict"
    """The registry has been changed to something else since the last deploy."""
    HIDDEN = "secret"
    """The value stays on the host."""
    LEFT = "left"
    """No registry can express it, or not with certainty."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A value at a path of a registry file; None removes it."""

    file: str
    path: tuple[str, ...]
    value: Json | None


@dataclass(frozen=True, slots=True)
class Drift:
    """One change. `what`: `[Service] MemoryMax=`, never a value. `where`: the files on the host that have it.

    `keys`: where the registry has it, each `FILE: KEY`. `why`: '' if it was adopted.
    """

    unit: str
    what: str
    where: tuple[str, ...]
    fate: DriftFate
    keys: tuple[str, ...] = ()
    why: str = ""
