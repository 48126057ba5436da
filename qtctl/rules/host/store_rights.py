"""QT519: the default user of Redis may do what the services do with their keys."""

import re
from collections.abc import Iterator
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import Json, JsonObject
from qtctl.model.states import KeyType, ServiceState
from qtctl.model.store_facts import READ_WITH, WRITE_WITH, StoreRight, make_trial
from qtctl.rules import proofs
from qtctl.rules.host.streams import list_keys, map_stores
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

_WRITTEN_WITH = {
    KeyType.STREAM: "XADD", KeyType.HASH: "HSET", KeyType.STRING: "SET", KeyType.LIST: "LPUSH", KeyType.SET: "SADD",
    KeyType.ZSET: "ZADD",
}  # fmt: skip
AT_ONCE = 200
"""Keys in one question."""
_NOT_ITSELF = f"'{WRITE_WITH.lower()}' command"
"""Redis refuses the command that is asked about all keys, and says nothing of the keys."""
_NAMES_A_USER = re.compile(r"(REDIS|VALKEY).*(USER|URL|URI|DSN)", re.IGNORECASE)
_HAS_A_USER = re.compile(r"rediss?://[^:@/]+(:[^@/]*)?@")
MOST_SHOWN = 5


def _expect_rights(desired: Desired) -> tuple[Expectation, ...]:
    """Of stores where audits log in without a name, as the services do."""
    tried = _list_tried(desired)
    return tuple(
        Expectation(
            store.name, {"refused": []}, tuple(Need(StoreRight.FACT, each, name) for each in sorted(tried[name])),
            partial(_may_do_it, store=store, tried=tuple(tried[name])), store.origin, (("QT509", name),),
        )
        for name, store in map_stores(desired).items()
        if not store.user and tried.get(name)
    )  # fmt: skip


def _list_tried(desired: Desired) -> dict[str, list[str]]:
    """Store → the subjects of what its services do: each command that writes, with one key, and access to all keys."""
    written: dict[str, dict[str, set[str]]] = {}
    read: dict[str, set[str]] = {}
    types = {(key.store, key.name): key.type for key, _ in list_keys(desired)}
    for service in desired.services:
        if service.state is not ServiceState.RUNNING or _names_a_user(service):
            continue
        for name in service.publishes:
            kind = types.get((service.store, name))
            if kind is not None:
                written.setdefault(service.store, {}).setdefault(_WRITTEN_WITH[kind], set()).add(name)
        for each in service.consumes:
            read.setdefault(each.store, set()).add(each.stream)
    return {
        store: [
            *(f"{word} {min(names)}" for word, names in sorted(written.get(store, {}).items())),
            *_join_keys(WRITE_WITH, {name for names in written.get(store, {}).values() for name in names}),
            *_join_keys(READ_WITH, read.get(store, set())),
        ]
        for store in written | read
    }


def _join_keys(word: str, names: set[str]) -> Iterator[str]:
    """Redis says which of them it would refuse. A key with a space in its name is not asked about."""
    plain = sorted(name for name in names if " " not in name)
    for at in range(0, len(plain), AT_ONCE):
        yield f"{word} {' '.join(plain[at : at + AT_ONCE])}"


def _names_a_user(service: DesiredService) -> bool:
    """Whether it may log in as somebody else: then nothing is known of its rights."""
    if any(_NAMES_A_USER.search(key) for key in service.secrets_keys):
        return True
    return any(_HAS_A_USER.match(value) or re.search("(REDIS|VALKEY).*USER", key) for key, value in service.env)


def _may_do_it(facts: Facts, store: DesiredStore, tried: tuple[str, ...]) -> Judgment:
    rights = {each: facts.read(StoreRight, each, store.name) for each in tried}
    if None in rights.values():
        return NOT_JUDGED
    refused = {each: right.refused for each, right in rights.items() if right is not None and right.refused}
    undecided = {each for each, why in refused.items() if _NOT_ITSELF in why}
    if refused.keys() == undecided and undecided:
        return Verdict(False, None, unknown=f"the default user may not run {WRITE_WITH}: rights on keys cannot be told")
    refused = {each: why for each, why in refused.items() if each not in undecided}
    sources = tuple(
        proofs.prove_refused_right(Need(StoreRight.FACT, each, store.name), store, make_trial(each), why)
        for each, why in [*refused.items()][:MOST_SHOWN]
    )
    shown: list[Json] = [*[*refused.values()][:MOST_SHOWN]]
    observed: JsonObject = {"refused": shown, "in all": len(refused)}
    remedy = make_steps(
        "see in its ACL file or redis.conf, and in `redis-cli ACL LOG`, what changed; then give the default user back "
        "what it lacks with ACL SETUSER, and save that with ACL SAVE or CONFIG REWRITE",
    )
    return Verdict(not refused, observed if refused else {"refused": []}, sources, remedy=remedy)


QT519 = Rule(
    "QT519",
    "Redis user may not do what services do",
    Severity.ERROR,
    several="Redis users may not do what services do",
    what="Redis would refuse its default user what services that are declared running do: to write the keys that they "
    "publish (XADD, HSET, SET and so on, by the type of the key; UNLINK, for the right to change each of the keys), or "
    "to read with their consumer groups. Redis itself "
    "is asked, with ACL DRYRUN, which runs nothing. Judged where `username` of stores.toml is not set, with Redis 7 "
    "and later, and not for services whose env file names a Redis user or whose secrets have a URL.",
    why="PING and INFO work, every stream is there, and each write fails with NOPERM, in the log of each program in "
    "other words. It happens when somebody tightens the ACL, or replaces its file, and forgets a key pattern.",
    fix="`redis-cli ACL GETUSER default` shows its rights. Give back what is missing: `ACL SETUSER default +@write "
    "~quantum:*`, for example, and save it. If programs log in as other users, declare one for audits (`username`).",
    expect=_expect_rights,
)
RULES = (QT519,)
