"""Facts of what a host keeps of its deploys."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class HostDeploys:
    """Subject: `host`. What everybody may read of deploys.

    `state` as in TransactionState, `idle`, or `damaged`: root saw that the record of a transaction says nothing.
    `generation`: the one that it is about, and `current` the one in force, 0 for none. `at`: when that was written, in
    seconds since the epoch; `by`: who deploys, '' where nobody does. Of a state that is not idle: `watched`, whether
    its caller, or the host itself, had a sign of life in time; `age_s`, how long it has been so, in seconds;
    `rebooted`: it is from before the last boot. `about`: what was noted of the current generation: fleet, host,
    registry (a digest), by, commit, and more. `units`: of each unit of it the invocation and the digest of the unit
    file when the last transaction ended.
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
    """Subject: `host`. What is missing or damaged of the generations that can be gone back to, which root alone reads.

    `confirmed`: their numbers. `damaged`: number → what of it is missing, or is not what was written.
    """

    FACT: ClassVar[str] = "deploy.generations"
    confirmed: list[int]
    damaged: dict[str, list[str]]
