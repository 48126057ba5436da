"""What no host could have: units that its systemd would refuse, or that keep each other down.

A plan with one of them changes nothing.
"""

from collections.abc import Iterator

from qtctl.meaning.refused import find_refused, list_instances, list_texts
from qtctl.model.desired import Desired
from qtctl.model.plan import Refusal
from qtctl.plan.unit_goals import list_goals


def find_obstacles(desired: Desired) -> tuple[Refusal, ...]:
    """One refusal for each unit and reason. `desired` has been rendered."""
    unloadable = (
        Refusal(unit, f"{each.what}: the host's systemd refuses it", each.remedy)
        for unit, each in find_refused(list_texts(desired), desired.systemd, list_instances(desired))
        if each.sure
    )
    return (*unloadable, *_find_contradictions(desired))


def _find_contradictions(desired: Desired) -> Iterator[Refusal]:
    """Units that must run, and that stop with one that must not. A job may be needed, and end."""
    jobs = {service.unit for service in desired.services if service.type == "oneshot"}
    goals = {goal.unit: goal for goal in list_goals(desired)}
    for goal in goals.values():
        for name, directive in goal.ties.items() if goal.active else ():
            if directive != "PartOf" and name in goals and name not in jobs and goals[name].active is False:
                what = f"declared to run, and {directive}={name} keeps it down, which is declared stopped"
                yield Refusal(goal.unit, what, "declare that both run, or neither")
