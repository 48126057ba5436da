"""Whether systemd starts a service again after it has ended (service_shall_restart in systemd's service.c)."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from qtctl.dialects.systemd.choices import parse_integer
from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.errors import InputError
from qtctl.model.desired import DesiredService
from qtctl.model.facts import Unit

EXITED = 1
"""CLD_EXITED; the other ways to end are a signal, with or without a core dump."""
_CONDITION = "exec-condition"
"""Result= where ExecCondition= said no: never started again for that."""


def _is_never(_: str) -> bool:
    return False


_RESTARTED: Mapping[str, Callable[[str], bool]] = {
    "always": lambda result: result != _CONDITION,
    "on-success": lambda result: result == "success",
    "on-failure": lambda result: result not in ("success", _CONDITION),
    "on-abnormal": lambda result: result not in ("success", "exit-code", _CONDITION),
    "on-abort": lambda result: result in ("signal", "core-dump"),
    "on-watchdog": lambda result: result == "watchdog",
}
"""Restart= → whether a service that ended with this Result= is started again."""


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Restart= and what modifies it. `limited`: systemd counts starts, and refuses one too many."""

    restart: str = "no"
    prevent: frozenset[str] = frozenset()
    force: frozenset[str] = frozenset()
    limited: bool = True

    @classmethod
    def of(cls, service: DesiredService) -> Self:
        """As declared, with systemd's defaults."""
        pairs = dict((*service.settings, *service.restart))
        return cls(
            pairs.get("Restart", "no") or "no",
            frozenset(pairs.get("RestartPreventExitStatus", "").split()),
            frozenset(pairs.get("RestartForceExitStatus", "").split()),
            _is_limited(dict((*service.unit_settings, *service.start_limit))),
        )


def _is_limited(pairs: Mapping[str, str]) -> bool:
    burst = parse_integer(pairs.get("StartLimitBurst", "5"))
    try:
        interval = parse_microseconds(pairs.get("StartLimitIntervalSec", "10s"))
    except InputError:
        return True
    return burst != 0 and interval != 0


def is_restarted(policy: RestartPolicy, unit: Unit) -> bool:
    """Whether systemd would start it again after this end."""
    ended = _list_end_names(unit)
    if ended & policy.prevent:
        return False
    if ended & policy.force:
        return True
    return _RESTARTED.get(policy.restart, _is_never)(unit.result)


def has_given_up(unit: Unit, policy: RestartPolicy) -> bool:
    """Whether a failed service is down because systemd refuses to start it again.

    Result= says so only where the last run itself was good: after a crash loop it keeps the cause of the last crash. A
    service that has been restarted before, would be restarted after this end too, and was not, has hit its start limit.
    """
    if unit.result == "start-limit-hit":
        return True
    return policy.limited and unit.n_restarts > 0 and is_restarted(policy, unit)


def _list_end_names(unit: Unit) -> frozenset[str]:
    """How RestartPreventExitStatus= may name this end."""
    status = unit.exec_main_status
    if not unit.exec_main_code:
        return frozenset()
    if unit.exec_main_code == EXITED or status not in {*signal.Signals}:
        return frozenset((str(status),))
    name = signal.Signals(status).name
    return frozenset((name, name.removeprefix("SIG"), str(status)))
