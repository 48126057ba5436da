"""QT507: keys and consumer groups of the fleet's names that nothing declares."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Wording
from qtctl.model.desired import Desired, DesiredKey, Membership
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import Json
from qtctl.model.states import KeyType
from qtctl.model.store_facts import StoreKeys, StreamGroups, group_subject
from qtctl.rules import proofs
from qtctl.rules.host.streams import list_keys
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

MOST_ALONE = 50
"""How many undeclared keys get a finding of their own; one more says how many others there are."""
MOST_SHOWN = 10


def _expect_declared_keys(desired: Desired) -> tuple[Expectation, ...]:
    return (*_list_keys(desired), *_list_groups(desired))


def _list_keys(desired: Desired) -> Iterator[Expectation]:
    for store in desired.stores:
        if store.key_patterns:
            need = Need(StoreKeys.FACT, store.name)
            wanted: dict[str, Json] = {"undeclared": [], "patterns": [*store.key_patterns]}
            judge = partial(_judge_keys, desired=desired, store=store)
            yield Expectation(store.name, wanted, (need,), judge, store.origin.at("key_patterns"))


def _judge_keys(facts: Facts, desired: Desired, store: DesiredStore) -> Judgment:
    found = facts.read(StoreKeys, store.name)
    if found is None:
        return NOT_JUDGED
    known = _list_known_keys(desired, store)
    strange = [name for name in found.names if name not in known]
    alone = tuple(_judge_strange_key(store, name, desired) for name in strange[:MOST_ALONE])
    rest = strange[MOST_ALONE:]
    if rest:
        return (*alone, _judge_others(store, rest))
    if not found.complete:
        why = f"Redis has more keys than one audit reads: {found.count} that match were seen"
        return (*alone, Verdict(False, None, unknown=why, remedy="narrow key_patterns, or clear Redis of what is left"))
    return alone or Verdict(True, {"undeclared": [], "keys": found.count})


def _list_known_keys(desired: Desired, store: DesiredStore) -> frozenset[str]:
    """Two stores may be the same database."""
    same = {each.name for each in desired.stores if each.place == store.place}
    return frozenset(key.name for key in desired.keys if key.store in same)


def _judge_strange_key(store: DesiredStore, name: str, desired: Desired) -> Verdict:
    need = Need(StoreKeys.FACT, store.name)
    pattern = next((each for each in store.key_patterns if fnmatchcase(name, each)), store.key_patterns[0])
    several = sum(bool(each.key_patterns) for each in desired.stores) > 1
    retired = name in store.retired_keys
    remedy = "declare it in streams.toml with what writes and reads it, or find out what writes it and stop that"
    if retired:
        remedy = "find out what still writes it; where nothing does, take what is worth keeping and let Redis forget it"
    return Verdict(
        False,
        {"declared": "retired" if retired else None},
        (proofs.prove_key_found(need, store, pattern, name),),
        subject=f"{name} in {store.name}" if several else name,
        remedy=remedy,
        title=RETIRED.title if retired else "",
    )


def _judge_others(store: DesiredStore, names: list[str]) -> Verdict:
    need = Need(StoreKeys.FACT, store.name)
    proof = proofs.prove_key_found(need, store, store.key_patterns[0], names[0])
    observed: dict[str, Json] = {"further": len(names), "keys": [*names[:MOST_SHOWN]]}
    remedy = "these look like keys that a program makes by the thousand: narrow key_patterns, or see why it leaves them"
    return Verdict(False, observed, (proof,), remedy=remedy)


def _list_groups(desired: Desired) -> Iterator[Expectation]:
    for key, store in list_keys(desired):
        if store.group_patterns and key.type is KeyType.STREAM:
            need = Need(StreamGroups.FACT, key.name, key.store)
            judge = partial(_judge_groups, desired=desired, key=key, store=store)
            yield Expectation(key.name, {"undeclared": []}, (need,), judge, key.origin)


def _judge_groups(facts: Facts, desired: Desired, key: DesiredKey, store: DesiredStore) -> Judgment:
    found = facts.read(StreamGroups, key.name, key.store)
    if found is None:
        return NOT_JUDGED
    known = {each.group for each in _list_memberships(desired) if (each.store, each.stream) == (key.store, key.name)}
    ours = [name for name in found.names if any(fnmatchcase(name, each) for each in store.group_patterns)]
    strange = tuple(_judge_strange_group(key, store, name) for name in ours if name not in known)
    if found.count > len(found.names):
        why = f"it has {found.count} groups, and {len(found.names)} of them are checked"
        return (*strange, Verdict(False, None, unknown=why, remedy="see who makes so many groups"))
    return strange or Verdict(True, {"undeclared": [], "groups": found.count})


def _list_memberships(desired: Desired) -> Iterator[Membership]:
    """Those of services in every state: a stopped one keeps its group."""
    for service in (*desired.services, *desired.templates):
        yield from service.consumes


def _judge_strange_group(key: DesiredKey, store: DesiredStore, name: str) -> Verdict:
    need = Need(StreamGroups.FACT, key.name, key.store)
    subject = f"{key.name}/{name}" if "/" not in key.name else group_subject(key.name, name)
    remedy = f"declare which service reads {key.name} with it; where none does, XGROUP DESTROY removes it"
    return Verdict(
        False,
        {"group": name},
        (proofs.prove_group_count(need, store, key.name, name, 1),),
        subject=subject,
        remedy=remedy,
    )


RETIRED = Wording("retired key that is still there", "retired keys are still there", untidy=True)
QT507 = Rule(
    "QT507",
    "key or consumer group that is not declared",
    Severity.WARNING,
    several="keys or consumer groups are not declared",
    variants=(RETIRED,),
    untidy=True,
    what="Redis has a key that matches `key_patterns` of its store, or a stream of the registry has a consumer group "
    "that matches `group_patterns`, and nothing declares it; or a key that is declared retired is still there. "
    "Without patterns nothing is judged, since other programs' keys are not qtctl's business. Names are read with "
    "SCAN, never with KEYS, and what the keys hold is not read.",
    why="A key that nobody declared has no known cap, age or reader: a stream under a misspelt name fills the memory "
    "while its readers wait at the right one. A group whose service is gone keeps its pending list forever, and looks "
    "like a reader to whoever trims the stream.",
    fix="Declare it, with the services that write and read it. If it is a leftover, find out what wrote it before "
    "anything is deleted: `redis-cli TYPE KEY`, and `OBJECT IDLETIME KEY` for when it was last used. If the patterns "
    "match keys of other programs, narrow them.",
    expect=_expect_declared_keys,
)
RULES = (QT507,)
