"""Rules over evidence: what each wants to hold, the facts it needs to say so, and how it judges them."""

from collections.abc import Callable
from dataclasses import dataclass

from qtctl.findings.meaning import Meaning
from qtctl.findings.remedy import Remedy
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import Json
from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class ProofSource:
    """What a rule shows for its verdict: the fact it read, and the command and line that prove it."""

    need: Need
    again: str
    line: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's judgment of one subject whose needs are all known.

    `subject` only where it differs from the expectation's.
    """

    holds: bool
    observed: Json
    sources: tuple[ProofSource, ...] = ()
    subject: str = ""
    declared: Origin | None = None
    remedy: Remedy | str = ""
    unknown: str = ""
    """A reason why known answers still do not decide it (a lag of NULL): makes the check unknown."""
    title: str = ""
    """One of the rule's variants, where this is a special case of it."""
    roots: tuple[tuple[str, str], ...] | None = None
    """The roots of the expectation that the evidence supports. None: all of them."""
    refuses_deploys: bool = False
    """Whether every deploy of the host is refused until this is settled, and not only one that needs the subject."""


Judgment = Verdict | tuple[Verdict, ...]
NOT_JUDGED: tuple[Verdict, ...] = ()
"""A case that another rule judges."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing a rule wants to hold, the facts it needs to say so, and how it judges them.

    `judge` is called only if every need is observed or absent; otherwise the runner makes the check unknown. `roots`
    are subjects of other rules whose failure explains this one, as (id, subject).
    """

    subject: str
    expected: Json
    needs: tuple[Need, ...]
    judge: Callable[[Facts], Judgment]
    declared: Origin | None = None
    roots: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rule(Meaning):
    """A finding over evidence. `expect` lists, from what is declared alone, everything that should hold.

    `gate`: a deploy waits until it holds. `preflight`: a deploy that would start a service for which it does not hold
    is refused. `each_host`: what it expects depends on the host's own name, address or machine, so hosts that must have
    the same do not share it.
    """

    expect: Callable[[Desired], tuple[Expectation, ...]]
    gate: bool = False
    preflight: bool = False
    each_host: bool = False
