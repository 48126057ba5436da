"""QT105 and QT114: more memory than the host has, missing caps, and start limits that are never reached."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from qtctl.dialects.systemd import size, timespan
from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.errors import InputError
from qtctl.findings.finding import Finding, Severity
from qtctl.model.desired import DesiredService
from qtctl.model.host_defaults import locate_host_key
from qtctl.model.states import ServiceState
from qtctl.rules.container_clients import runs_containers
from qtctl.rules.locate import find_origin
from qtctl.rules.view import Unit, View, ViewRule

_DEFAULT_INTERVAL, _DEFAULT_BURST, _DEFAULT_RESTART = "10s", "5", "100ms"
"""systemd's own defaults, for units that set none (systemd-system.conf)."""
_DAEMONS = frozenset(("exec", "notify", "notify-reload", "dbus", "forking"))
"""Types of services that keep running. With `simple`, the default, it may be a command that ends."""
_GIB = 1024**3


def judge_memory(view: View) -> Iterator[Finding]:
    """QT105: compares the caps of what runs, now or on a timer, with memory that someone has checked."""
    if view.is_guessed("memory"):
        return
    desired = view.desired
    caps = {
        service.name: cap
        for unit, service in view.services
        if service.state is not ServiceState.STOPPED
        and (cap := _parse_bytes(unit.last("Service", "MemoryMax"), desired.memory)) not in (None, size.INFINITY)
    }
    total = sum(cap for cap in caps.values() if cap is not None)
    if total <= desired.memory:
        return
    largest = sorted(caps, key=lambda name: (-(caps[name] or 0), name))[:3]
    yield QT105.make_broken(
        desired.host,
        f"has {_format_gib(desired.memory)} of memory, and the memory_max of the {len(caps)} services that run there "
        f"adds up to {_format_gib(total)} (most: {', '.join(largest)})",
        "lower the caps, move services to another host, or correct the host's memory",
        locate_host_key(view.registry, desired.host, "memory"),
    )


def judge_caps(view: View) -> Iterator[Finding]:
    """QT114, of each service."""
    for unit, _ in view.services:
        yield from _judge_cap(view, unit)
        yield from _start_limit(view, unit)


def _judge_cap(view: View, unit: Unit) -> Iterator[Finding]:
    most = _parse_bytes(unit.last("Service", "MemoryMax") or "infinity", view.desired.memory)
    if most == size.INFINITY and view.is_whole(unit) and not _is_capped_by_slice(view, unit):
        yield QT114.make_broken(
            unit.subject,
            "has no memory cap: if it leaks, the kernel kills whatever it likes",
            "give it limits.memory_max, or the fleet defaults.limits.memory_max",
            find_origin(view, unit, "MemoryMax"),
            severity=Severity.WARNING if _can_leak(view, unit) else Severity.INFO,
        )
    high = _parse_bytes(unit.last("Service", "MemoryHigh") or "infinity", view.desired.memory)
    if high is None or most is None or high == size.INFINITY or high <= most:
        return
    yield QT114.make_broken(
        unit.subject,
        "has a memory_high above its memory_max: it is killed before it is ever slowed down",
        "set memory_high below memory_max",
        find_origin(view, unit, "MemoryHigh"),
    )


def _can_leak(view: View, unit: Unit) -> bool:
    """Whether its own process is meant to keep running, as its unit shows.

    Containers have the memory of their engine.
    """
    if unit.service is None or unit.service.state is not ServiceState.RUNNING:
        return False
    if parse_boolean(unit.last("Service", "RemainAfterExit")):
        return False
    if unit.last("Service", "Type") not in _DAEMONS and not _is_kept_up(unit.service, unit.last("Service", "Restart")):
        return False
    return not runs_containers(view.registry.services[unit.subject])


def _is_kept_up(service: DesiredService, restart: str) -> bool:
    """Whether its restarts show that it should stay up.

    A shell script that starts again after a failure may well end.
    """
    if restart in ("", "no"):
        return False
    script = any(PurePosixPath(word).suffix == ".sh" for word in service.argv[:3])
    shell = bool(service.argv) and PurePosixPath(service.argv[0]).name in ("sh", "bash", "dash")
    return restart == "always" or not (script or shell)


def _is_capped_by_slice(view: View, unit: Unit) -> bool:
    """Whether its slice, or one above that, has a cap: a leak ends there."""
    slice_ = unit.last("Service", "Slice")
    if not slice_:
        return False
    parts = slice_.removesuffix(".slice").split("-")
    above = {f"{'-'.join(parts[:end])}.slice" for end in range(1, len(parts) + 1)}
    caps = (each.last("Slice", "MemoryMax") for each in view.units if each.name in above)
    return any(_parse_bytes(cap, view.desired.memory) not in (None, size.INFINITY) for cap in caps if cap)


def _start_limit(view: View, unit: Unit) -> Iterator[Finding]:
    if (
        not view.is_whole(unit)
        or unit.last("Service", "Restart") in ("", "no")
        or unit.last("Service", "RestartSteps") not in ("", "0")
    ):
        return
    interval = _parse_span(unit.last("Unit", "StartLimitIntervalSec") or _DEFAULT_INTERVAL)
    burst = unit.last("Unit", "StartLimitBurst") or _DEFAULT_BURST
    pause = _parse_span(unit.last("Service", "RestartSec") or _DEFAULT_RESTART)
    if interval is None or pause is None or not burst.isdecimal() or not interval or interval > int(burst) * pause:
        return
    yield QT114.make_broken(
        unit.subject,
        "can never hit its start limit: start_limit_burst times restart_sec is not less than start_limit_interval, so "
        "it restarts forever",
        "lengthen start_limit_interval, or lower start_limit_burst",
        find_origin(view, unit, "StartLimitIntervalSec"),
    )


def _parse_bytes(text: str, whole: int) -> int | None:
    """None if it is not a size; a percentage is of the host's memory."""
    if text.endswith("%") and text[:-1].replace(".", "", 1).isdecimal():
        return int(float(text[:-1]) / 100 * whole)
    try:
        return size.parse_bytes(text)
    except InputError:
        return None


def _parse_span(text: str) -> int | None:
    try:
        return timespan.parse_microseconds(text)
    except InputError:
        return None


def _format_gib(number: int) -> str:
    return f"{number / _GIB:.1f}G"


QT105 = ViewRule(
    "QT105",
    "more memory promised than there is",
    Severity.WARNING,
    what="The MemoryMax= values of everything that runs on a host, now or on a timer, add up to more than the memory "
    "that `hosts.toml` declares for it.",
    why="Each service stays within its cap, and the host still runs out: then the kernel chooses what to kill, and "
    "that need not be the process that grew.",
    fix="Lower caps that are never reached, move services, or correct the declared memory.",
    look=judge_memory,
    each_host=True,
)
QT114 = ViewRule(
    "QT114",
    "limit that limits nothing",
    Severity.WARNING,
    what="No memory cap (information only where nothing shows that the service stays up: a oneshot, a timer's job, a "
    "plain command without Restart=, a shell script that starts again after failures; and where containers do the "
    "work); a MemoryHigh= above MemoryMax=; or a start limit that is never hit, because that many restarts, "
    "RestartSec= apart, do not fit into StartLimitIntervalSec=.",
    why="A leak takes down the whole host. A service that cannot start restarts forever, and is never reported as "
    "failed.",
    fix="Set `limits.memory_max` (in `[defaults.limits]` for all), `memory_high` below it, and a "
    "`start_limit_interval` longer than `start_limit_burst` times `restart_sec`.",
    look=judge_caps,
)
RULES = (
    QT105,
    QT114,
)
