"""What the state of a unit means: whether it is up, looping, has given up, failed or is down."""

from dataclasses import dataclass
from enum import StrEnum

from qtctl.meaning.restarts import RestartPolicy, has_given_up
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts, Unit
from qtctl.model.moments import parse_microseconds
from qtctl.model.states import ACTIVE_STATES

UP = ACTIVE_STATES | {"activating"}
"""Includes `activating`: a running oneshot and a service that is just starting are up, as far as one look can tell."""
UNLOADABLE = frozenset({"error", "bad-setting"})
"""Load states of a unit whose file systemd found but could not use."""


class Condition(StrEnum):
    """UP: active or on its way. LOOPING: QT205. GAVE_UP: QT206. FAILED: QT204. DOWN: QT219, if it should be up."""

    UP = "up"
    LOOPING = "looping"
    GAVE_UP = "gave up"
    FAILED = "failed"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class LoopLimits:
    """A service with `restarts` or more that has been up for less than `up_us` at `now_us` is looping."""

    restarts: int
    up_us: int
    now_us: int

    @classmethod
    def of(cls, desired: Desired, taken_at: str) -> "LoopLimits":
        """`taken_at` is when the evidence was taken: UTC, ISO 8601. InputError if it is no time."""
        return cls(desired.loop_restarts, desired.loop_up_us, parse_microseconds(taken_at))


def is_up(active_state: str) -> bool:
    return active_state in UP


def is_active(active_state: str) -> bool:
    """Whether it has started and has not ended: up, and not still on its way."""
    return active_state in ACTIVE_STATES


def is_awaiting_restart(unit: Unit) -> bool:
    """Whether it ended, and systemd is about to start it again: `auto-restart`, or `auto-restart-queued` since 254."""
    return unit.sub_state.startswith("auto-restart")


def is_down(unit: Unit) -> bool:
    """Whether it has ended, and systemd is not about to start it again (then it would be `activating`)."""
    return unit.active_state in ("failed", "inactive")


def is_settled(unit: Unit) -> bool:
    """Whether systemd is not working on it."""
    return is_down(unit) or unit.active_state == "active"


def find_condition(unit: Unit, limits: LoopLimits, policy: RestartPolicy | None = None) -> Condition:
    """`policy`: how systemd restarts it; None if that is not known, or if nothing of the kind is restarted."""
    if unit.active_state == "failed":
        return Condition.GAVE_UP if has_given_up(unit, policy or RestartPolicy()) else Condition.FAILED
    if is_looping(unit, limits):
        return Condition.LOOPING
    return Condition.UP if is_up(unit.active_state) else Condition.DOWN


def is_looping(unit: Unit, limits: LoopLimits) -> bool:
    """Waiting for its next start after it ended, or restarted too often and not up for long, even while stopping."""
    if is_awaiting_restart(unit):
        return True
    if unit.active_state in ("inactive", "failed") or unit.n_restarts < limits.restarts:
        return False
    since = max(unit.active_enter_timestamp, unit.exec_main_start_timestamp)
    return limits.now_us - since < limits.up_us


def is_absent(unit: Unit | None) -> bool:
    """systemd answers for any name: not-found for one without a file that does not run."""
    return unit is None or (unit.load_state == "not-found" and unit.active_state == "inactive")


def has_file(unit: Unit | None) -> bool:
    """Whether systemd has a unit file for it. Without one it can still run, but does not come back once it ends."""
    return unit is not None and unit.load_state != "not-found"


def is_loaded(unit: Unit | None) -> bool:
    """Whether systemd has read its files and could use them."""
    return unit is not None and unit.load_state == "loaded"


def read_unit(facts: Facts, name: str) -> Unit | None:
    """None if there is no such unit: no file, and nothing running. LookupError if that is unknown."""
    unit = facts.read(Unit, name)
    return None if is_absent(unit) else unit


def get_start_us(unit: Unit) -> int:
    """When its main process started, or it became active without one: µs since the epoch, 0 for never."""
    return unit.exec_main_start_timestamp or unit.active_enter_timestamp
