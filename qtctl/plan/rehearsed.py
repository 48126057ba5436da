"""How a rehearsal ended, as a value: what was tried, how each step went, and what was not modelled."""

from dataclasses import dataclass

from qtctl.findings.finding import Finding, Outcome
from qtctl.model.plan import Plan
from qtctl.model.rehearsal import BeforeSource, NotModelled, StepKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsedStep:
    """`subject`: the service that was killed, or the host. `said`: how it went, in words.

    `details`: a line each. `findings`: what an audit finds after the step and did not find before it. `after`: the kind
    of the failed step because of which this one was not tried, None if it was tried.
    """

    kind: StepKind
    subject: str
    outcome: Outcome
    said: str
    details: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    took_s: float | None = None
    after: StepKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """One rehearsal of one host.

    `suite`: the release that the throwaway host ran. `taken_at`: of the evidence, UTC, ISO 8601. `plan`: what a deploy
    to the real host would do, as far as it is modelled; None where it did not come to that.
    """

    fleet: str
    host: str
    taken_at: str
    suite: str
    source: BeforeSource
    source_said: str
    steps: tuple[RehearsedStep, ...]
    not_modelled: tuple[NotModelled, ...]
    plan: Plan | None = None
    took_s: float = 0.0
