"""What a host says about its deploys: whether one is stuck, and whether another registry made what is in force."""

from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.evidence import Need
from qtctl.model.transaction import TransactionState

STATUS = Need(HostDeploys.FACT, "host")
RECORDED = frozenset(each.value for each in TransactionState if each is not TransactionState.NONE)
"""States of a transaction that has a record on the host."""
DAMAGED = "damaged"
"""The state of a transaction whose record on the host is invalid. Only root can see it."""
LATE_S = 15
"""How long a host may take to notice that nobody watches any more."""
RESTORED_S = 300
"""How long a host may take to roll back."""


def is_stuck(status: HostDeploys) -> bool:
    """Whether it will not end by itself. A broken one says so itself."""
    if status.rebooted:
        return True
    if status.state in ("restoring", "confirmed"):
        return status.age_s > RESTORED_S
    return not status.watched and status.age_s > LATE_S


def judges_generation(status: HostDeploys, fleet: str, host: str) -> bool:
    """Whether the generation in force is this fleet's.

    Of several fleets on a host, only the last to deploy is known.
    """
    mine = (status.about.get("fleet"), status.about.get("host")) == (fleet, host)
    return bool(status.current) and status.state == "idle" and mine


def is_of_registry(status: HostDeploys, digest: str) -> bool:
    """`digest`: `registry_digest` of the current declaration."""
    return status.about.get("registry") == digest
