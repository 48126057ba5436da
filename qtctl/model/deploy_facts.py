"""Facts of what a host keeps of its deploys."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class HostDeploys:
    """Subject: `host`. What everyone may read about deploys.

    `state`: as in TransactionState, or `idle`, or `damaged`: root found that the record of a transaction is unusable.
    `generation`: the one that the state refers to. `current`: the one in force, 0 for none. `at`: when that was
    written, in seconds since the epoch. `by`: who deploys, '' if nobody does. If the state is not idle: `watched`,
    whether its caller, or the host itself, gave a sign of life in time; `age_s`, how long it has been in this state, in
    seconds; `rebooted`, whether the state dates from before the last boot. `about`: what was recorded about the current
    generation: fleet, host, registry (a digest), by, commit, and more. `units`: for each of its units the invocation
    and the digest of the unit file when the last transaction ended.
    """

    FACT: ClassVar[str] = "deploy.status"
    state: str
    generation: int
    current: int
    at: int
    by: str
    watched: bool
    age_s: int
    rebooted: bool
    about: dict[str, str]
    units: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class KeptGenerations:
    """Subject: `host`. What is missing or damaged in the generations kept for rollbacks. Only root can read it.

    `confirmed`: their numbers. `damaged`: number → what is missing, or is not what was written. `record`: what is wrong
    with the record of a transaction, which makes the host refuse deploys; '' if nothing is.
    """

    FACT: ClassVar[str] = "deploy.generations"
    confirmed: list[int]
    damaged: dict[str, list[str]]
    record: str = ""
