"""The one place that says which of QT204, QT205, QT206 and QT219 a unit falls under: at most one of them."""

from enum import StrEnum

from qtctl.audit.declared import DeclaredUnit
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts, Unit
from qtctl.model.moments import microseconds

ON_THE_WAY = ("active", "reloading", "refreshing", "activating")
"""A oneshot at work and a service that is just starting are `activating`: running, as far as one look can tell."""


class Condition(StrEnum):
    """UP: active or on its way. LOOPING: QT205. GAVE_UP: QT206. FAILED: QT204. DOWN: QT219, if it should be up."""

    UP = "up"
    LOOPING = "looping"
    GAVE_UP = "gave up"
    FAILED = "failed"
    DOWN = "down"


def condition(desired: Desired, declared: DeclaredUnit, unit: Unit, facts: Facts) -> Condition:
    if unit.active_state == "failed":
        return Condition.GAVE_UP if declared.is_service and gave_up(declared, unit) else Condition.FAILED
    if declared.is_service and loops(desired, unit, facts):
        return Condition.LOOPING
    return Condition.UP if unit.active_state in ON_THE_WAY else Condition.DOWN


def gave_up(declared: DeclaredUnit, unit: Unit) -> bool:
    """Whether systemd refuses to start it again.

    After a crash loop Result= keeps the cause of the last crash (seen on systemd 252: exit-code, with NRestarts at
    the burst); start-limit-hit is only there where the last run itself was good.
    """
    return unit.result == "start-limit-hit" or unit.n_restarts >= declared.burst


def loops(desired: Desired, unit: Unit, facts: Facts) -> bool:
    if unit.sub_state.startswith("auto-restart"):
        return True
    if unit.active_state == "inactive" or unit.n_restarts < desired.loop_restarts:
        return False
    since = max(unit.active_enter_timestamp, unit.exec_main_start_timestamp)
    return microseconds(facts.taken_at) - since < desired.loop_up_us


def read_unit(facts: Facts, name: str) -> Unit | None:
    """None where systemd knows no such unit: it answers for any name, with load state not-found."""
    unit = facts.read(Unit, name)
    return None if unit is None or unit.load_state == "not-found" else unit
