"""The result of each step of a plan, from the host's notes."""

from qtctl.model.plan import Plan, StepResult, StepStatus
from qtctl.model.transaction import Mark, Progressed

_STATUSES = {"begun": StepStatus.UNKNOWN, "done": StepStatus.DONE, "failed": StepStatus.FAILED}
_NOT_NOTED = Mark("")


def make_results(plan: Plan, progressed: Progressed | None) -> tuple[StepResult, ...]:
    """One result for each step, in order. A step without a note from the host was not run."""
    if progressed is None:
        return tuple(StepResult(step, StepStatus.UNKNOWN) for step in plan.steps)
    found = []
    for number, step in enumerate(plan.steps):
        mark = progressed.marks.get(number, _NOT_NOTED)
        status = _STATUSES.get(mark.word, StepStatus.NOT_RUN)
        kept = progressed.kept.get(number, "")
        found.append(StepResult(step, status, mark.detail, kept=kept, took_s=mark.took_s))
    return tuple(found)


def count_done(progressed: Progressed) -> int:
    return sum(mark.word == "done" for mark in progressed.marks.values())
