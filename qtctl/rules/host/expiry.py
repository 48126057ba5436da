"""QT517, QT518: what Redis would remove by itself of what is declared."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.model.desired import Desired, DesiredKey
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.states import KeyType
from qtctl.model.store_facts import KeyExpiry, StoreHealth
from qtctl.rules import proofs
from qtctl.rules.host.streams import list_keys
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict


def _expect_no_expiry(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            key.name,
            {"expires": False},
            (Need(KeyExpiry.FACT, key.name, key.store),),
            partial(_judge_expiry, key=key, store=store),
            key.origin,
        )
        for key, store in list_keys(desired)
        if key.type is KeyType.STREAM
    )


def _judge_expiry(facts: Facts, key: DesiredKey, store: DesiredStore) -> Judgment:
    found = facts.read(KeyExpiry, key.name, key.store)
    if found is None:
        return NOT_JUDGED
    need = Need(KeyExpiry.FACT, key.name, key.store)
    source = proofs.prove_expiry(need, store, key.name, yes=found.expires)
    remedy = f"see which program sets it (EXPIRE, or a script); then: redis-cli PERSIST {quote(key.name)}"
    return Verdict(not found.expires, {"expires": found.expires}, (source,), remedy=remedy)


def _expect_kept_keys(desired: Desired) -> tuple[Expectation, ...]:
    """For stores in which something is declared."""
    used = {key.store for key in desired.keys}
    return tuple(
        Expectation(
            store.name,
            {"evicts": False},
            (Need(StoreHealth.FACT, store.name),),
            partial(_judge_eviction, store=store),
            store.origin,
            (("QT509", store.name),),
        )
        for store in desired.stores
        if store.name in used
    )


def _judge_eviction(facts: Facts, store: DesiredStore) -> Judgment:
    server = facts.read(StoreHealth, store.name)
    if server is None:
        return NOT_JUDGED
    evicts = server.max_memory > 0 and server.max_memory_policy.startswith("allkeys-")
    need = Need(StoreHealth.FACT, store.name)
    source = proofs.prove_info(need, store, "maxmemory_policy", server.max_memory_policy)
    if not evicts:
        return Verdict(True, {"evicts": False, "policy": server.max_memory_policy}, (source,))
    limit = proofs.prove_info(need, store, "maxmemory", server.max_memory)
    remedy = (
        "CONFIG SET maxmemory-policy noeviction, and in redis.conf; or keep what may be evicted in a Redis of its own"
    )
    return Verdict(False, {"evicts": True, "policy": server.max_memory_policy}, (source, limit), remedy=remedy)


QT517 = Rule(
    "QT517",
    "declared stream expires",
    Severity.ERROR,
    several="declared streams expire",
    what="A declared stream has a time to live: Redis removes it when that is over, with its entries and its consumer "
    "groups. Keys of other types are not judged: programs let values expire on purpose.",
    why="Until then all is well: the stream is there, fresh, and read. Then it is gone in an instant, entries that "
    "nobody has read are lost, and every consumer fails with NOGROUP.",
    fix="`redis-cli TTL KEY` shows the seconds that are left, `redis-cli PERSIST KEY` removes the time to live. Find "
    "the program that sets it (EXPIRE, or a migration script); to limit the age of entries, use XADD MINID.",
    expect=_expect_no_expiry,
)
QT518 = Rule(
    "QT518",
    "Redis may evict what is declared",
    Severity.ERROR,
    several="Redis servers may evict what is declared",
    what="Redis has a memory limit, and a policy by which it removes any key when that is reached (allkeys-lru, "
    "allkeys-lfu, allkeys-random), and the registry declares streams or keys in it. Under a volatile policy only keys "
    "with a time to live are removed: QT517 says which streams have one.",
    why="When memory runs short, whole streams vanish with their consumer groups, and no error is logged: orders that "
    "were sized and not yet executed are simply gone.",
    fix="`CONFIG SET maxmemory-policy noeviction`, and the same in redis.conf, so that writers get an error that "
    "someone sees. A cache belongs in a Redis of its own.",
    expect=_expect_kept_keys,
)
RULES = (QT517, QT518)
