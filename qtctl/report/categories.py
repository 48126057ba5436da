"""The categories of the module registry: what each means is said here and nowhere else."""

from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.facts import Unit


class Category(StrEnum):
    """How a unit was found in one look: one of these, as `classify` decides."""

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
UP = frozenset({"active", "reloading", "refreshing", "activating"})
UNLOADABLE = frozenset({"error", "bad-setting"})


@dataclass(frozen=True, slots=True)
class Loop:
    """When a unit that is up counts as restarting all the time. `now_us` is when the evidence was taken."""

    restarts: int
    up_us: int
    now_us: int


def classify(unit: Unit | None, loop: Loop) -> Category:
    """Of a unit that is known, or known to be absent (None)."""
    if unit is None or (unit.load_state == "not-found" and unit.active_state == "inactive"):
        return Category.ORPHANED
    if loops(unit, loop):
        return Category.AUTO_RESTART
    if unit.active_state == "failed":
        return Category.FAILED
    if unit.active_state in UP:
        return Category.RUNNING
    return Category.FAILED if unit.load_state in UNLOADABLE else Category.STOPPED


def loops(unit: Unit, loop: Loop) -> bool:
    if unit.sub_state.startswith("auto-restart"):
        return True
    if unit.active_state not in UP or unit.n_restarts < loop.restarts:
        return False
    return loop.now_us - max(unit.active_enter_timestamp, unit.exec_main_start_timestamp) < loop.up_us
