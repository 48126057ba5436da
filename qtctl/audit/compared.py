"""Several hosts of one registry → checks of whether those with the same tag are alike.

Where a host is judged, `read_traits` takes from its evidence the little that is compared, so that the evidence of all
hosts is never in one place. `compare` turns what all of them tell into checks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from qtctl.dialects.endpoints import LOCAL, TAG_SIGN
from qtctl.dialects.shell import join
from qtctl.dialects.wording import add_more, join_some
from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Proof, make_fingerprint
from qtctl.findings.policy import Policy
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence, Item, Need
from qtctl.model.facts import Facts
from qtctl.model.json import Json, JsonObject
from qtctl.rules.catalogue import list_fleet_rules
from qtctl.rules.fleet_rule import FleetRule, Trait, Words

_SHOWN = 5
"""Differences that are named, and values whose proof is shown."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a host tells of one trait. `about`: the thing that has it, such as a venv; '' for the host.

    `words` None: not known, for `reason`. `at`: when it was asked, UTC, ISO 8601; `ask`: the question's number.
    """

    trait: str
    about: str
    words: Words | None
    ask: int
    at: str
    reason: str = ""
    needs_root: bool = False


@dataclass(frozen=True, slots=True)
class HostTraits:
    """Everything in which one host is compared with others. `place`: where the registry declares it."""

    target: str
    tags: tuple[str, ...]
    place: Place
    told: tuple[Told, ...]


def list_needs(desired: Desired) -> tuple[Need, ...]:
    """The facts that are compared; none if the host is in no group."""
    if not desired.tags:
        return ()
    return tuple(need for rule in list_fleet_rules() for trait in rule.traits for need in trait.find(desired))


def read_traits(desired: Desired, evidence: Evidence, target: str, place: Place) -> HostTraits:
    """Nothing of a host without tags. InputError if the evidence does not say when it was taken."""
    if not desired.tags:
        return HostTraits(target, (), place, ())
    facts = Facts.of(evidence)
    at = {ask.n: ask.at for ask in evidence.asks}
    told = (
        _tell(trait, facts, need, desired, at.get(facts.find_item(need).ask, evidence.taken_at))
        for rule in list_fleet_rules()
        for trait in rule.traits
        for need in trait.find(desired)
    )
    return HostTraits(target, desired.tags, place, tuple(each for each in told if each is not None))


def _tell(trait: Trait, facts: Facts, need: Need, desired: Desired, at: str) -> Told | None:
    """None if it is not compared on this host."""
    item = facts.find_item(need)
    about = trait.label(need)
    unknown = Told(trait.name, about, None, item.ask, at, _explain(item), item.needs_root)
    if not item.state.known:
        return unknown
    try:
        words = trait.read(facts, need, desired)
    except LookupError as error:
        return replace(unknown, reason=str(error.args[0]), needs_root=False)
    return None if words is None else Told(trait.name, about, words, item.ask, at)


def _explain(item: Item) -> str:
    return item.reason or str(item.state)


def share_words(traits: HostTraits, known: dict[Words, Words]) -> HostTraits:
    """The same traits; words that another host told, too, are kept only once. `known`: what was told before."""
    told = (
        each if each.words is None else replace(each, words=known.setdefault(each.words, each.words))
        for each in traits.told
    )
    return replace(traits, told=tuple(told))


def compare(hosts: Iterable[HostTraits], policy: Policy, *, asks_root: bool = False) -> tuple[Finding, ...]:
    """A check for each tag that several hosts carry, and each trait that these tell of; sorted by id and subject.

    `asks_root`: what only root could tell is unknown, and not left unasked.
    """
    groups: dict[str, list[HostTraits]] = {}
    for host in sorted(hosts, key=lambda each: each.target):
        for tag in host.tags:
            groups.setdefault(tag, []).append(host)
    found = (
        policy.rule(check)
        for tag, members in groups.items()
        if len(members) > 1
        for check in _compare_group(tag, members, asks_root=asks_root)
    )
    return tuple(sorted(found, key=lambda check: (check.id, check.subject)))


_Row = tuple[HostTraits, Told]


def _compare_group(tag: str, members: Sequence[HostTraits], *, asks_root: bool) -> Iterator[Finding]:
    rows: dict[tuple[str, str], list[_Row]] = {}
    for host in members:
        for told in host.told:
            rows.setdefault((told.trait, told.about), []).append((host, told))
    for rule in list_fleet_rules():
        for trait in rule.traits:
            for (name, about), those in rows.items():
                if name == trait.name and len(those) > 1:
                    subject = f"{TAG_SIGN}{tag} {name}{f' of {about}' if about else ''}"
                    yield _Comparison(rule, trait, subject, those).make_check(asks_root=asks_root)


class _Comparison:
    """What the hosts of a group tell of one trait."""

    def __init__(self, rule: FleetRule, trait: Trait, subject: str, rows: Sequence[_Row]) -> None:
        self._rule, self._trait, self._subject = rule, trait, subject
        self._unknown = [(host, told) for host, told in rows if told.words is None]
        sides: dict[Words, list[_Row]] = {}
        for host, told in rows:
            if told.words is not None:
                sides.setdefault(told.words, []).append((host, told))
        self._sides = sorted(sides.values(), key=lambda side: (-len(side), side[0][0].target))

    def make_check(self, *, asks_root: bool) -> Finding:
        if len(self._sides) > 1:
            return self._make_broken()
        if self._unknown:
            return self._make_open(asks_root=asks_root)
        side = self._sides[0]
        return replace(self._make(Outcome.HOLDS, side[0]), expected=self._expect(side), observed={"others": []})

    def _make(self, outcome: Outcome, shown_at: _Row) -> Finding:
        return Finding(
            id=self._rule.id,
            outcome=outcome,
            severity=self._trait.severity,
            title=self._rule.title,
            subject=self._subject,
            place=shown_at[0].place,
            expected={"alike": True},
            fingerprint=make_fingerprint(self._rule.id, "", self._subject),
        )

    def _make_broken(self) -> Finding:
        """Compared with what most hosts have; if two values are equally frequent, all of them are observed."""
        first, second, *_ = self._sides
        most = first if len(first) > len(second) else None
        others = self._sides[1:] if most else self._sides
        observed: dict[str, Json] = {}
        for side in others:
            said = self._describe(side, first)
            observed[said] = [*_list_names(observed.get(said)), *(host.target for host, _ in side)]
        if self._unknown:
            observed["unknown"] = [host.target for host, _ in self._unknown]
        return replace(
            self._make(Outcome.BROKEN, others[0][0]),
            expected=self._expect(most) if most else {"alike": True},
            observed=observed,
            proof=tuple(self._prove(first, self._sides[1:])),
            remedy=self._trait.remedy,
        )

    def _expect(self, side: Sequence[_Row]) -> JsonObject:
        value = _get_words(side)[0] if self._trait.single else f"as on {side[0][0].target}"
        return {self._trait.name: value, "hosts": len(side)}

    def _describe(self, side: Sequence[_Row], usual: Sequence[_Row]) -> str:
        """The value, or how a list differs from the usual one; of that itself, from the next."""
        if self._trait.single:
            return _get_words(side)[0]
        words, others = {*_get_words(side)}, {*_get_words(self._sides[1] if side is usual else usual)}
        more, less = _name(words - others), _name(others - words)
        return "; ".join((*((f"has {more}",) if more else ()), *((f"lacks {less}",) if less else ())))

    def _prove(self, usual: Sequence[_Row], others: Sequence[Sequence[_Row]]) -> Iterator[Proof]:
        """Of each side the first host, with the first thing in which it differs."""
        if self._trait.single:
            yield from (self._prove_word(side[0], "") for side in (usual, *others[:_SHOWN]))
            return
        for side in others[:_SHOWN]:
            word = min({*_get_words(side)} ^ {*_get_words(usual)})
            yield from (self._prove_word(usual[0], word), self._prove_word(side[0], word))

    def _prove_word(self, row: _Row, word: str) -> Proof:
        host, told = row
        command, line = self._trait.prove(told.about, word, told.words or ())
        again = command if host.target == LOCAL else join(("ssh", host.target, command))
        return Proof(told.ask, again, line, told.at)

    def _make_open(self, *, asks_root: bool) -> Finding:
        (host, told), *more = self._unknown
        only_root = all(each.needs_root for _, each in self._unknown) and not asks_root
        return replace(
            self._make(Outcome.NOT_ASKED if only_root else Outcome.UNKNOWN, (host, told)),
            reason=f"not known of {host.target}{add_more(len(more))}: {told.reason}",
            remedy="audit with --become" if only_root else f"see what the audit of {host.target} says",
        )


def _get_words(side: Sequence[_Row]) -> Words:
    return side[0][1].words or ()


def _list_names(found: Json) -> list[Json]:
    return found if isinstance(found, list) else []


def _name(words: set[str]) -> str:
    return join_some(sorted(words), _SHOWN)
