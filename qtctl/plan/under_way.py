"""Whether another deploy blocks this one: it is under way, stuck, or could not be rolled back."""

from collections.abc import Iterator

from qtctl.meaning.deploys import DAMAGED, STATUS, is_stuck
from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.evidence import State
from qtctl.model.facts import Facts
from qtctl.model.plan import Refusal

_PASSING = ("idle", "staged")
"""Only the one who stages knows whether someone else still does: the host's lock decides."""
_SEE = "deploy with the qtctl that wrote /var/lib/qtctl/status, or see what is in it"


def find_obstacles(host: str, facts: Facts) -> Iterator[Refusal]:
    """Nothing if the host has never been deployed to."""
    item = facts.find_item(STATUS)
    if not item.state.known:
        damaged = item.state is State.UNPARSEABLE
        why = item.reason or str(item.state)
        yield Refusal(
            host, why if damaged else f"the state of its deploys: {why}", _SEE if damaged else "", unknown=not damaged
        )
        return
    status = facts.read(HostDeploys, "host")
    if status is not None and status.state not in _PASSING:
        yield _refuse(host, facts.target or host, status)


def find_change(host: str, facts: Facts) -> Refusal | None:
    """The deploy or rollback that is changing the host now, or that got stuck while it did."""
    status = facts.read(HostDeploys, "host")
    if status is None or status.state in (*_PASSING, "broken", DAMAGED):
        return None
    return _refuse(host, facts.target or host, status)


def _refuse(host: str, address: str, status: HostDeploys) -> Refusal:
    recover = f"`qtctl recover --host {address}`"
    if status.state == DAMAGED:
        return Refusal(host, "the record of a deploy in /var/lib/qtctl/tx is damaged", recover)
    if status.state == "broken":
        what = f"an earlier deploy, generation {status.generation}, could not be rolled back"
        return Refusal(host, what, f"check its units, then {recover}")
    if is_stuck(status):
        return Refusal(host, f"a deploy, generation {status.generation}, is stuck while {status.state}", recover)
    holder = status.by or "someone"
    what = f"{holder} is deploying to it now (generation {status.generation}, {status.state})"
    return Refusal(host, what, "wait until that is done", holder=holder)
