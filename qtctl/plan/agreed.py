"""A plan that was written down and agreed to: whether what would be done now is that, and where it differs."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator

from qtctl.model.desired import Desired
from qtctl.model.plan import Plan, PlannedBefore, Refusal, Step, StepKind
from qtctl.plan.unit_goals import goals

AGAIN = "plan again, read the new plan, and deploy that one"


def label_of(step: Step) -> str:
    """`restart shop-api.service`."""
    return f"{step.kind.value} {step.subject}"


def key_of(step: Step, nonce: str) -> str:
    """A digest of all that decides what the step does, and of the state that it was decided on.

    `nonce` is new for each plan: what the digest says of a file can be compared within that plan alone.
    """
    file = step.file
    new = [file.sha256, file.mode, file.owner, file.group] if file else []
    drags = sorted([each.unit, each.effect, each.by] for each in step.drags)
    # How often systemd restarted a unit in a crash loop is another number at each look.
    reason = "" if step.kind is StepKind.RESET_FAILED else step.reason
    text = json.dumps([step.kind, step.subject, reason, step.seen, step.diff, new, drags, step.target])
    return hmac.new(nonce.encode(), text.encode(), hashlib.sha256).hexdigest()


def keys_of(plan: Plan, nonce: str) -> tuple[tuple[str, str], ...]:
    """Of every step, in order: what it is, and its digest."""
    return tuple((label_of(step), key_of(step, nonce)) for step in plan.steps)


def registry_digest(desired: Desired) -> str:
    """Of all that a deploy is made from: generated files, states of units, accounts and folders, retired units."""
    files = sorted([each.path, each.sha256, each.mode, each.owner, each.group] for each in desired.files)
    units = [[goal.unit, goal.active, goal.enabled, *goal.links] for goal in goals(desired)]
    ports = [[unit.unit, port.protocol, port.address, port.port] for unit in desired.units() for port in unit.ports]
    accounts = [[each.name, each.uid, each.gid, each.group, *each.groups] for each in desired.accounts]
    folders = [[each.path, each.user, each.group, each.mode] for each in desired.folders]
    names = list(desired.hosts_file.names) if desired.hosts_file else []
    gone = sorted(each.unit for each in desired.retired_units)
    whole = [desired.fleet, desired.host, files, units, ports, accounts, folders, names, gone]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def differences(expected: PlannedBefore, plan: Plan) -> tuple[Refusal, ...]:
    """One refusal for each step that is not as it was agreed to; none where the plan is that one."""
    if expected.machine and plan.machine and expected.machine != plan.machine:
        what = "another machine than the one that the plan was made for: its machine id differs"
        return (Refusal(plan.host, what, AGAIN),)
    now = keys_of(plan, expected.nonce)
    if now == expected.keys:
        return ()
    found = tuple(Refusal(subject, reason, AGAIN) for subject, reason in _differ(expected.keys, now))
    return found or (Refusal(plan.host, "the steps would run in another order than planned", AGAIN),)


def _differ(before: tuple[tuple[str, str], ...], now: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """Subject and what happened to its step; the same step may come more than once."""
    old, new = Counter(before), Counter(now)
    gone, added = old - new, new - old
    left = {label for label, _ in added}
    for label, _ in gone:
        subject = label.partition(" ")[2]
        if label in left:
            yield subject, f"`{label}` was planned on another state of the host, or for another reason"
        else:
            yield subject, f"`{label}` was planned, and is not what the host needs now"
    planned = {label for label, _ in gone}
    for label, _ in added:
        if label not in planned:
            yield label.partition(" ")[2], f"`{label}` was not planned, and the host needs it now"
