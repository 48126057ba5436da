"""What became of one setting of a compose service."""

from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.compose_settings import Dimension


class Fate(StrEnum):
    """What became of a setting."""

    KEPT = "kept"
    CHANGED = "changed"
    """By a rule of the legacy record, or for a reason that it or qtctl gives."""
    DIFFERS = "differs"
    """Nobody said why."""
    LOST = "lost"
    NEW = "new"
    """No compose file had it."""
    NOT_APPLICABLE = "not-applicable"
    """It is about containers."""
    UNKNOWN = "unknown"


HOLDING = frozenset({Fate.KEPT, Fate.CHANGED})
BROKEN = frozenset({Fate.DIFFERS, Fate.LOST})


@dataclass(frozen=True, slots=True)
class SettingFate:
    """`item`: the setting as the compose file names it; of a new one as the registry does. `line` 0: of no file.

    `then` and `now`: the two sides, never a secret. `declared`: what the registry alone says of it; `fate`: with the
    evidence of the host. `rules`: those of the legacy record that it rests on. `on_paper`: no host has to show it.
    """

    dimension: Dimension
    item: str
    line: int
    then: str
    now: str
    declared: Fate
    fate: Fate
    reason: str = ""
    rules: tuple[str, ...] = ()
    on_paper: bool = False
