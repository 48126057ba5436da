"""The two sides of a compose service: the units it went to, and the ports it published, each by evidence."""

from dataclasses import dataclass

from qtctl.dialects.compose.types import Published
from qtctl.findings.finding import Outcome, Proof


@dataclass(frozen=True, slots=True)
class UnitSide:
    """What took over from a service. `active` and `sub`: '' if unknown; `reason` says why."""

    name: str
    unit: str
    declared: str
    """running, stopped, on-timer, retired."""
    active: str
    sub: str
    outcome: Outcome
    reason: str
    proof: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket on the host. `unit`: '' if the kernel names none."""

    address: str
    port: int
    unit: str


@dataclass(frozen=True, slots=True)
class PortSide:
    """A published port, what the disposition says about it, who declares it, who listens.

    `expected` is the port it must be found at, None for one that is gone or not known. `declared` are unit and address.
    """

    published: Published
    disposition: str
    expected: int | None
    declared: tuple[Listening, ...]
    listening: tuple[Listening, ...]
    outcome: Outcome
    reason: str
    proof: tuple[Proof, ...] = ()
