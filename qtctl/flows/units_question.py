"""What to ask a host about its units, apart from what asks it: who makes the question needs none of that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qtctl.model.evidence import Need
from qtctl.model.facts import Unit
from qtctl.model.inquiry import Inquiry, build_inquiry

if TYPE_CHECKING:
    from qtctl.model.desired import Desired

TASKS = ("Service", "TasksCurrent")
LINES = 5
"""Of each unit's journal, unless the operator says how many."""
LINES_OF = 10
"""Of how many units the journal is read: each takes the host some 20 ms."""


@dataclass(frozen=True, slots=True)
class UnitsQuestion:
    """What to ask of a host. `lines`: of each unit's journal, 0 for none; for at most LINES_OF units."""

    inquiry: Inquiry
    units: tuple[str, ...]
    lines: int


def count_lines(*, named: bool, given: int | None = None) -> int:
    """Of each unit's journal: none if no unit is named, since all units of the host are shown then."""
    if not named:
        return 0
    return LINES if given is None else given


def make_question(desired: "Desired", units: Sequence[str], lines: int) -> UnitsQuestion:
    needs = tuple(Need(Unit.FACT, unit) for unit in units)
    properties = {unit: (TASKS,) for unit in units if unit.endswith(".service")}
    inquiry = replace(build_inquiry(desired, needs, properties=properties), named_only=True)
    return UnitsQuestion(inquiry, tuple(units), lines if len(units) <= LINES_OF else 0)
