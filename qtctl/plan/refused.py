"""Units that the host's systemd would refuse: a plan with one of them changes nothing."""

from qtctl.meaning.refused import find_refused, list_instances, list_texts
from qtctl.model.desired import Desired
from qtctl.model.plan import Refusal


def find_obstacles(desired: Desired) -> tuple[Refusal, ...]:
    """One refusal for each unit and reason. `desired` has been rendered."""
    return tuple(
        Refusal(unit, f"{each.what}: the host's systemd refuses it", each.remedy)
        for unit, each in find_refused(list_texts(desired), desired.systemd, list_instances(desired))
        if each.sure
    )
