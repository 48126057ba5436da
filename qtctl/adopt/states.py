"""A live host's state of a unit → what a registry declares: never anything that would start, stop or enable it."""

from dataclasses import dataclass

from qtctl.adopt.merged_units import Original
from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.meaning.units import is_up
from qtctl.model.adoption import UnitState


@dataclass(frozen=True, slots=True)
class Standing:
    """`state`: as in its table. `enabled`: None if it is the default for the state. `open`: a person must decide."""

    state: str
    enabled: bool | None = None
    open: str = ""


def find_service_standing(original: Original, known: UnitState, driver: str, *, needed: bool) -> Standing:
    """`driver`: the type of what starts it, '' for none. `needed`: other adopted units pull it in."""
    up, enabled = is_up(known.active), known.enabled == "enabled"
    waits = "on-timer" if driver == "timers" else "on-demand"
    if up and (enabled or not driver) and not ends_by_itself(original):
        return _build_standing("running", enabled)
    if driver or up or needed or (enabled and ends_by_itself(original)):
        return _build_standing(waits, enabled)
    if enabled:
        what = f"is enabled and does not run ({known.active or 'not loaded'}): it was declared on-demand"
        return _build_standing("on-demand", enabled, what)
    return _build_standing("stopped", enabled)


def find_other_standing(known: UnitState) -> Standing:
    """For units other than services."""
    up, enabled = is_up(known.active), known.enabled == "enabled"
    what = "" if up or not enabled else f"is enabled and is {known.active or 'not loaded'}: it was declared stopped"
    return Standing("active" if up else "stopped", None if up is enabled else enabled, what)


def _build_standing(state: str, enabled: bool, what: str = "") -> Standing:
    return Standing(state, None if enabled is (state == "running") else enabled, what)


def ends_by_itself(original: Original) -> bool:
    """Whether it is a oneshot that is inactive again once it is done."""
    merged = original.merged
    oneshot = merged.last("Service", "Type") == "oneshot" or not original.has("Service", "ExecStart")
    return oneshot and not parse_boolean(merged.last("Service", "RemainAfterExit"))
