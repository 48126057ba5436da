"""The host itself: OS, load, memory, disk; or why they are unknown."""

from pydantic import Field

from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts, HostBaseline
from qtctl.reports.document import Part


class Baseline(Part):
    """`value` is set only if `state` is observed. Sizes in bytes, times in seconds."""

    state: State
    reason: str | None
    value: HostBaseline | None
    proof_line: str = Field(default="", description="the question that was asked; empty if it was not asked")


def make_baseline(facts: Facts) -> Baseline:
    item = facts.find_item(Need(HostBaseline.FACT, "host"))
    value = facts.read(HostBaseline, "host") if item.state.known else None
    return Baseline(state=item.state, reason=item.reason, value=value, proof_line=item.again)
