"""A plan that was saved and agreed to: whether a deploy would do the same now, and where it would differ."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator

from qtctl.model.plan import Plan, PlannedBefore, Refusal, Step, StepKind

AGAIN = "plan again, read the new plan, and deploy that one"


def label_step(step: Step) -> str:
    """`restart shop-api.service`."""
    return f"{step.kind.value} {step.subject}"


def digest_step(step: Step, nonce: str) -> str:
    """A digest of everything that decides what the step does, and of the state that it was decided on.

    `nonce` is new for each plan: digests of a file can only be compared within one plan.
    """
    file = step.file
    new = [file.sha256, file.mode, file.owner, file.group] if file else []
    drags = sorted([each.unit, each.effect, each.by] for each in step.drags)
    # The restart counter of a unit in a crash loop changes at each look.
    reason = "" if step.kind is StepKind.RESET_FAILED else step.reason
    place = [step.target, step.time] if step.time else [step.target]
    text = json.dumps([step.kind, step.subject, reason, step.seen, step.diff, new, drags, *place])
    return hmac.new(nonce.encode(), text.encode(), hashlib.sha256).hexdigest()


def digest_steps(plan: Plan, nonce: str) -> tuple[tuple[str, str], ...]:
    """For every step, in order: what it is, and its digest."""
    return tuple((label_step(step), digest_step(step, nonce)) for step in plan.steps)


def plan_digest(plan: Plan) -> str:
    """A digest of everything that a plan does. Neither the content of an env file nor its digest is part of it."""
    rows = [[step.kind, step.subject, step.reason, step.diff, step.target, *_list_rights(step)] for step in plan.steps]
    return hashlib.sha256(json.dumps([plan.host, rows]).encode()).hexdigest()


def _list_rights(step: Step) -> list[str]:
    file = step.file
    return [file.mode, file.owner, file.group, "" if file.kind == "env" else file.sha256] if file else []


def find_differences(expected: PlannedBefore, plan: Plan) -> tuple[Refusal, ...]:
    """One refusal for each step that differs from the agreed plan; none if the plans are the same."""
    if expected.machine and plan.machine and expected.machine != plan.machine:
        what = "another machine than the one that the plan was made for: its machine id differs"
        return (Refusal(plan.host, what, AGAIN),)
    now = digest_steps(plan, expected.nonce)
    if now == expected.keys:
        return ()
    found = tuple(Refusal(subject, reason, AGAIN) for subject, reason in _compare(expected.keys, now))
    return found or (Refusal(plan.host, "the steps would run in another order than planned", AGAIN),)


def _compare(before: tuple[tuple[str, str], ...], now: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """Subject and what happened to its step; the same step may come more than once."""
    old, new = Counter(before), Counter(now)
    gone, added = old - new, new - old
    left = {label for label, _ in added}
    for label, _ in gone:
        subject = label.partition(" ")[2]
        if label in left:
            yield subject, f"`{label}` was planned for another state of the host, or for another reason"
        else:
            yield subject, f"`{label}` was planned, and is not what the host needs now"
    planned = {label for label, _ in gone}
    for label, _ in added:
        if label not in planned:
            yield label.partition(" ")[2], f"`{label}` was not planned, and the host needs it now"
