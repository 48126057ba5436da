"""What the worker of an early connection does for a command that asks one host several things, over one connection.

The command's own process only names these functions: what they need is loaded in the worker.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtctl.flows.units_question import UnitsQuestion
    from qtctl.model.control import ControlOutcome, ControlPlan
    from qtctl.model.evidence import Evidence
    from qtctl.model.inquiry import Inquiry
    from qtctl.model.route import Route
    from qtctl.model.unit_status import HostLook


def look(route: "Route", question: "UnitsQuestion") -> "HostLook":
    """HostError if the host could not be asked at all."""
    from qtctl.adapters.clock import SystemClock
    from qtctl.engines.worker import keep_connection
    from qtctl.flows.unit_status import look_at_units

    return look_at_units(keep_connection(route), question, SystemClock())


def answer(route: "Route", inquiry: "Inquiry", deadline_s: float) -> "Evidence":
    """HostError if there is no connection."""
    from qtctl.adapters.clock import SystemClock
    from qtctl.collect.collect import collect
    from qtctl.engines.worker import keep_connection

    return collect(keep_connection(route), inquiry, SystemClock(), deadline_s=deadline_s)


def carry_out(route: "Route", plan: "ControlPlan", about: Mapping[str, str], deadline_s: float) -> "ControlOutcome":
    """HostError, which Refused is, only if nothing was done."""
    from qtctl.control.carry_out import carry_out as run
    from qtctl.engines.worker import keep_connection

    return run(keep_connection(route), plan, about, deadline_s=deadline_s)
