"""What is left to do on a host after every step of a deploy was carried out."""

from collections.abc import Iterator

from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.plan import Plan
from qtctl.model.preflight_facts import Jobs
from qtctl.plan.agreed import label_step
from qtctl.plan.failed_before import is_excused
from qtctl.plan.preflight import JOBS, list_others_jobs


def list_remaining(desired: Desired, planned: Plan, facts: Facts, failed_before: frozenset[str]) -> tuple[str, ...]:
    """A sentence each. `planned`: a new plan of the same host. `facts`: systemd's jobs."""
    return (*_list_jobs(desired, facts), *_list_steps(planned, failed_before))


def _list_jobs(desired: Desired, facts: Facts) -> Iterator[str]:
    item = facts.find_item(JOBS)
    if not item.state.known:
        yield f"the jobs of systemd could not be read: {item.reason or item.state}"
        return
    found = facts.read(Jobs, JOBS.subject) or Jobs("", {})
    own = (each.unit for each in desired.units() if each not in desired.externals)
    for unit, what in list_others_jobs(found, own):
        yield f"{unit}: {what}"


def _list_steps(planned: Plan, failed_before: frozenset[str]) -> Iterator[str]:
    for refusal in planned.refusals:
        yield f"{refusal.subject}: {refusal.reason}"
    for step in planned.steps:
        if not is_excused(step, failed_before):
            yield f"{label_step(step)} is needed once more ({step.reason})"
