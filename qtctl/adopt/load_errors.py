"""What systemd refuses to load whole, for what a unit of its type lacks (service.c, timer.c, socket.c, path.c …)."""

from collections.abc import Callable
from typing import TypeAlias

from qtctl.adopt.merged_units import Original
from qtctl.dialects.systemd.directives import LISTENS, TIMERS, WATCHES
from qtctl.dialects.systemd.unit_name import escape_path
from qtctl.errors import InputError
from qtctl.findings.meaning import Meaning
from qtctl.rules.units.misread import QT110
from qtctl.rules.units.timers import QT112

FATAL = frozenset((
    "ExecCondition", "ExecReload", "ExecStart", "ExecStartPost", "ExecStartPre", "ExecStop", "ExecStopPost",
    "Group", "RootDirectory", "RootImage", "SupplementaryGroups", "User", "WorkingDirectory",
))  # fmt: skip
"""Directives of which a bad value, unless a `-` stands before it, is a bad setting of the whole unit."""
_REFUSED = "systemd does not load it"

Refusal: TypeAlias = tuple[Meaning, str] | None
"""Which finding it is, and why; None where systemd loads the unit."""


def why_not(original: Original) -> Refusal:
    """What it is and the reason; None where systemd loads the unit."""
    check = None if original.foreign or original.masked else _CHECKS.get(original.kind)
    return check(original) if check else None


def _service(original: Original) -> Refusal:
    for said in original.ignored:
        if said.section == "Service" and said.key in FATAL and not said.value.startswith("-"):
            return QT110, f"has a {said.key}= that systemd does not take: {_REFUSED}"
    starts = original.merged.all("Service", "ExecStart")
    type_ = original.merged.last("Service", "Type")
    if not starts:
        stops = original.has("Service", "ExecStop") or original.has("Unit", "SuccessAction")
        if not stops or type_ not in ("", "oneshot"):
            return QT110, f"has no ExecStart= that counts: {_REFUSED}"
    elif len(starts) > 1 and type_ != "oneshot":
        return QT110, f"has more than one ExecStart=, which only Type=oneshot may have: {_REFUSED}"
    return None


def _timer(original: Original) -> Refusal:
    times = (*TIMERS, "OnClockChange", "OnTimezoneChange")
    if any(original.has("Timer", key) for key in times):
        return None
    return QT112, f"has no time to run at: {_REFUSED}"


def _any_of(section: str, keys: frozenset[str], what: str) -> Callable[[Original], Refusal]:
    def check(original: Original) -> Refusal:
        there = any(original.has(section, key) for key in keys)
        return None if there else (QT110, f"{what}: {_REFUSED}")

    return check


def _mount(original: Original) -> Refusal:
    where, stem = original.merged.last("Mount", "Where"), original.unit.rpartition(".")[0]
    if not original.has("Mount", "What"):
        return QT110, f"has no What=: {_REFUSED}"
    try:
        fits = not where or "%" in where or escape_path(where) == stem
    except InputError:
        fits = False
    return None if fits else (QT110, f"is not named after its Where=: {_REFUSED}")


_CHECKS: dict[str, Callable[[Original], Refusal]] = {
    "services": _service,
    "timers": _timer,
    "sockets": _any_of("Socket", LISTENS, "has nothing to listen on"),
    "paths": _any_of("Path", WATCHES, "has nothing to watch"),
    "mounts": _mount,
    "swaps": _any_of("Swap", frozenset(("What",)), "has no What="),
}
