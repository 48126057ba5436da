"""Plans of several hosts that do the same: they are shown once."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

from qtctl.model.plan import Plan, Step

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def digest_alike(plan: Plan) -> str:
    """The same for two hosts if their plans read the same: steps with their reasons and diffs, refusals and notes.

    Times in reasons, and the contents of env files, which no plan shows, do not count.
    """
    steps = [_list_shown(step) for step in plan.steps]
    refusals = [[each.subject, each.reason, each.hint] for each in plan.refusals]
    notes = [[each.kind, each.subject, each.text] for each in plan.notes]
    return hashlib.sha256(json.dumps([steps, refusals, notes]).encode()).hexdigest()


def _list_shown(step: Step) -> list[object]:
    file = step.file
    rights = [file.mode, file.owner, file.group] if file else []
    drags = sorted([each.unit, each.effect, each.by] for each in step.drags)
    return [step.kind, step.subject, _TIME.sub("…", step.reason), step.diff, step.target, rights, drags]


def group_alike(plans: Mapping[str, Plan]) -> dict[str, tuple[str, ...]]:
    """Digest → the hosts with such a plan. Plans of most hosts come first; otherwise in the order of the hosts."""
    found: dict[str, list[str]] = {}
    for host, plan in plans.items():
        found.setdefault(digest_alike(plan), []).append(host)
    return {digest: tuple(hosts) for digest, hosts in sorted(found.items(), key=lambda item: -len(item[1]))}


def differ_inside(plans: Sequence[Plan]) -> bool:
    """Whether plans that read the same put different contents into files."""
    digests = {tuple(step.file.sha256 for step in plan.steps if step.file is not None) for plan in plans}
    return len(digests) > 1
