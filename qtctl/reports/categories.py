"""The categories of the module registry: what each means is said here and nowhere else."""

from enum import StrEnum

from qtctl.meaning.units import UNLOADABLE, Condition, LoopLimits, find_condition, is_absent
from qtctl.model.facts import Unit


class Category(StrEnum):
    """The state in which a unit was found, as `classify` decides it."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    AUTO_RESTART = "AUTO_RESTART"
    ORPHANED = "ORPHANED"
    UNKNOWN = "UNKNOWN"

    @property
    def meaning(self) -> str:
        return MEANINGS[self]


MEANINGS = {
    Category.RUNNING: "active, or on its way there (a oneshot at work is activating)",
    Category.STOPPED: "inactive, or on its way there; masked and disabled ones too",
    Category.FAILED: "systemd gave it up as failed, or cannot load its unit file",
    Category.AUTO_RESTART: "waiting for its next start after it ended, or restarted as often as the fleet's threshold "
    "says and up for less than it says",
    Category.ORPHANED: "a name without a unit: declared or referred to, and no unit of this name on the host",
    Category.UNKNOWN: "the host was not asked, refused, or gave an answer that cannot be read",
}
OF_CONDITION = {
    Condition.UP: Category.RUNNING,
    Condition.LOOPING: Category.AUTO_RESTART,
    Condition.GAVE_UP: Category.FAILED,
    Condition.FAILED: Category.FAILED,
    Condition.DOWN: Category.STOPPED,
}


def classify(unit: Unit | None, limits: LoopLimits) -> Category:
    """The category of a unit; None: the unit is known to be absent."""
    if unit is None or is_absent(unit):
        return Category.ORPHANED
    category = OF_CONDITION[find_condition(unit, limits)]
    return Category.FAILED if category is Category.STOPPED and unit.load_state in UNLOADABLE else category
