"""Desired + evidence → checks. The same input gives the same checks; the only clock is the evidence's."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from qtctl.audit.refused_deploy import say_what_is_in_the_way
from qtctl.findings.finding import Finding, Outcome, Proof, make_fingerprint
from qtctl.findings.policy import Policy
from qtctl.findings.remedy import list_commands
from qtctl.model.desired import Desired
from qtctl.model.evidence import Ask, Evidence, Item, Need, State
from qtctl.model.fact_help import LET_READ
from qtctl.model.facts import FACT_KINDS, Channel, Facts, Reach
from qtctl.model.latest import keep_latest
from qtctl.rules.catalogue import list_host_rules
from qtctl.rules.custom import list_custom_rules
from qtctl.rules.declared import Root
from qtctl.rules.rule import Expectation, ProofSource, Rule, Verdict


@dataclass(frozen=True, slots=True)
class _Draft:
    """A check before its cause is known.

    `ways`: why it is unknown; `roots`: what may explain it, according to its rule.
    """

    check: Finding
    roots: tuple[Root, ...]
    ways: tuple[Root, ...] = ()
    refuses_deploys: bool = False


Expected = tuple[tuple[Rule, Expectation], ...]


@keep_latest
def list_expectations(desired: Desired) -> Expected:
    """Everything that should hold on the host, by rule id: it is asked, judged, and judged again after a deploy."""
    return _collect_expectations(desired, _list_rules(desired))


def adapt_expectations(expected: Expected, desired: Desired) -> Expected:
    """What should hold on a host, from what should hold on one that must have the same (`resolve.alike`)."""
    shared = (each for each in expected if not each[0].each_host)
    return (*shared, *_collect_expectations(desired, (rule for rule in _list_rules(desired) if rule.each_host)))


def expect_for_gate(desired: Desired) -> Expected:
    """The part of what should hold that a deploy waits for."""
    return _collect_expectations(desired, (rule for rule in _list_rules(desired) if rule.gate))


def _collect_expectations(desired: Desired, rules: Iterable[Rule]) -> Expected:
    return tuple((rule, expectation) for rule in rules for expectation in rule.expect(desired))


def _list_rules(desired: Desired) -> tuple[Rule, ...]:
    return (*list_host_rules(), *list_custom_rules(desired.checks))


def list_needs(desired: Desired) -> tuple[Need, ...]:
    """Every fact that the rules need, once each, sorted."""
    wanted = {need for _, expectation in list_expectations(desired) for need in expectation.needs}
    return tuple(sorted(wanted, key=lambda need: (need.fact, need.store, need.subject)))


def judge(
    desired: Desired, evidence: Evidence, earlier: Evidence | None = None, *, only: Expected | None = None
) -> tuple[Finding, ...]:
    """The checks, sorted by host, id and subject. InputError if the evidence does not say when it was taken.

    `earlier`: an earlier look at the same host, with which some rules compare. `only`: the expectations that are
    judged, if the evidence was asked for no others.
    """
    bench = _Bench(desired, evidence, earlier)
    drafts = [
        draft
        for rule, expectation in (list_expectations(desired) if only is None else only)
        if not _is_needless(expectation, evidence)
        for draft in bench.judge(rule, expectation)
    ]
    refusing = frozenset(draft.check.fingerprint for draft in drafts if draft.refuses_deploys)
    return say_what_is_in_the_way(_add_causes(drafts), refusing)


def _is_needless(expectation: Expectation, evidence: Evidence) -> bool:
    """An audit of the machine it runs on makes no connection."""
    if evidence.transport != "local":
        return False
    ssh = Need("reach", "ssh")
    return ssh in expectation.needs and ssh not in {item.need for item in evidence.items}


class _Bench:
    """One host's evidence, and how verdicts become checks."""

    def __init__(self, desired: Desired, evidence: Evidence, earlier: Evidence | None) -> None:
        self.host = desired.host
        self.policy = Policy.of(desired.fail_on, dict(desired.severities), desired.waivers, evidence.taken_at)
        self.facts = Facts.of(evidence, earlier)
        self.known = frozenset(item.need for item in self.facts.items() if _is_known(item))
        self.asks: dict[int, Ask] = {ask.n: ask for ask in evidence.asks}
        self.taken_at = evidence.taken_at
        self.asks_root = desired.evidence == "root"

    def judge(self, rule: Rule, expectation: Expectation) -> list[_Draft]:
        if not self.known.issuperset(expectation.needs):
            missing = [self.facts.find_item(need) for need in expectation.needs if need not in self.known]
            return [self._make_unknown(rule, expectation, missing)]
        verdicts = expectation.judge(self.facts)
        return [
            _Draft(
                self._check(rule, expectation, verdict),
                expectation.roots if verdict.roots is None else verdict.roots,
                refuses_deploys=verdict.refuses_deploys,
            )
            for verdict in ((verdicts,) if isinstance(verdicts, Verdict) else verdicts)
        ]

    def _make_unknown(self, rule: Rule, expectation: Expectation, missing: list[Item]) -> _Draft:
        item = min(missing, key=_order_missing)
        reason = item.reason or str(item.state)
        verdict = Verdict(False, None, unknown=reason, remedy=_find_help(item))
        check = replace(self._check(rule, expectation, verdict), proof=self._list_refusals(missing))
        if item.needs_root and not self.asks_root:
            check = replace(check, outcome=Outcome.NOT_ASKED)
        same = (each for each in missing if each.needs_root == item.needs_root)
        return _Draft(check, expectation.roots, tuple(way for each in same for way in _list_ways(each.need)))

    def _check(self, rule: Rule, expectation: Expectation, verdict: Verdict) -> Finding:
        subject = verdict.subject or expectation.subject
        origin = verdict.declared or expectation.declared
        outcome = _find_outcome(verdict)
        finding = Finding(
            id=rule.id,
            outcome=outcome,
            severity=rule.severity,
            title=verdict.title or rule.title,
            host=self.host,
            subject=subject,
            expected=expectation.expected,
            observed=verdict.observed,
            place=origin,
            proof=tuple(self._make_proof(source) for source in verdict.sources),
            remedy="" if outcome is Outcome.HOLDS else str(verdict.remedy),
            commands=() if outcome is Outcome.HOLDS else list_commands(verdict.remedy),
            reason=verdict.unknown or None,
            cause=None,
            waiver=None,
            fingerprint=make_fingerprint(rule.id, self.host, subject),
        )
        return self.policy.rule(finding)

    def _make_proof(self, source: ProofSource) -> Proof:
        item = self.facts.find_item(source.need)
        ask = self.asks.get(item.ask)
        return Proof(item.ask, source.again, source.line, ask.at if ask else self.taken_at)

    def _list_refusals(self, missing: list[Item]) -> tuple[Proof, ...]:
        """The asks that gave no answer, each with what it said; empty if nothing was asked."""
        asked = {item.ask: item for item in reversed(missing) if item.ask in self.asks}
        return tuple(
            Proof(n, item.again or self.asks[n].again, item.reason or str(item.state), self.asks[n].at)
            for n, item in sorted(asked.items())
        )


def _order_missing(item: Item) -> tuple[bool, bool]:
    """If a check is open for several reasons, that it needs root comes last: asking root would not have been enough."""
    return item.needs_root, item.state is State.NOT_ASKED


def _find_help(item: Item) -> str:
    if item.help:
        return item.help
    if item.needs_root:
        return "audit with --become"
    kind = FACT_KINDS.get(item.fact)
    return kind.find_help(item.subject) if kind else LET_READ


def _is_known(item: Item) -> bool:
    return item.state is State.ABSENT or (item.state is State.OBSERVED and item.value is not None)


def _find_outcome(verdict: Verdict) -> Outcome:
    if verdict.unknown:
        return Outcome.UNKNOWN
    return Outcome.HOLDS if verdict.holds else Outcome.BROKEN


def _list_ways(need: Need) -> tuple[Root, ...]:
    """The channels through which a fact is asked. The connection itself comes first."""
    kind = FACT_KINDS.get(need.fact)
    if kind is None or (need.fact, need.subject) == (Reach.FACT, Channel.SSH):
        return ()
    if (need.fact, need.subject) == (Reach.FACT, Channel.ROOT):
        return ()
    return (
        (("QT509", need.store or need.subject),) if kind.channel is Channel.STORE else (("QT701", str(kind.channel)),)
    )


def _add_causes(drafts: list[_Draft]) -> tuple[Finding, ...]:
    found: dict[Root, Finding] = {}
    for draft in drafts:
        check = draft.check
        if check.outcome is not Outcome.HOLDS:
            found[check.id, check.subject] = check
    caused = [_add_cause(draft, found) for draft in drafts]
    known = {check.fingerprint: check for check in caused}
    remedied = (
        _add_remedy(check, _find_root(check, known)) if _list_closed(draft, found) else check
        for draft, check in zip(drafts, caused, strict=True)
    )
    return tuple(sorted(remedied, key=lambda check: (check.host, check.id, check.subject)))


def _add_cause(draft: _Draft, found: dict[Root, Finding]) -> Finding:
    cause = _find_cause(draft, found)
    return draft.check if cause is None else replace(draft.check, cause=cause)


def _add_remedy(check: Finding, root: Finding) -> Finding:
    return replace(check, remedy=root.remedy, commands=root.commands)


def _find_root(check: Finding, known: dict[str, Finding]) -> Finding:
    """The last of its causes, if something can be done about it."""
    seen = {check.fingerprint}
    while check.cause is not None and check.cause not in seen:
        seen.add(check.cause)
        check = known[check.cause]
    return check


def _list_closed(draft: _Draft, found: dict[Root, Finding]) -> tuple[Finding, ...]:
    """The channels to what is unknown, as far as they are closed."""
    return tuple(found[way] for way in draft.ways if way in found)


def _find_cause(draft: _Draft, found: dict[Root, Finding]) -> str | None:
    """A broken check has a broken cause; an unknown one first the channel that was closed.

    A check that holds has none.
    """
    if draft.check.outcome is Outcome.HOLDS:
        return None
    broken = (found[root] for root in draft.roots if root in found and found[root].outcome is Outcome.BROKEN)
    unknown = draft.check.outcome.is_open
    causes = (*_list_closed(draft, found), *broken) if unknown else tuple(broken)
    return next((cause.fingerprint for cause in causes), None)
