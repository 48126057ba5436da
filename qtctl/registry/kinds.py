"""Keys that have no effect in their type of service or timer."""

from collections.abc import Iterator

from qtctl.model.origin import Origin
from qtctl.model.service import RunKind, Service
from qtctl.rules.problem import Problem

TIMES = ("on_calendar", "on_boot", "on_startup", "on_active", "on_unit_active", "on_unit_inactive",
         "on_clock_change", "on_timezone_change")  # fmt: skip
"""A timer needs at least one of these keys."""


def starts_nothing(service: Service) -> bool:
    """Whether a oneshot only acts when it is stopped, or only triggers an action of the manager when it succeeds."""
    does = service.commands.stop or service.manager.success_action
    return service.type == "oneshot" and bool(does) and service.run is not None and service.run.kind is RunKind.EXEC


def check_kinds(service: Service, type_: str, origin: Origin) -> Iterator[Problem]:
    """Keys that systemd accepts but ignores for the service's Type=."""
    if service.timeouts.runtime_max and type_ == "oneshot":
        where = origin.at("timeouts", "runtime_max")
        yield Problem(
            "timeouts.runtime_max does nothing with type oneshot", where, "a oneshot is bounded by timeouts.start"
        )
