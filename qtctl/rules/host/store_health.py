"""QT512, QT513: a Redis server takes writes, and can keep what it holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.model.desired import Desired
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.store_facts import StoreClients, StoreClock, StoreHealth
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

STOPS_WRITES = "a snapshot failed; whether writes then stop depends on stop-writes-on-bgsave-error, which INFO hides"
SECOND = 1_000_000
FAILED = "err"
STATUSES = ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why writes are refused, as Redis calls it, the proof, and what to do."""

    why: str
    sources: tuple[ProofSource, ...]
    remedy: str


def _make_need(store: DesiredStore) -> Need:
    return Need(StoreHealth.FACT, store.name)


def _list_written(desired: Desired) -> tuple[DesiredStore, ...]:
    """The stores that something on this host writes to, or may. One that is only read may be a replica."""
    writers: dict[str, bool] = {}
    for key in desired.keys:
        writers[key.store] = writers.get(key.store, False) or bool(key.publishers)
    return tuple(store for store in desired.stores if writers.get(store.name, True))


def _expect_writable_stores(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            store.name, {"writes": True}, (_make_need(store), Need(StoreClients.FACT, store.name)),
            partial(_judge_writes, store=store), store.origin,
            (("QT509", store.name),),
        )
        for store in _list_written(desired)
    )  # fmt: skip


def _judge_writes(facts: Facts, store: DesiredStore) -> Judgment:
    server = facts.read(StoreHealth, store.name)
    if server is None:
        return NOT_JUDGED
    refusal = next(iter((*_list_refusals(server, store), *_list_held(facts, store))), None)
    if refusal is not None:
        return Verdict(False, {"writes": refusal.why}, refusal.sources, remedy=refusal.remedy)
    status = proofs.prove_info(_make_need(store), store, "role", server.role)
    if server.persistence.get("rdb_last_bgsave_status") == FAILED:
        return Verdict(False, {"writes": None}, (status,), unknown=STOPS_WRITES, remedy="qtctl explain QT513")
    return Verdict(True, {"writes": True}, (status,))


def _list_refusals(server: StoreHealth, store: DesiredStore) -> Iterator[Refusal]:
    need = _make_need(store)
    if server.role == "slave" and server.read_only:
        sources = (
            proofs.prove_info(need, store, "role", "slave"),
            proofs.prove_info(need, store, "slave_read_only", 1),
        )
        remedy = "write to its master, or make it one: REPLICAOF NO ONE, once you know why it was made a replica"
        yield Refusal("READONLY: a replica", sources, remedy)
    if server.paused:
        paused = proofs.prove_info(need, store, "paused_actions", server.paused)
        yield Refusal(
            "PAUSED: CLIENT PAUSE", (paused,), "redis-cli CLIENT UNPAUSE, once you know who paused it and why"
        )
    if server.good_replicas == 0:
        good = proofs.prove_info(need, store, "min_slaves_good_slaves", 0)
        yield Refusal(
            "NOREPLICAS: no replica follows", (good,), "bring its replica back, or CONFIG SET min-replicas-to-write 0"
        )
    aof = proofs.prove_info(need, store, "aof_last_write_status", FAILED)
    disk = f"df and journalctl -u {store.unit} -n 50: free space or fix the folder; then writes work again"
    if server.persistence.get("aof_last_write_status") == FAILED:
        yield Refusal("MISCONF: the append-only file cannot be written", (aof,), disk)
    if server.persistence.get("rdb_last_bgsave_status") == FAILED and "MISCONF" in server.errors:
        rdb = proofs.prove_info(need, store, "rdb_last_bgsave_status", FAILED)
        yield Refusal("MISCONF: snapshots fail", (rdb,), disk)
    if _is_full(server):
        policy = proofs.prove_info(need, store, "maxmemory_policy", server.max_memory_policy)
        remedy = "see what fills it (redis-cli --memkeys), trim that, or raise maxmemory"
        sources = (policy, proofs.prove_memory_full(need, store))
        yield Refusal("OOM: maxmemory is reached, and nothing may be evicted", sources, remedy)


def _list_held(facts: Facts, store: DesiredStore) -> Iterator[Refusal]:
    """Redis does not report a pause: only those show it whom it keeps waiting in a command that never waits."""
    clients, need = facts.read(StoreClients, store.name), Need(StoreClients.FACT, store.name)
    for command in sorted(clients.held) if clients is not None else ():
        source = proofs.prove_held_client(need, store, command)
        remedy = "redis-cli CLIENT UNPAUSE, once you know who paused it and why"
        yield Refusal(f"PAUSED: clients wait in {command.upper()}", (source,), remedy)


def _is_full(server: StoreHealth) -> bool:
    """Whether its memory is used up and its policy finds nothing to evict."""
    if not server.max_memory or server.used_memory - server.not_evicted < server.max_memory:
        return False
    policy = server.max_memory_policy
    return policy == "noeviction" or (policy.startswith("volatile-") and not server.expiring)


def _expect_saving(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            store.name, {"persistence": "as declared, and it works"}, _needs_of_keeping(store),
            partial(_judge_saving, store=store), store.origin, (("QT509", store.name),),
        )
        for store in desired.stores
    )  # fmt: skip


def _needs_of_keeping(store: DesiredStore) -> tuple[Need, ...]:
    clock = (Need(StoreClock.FACT, store.name),) if store.saved_within_us is not None else ()
    return (_make_need(store), *clock)


def _judge_saving(facts: Facts, store: DesiredStore) -> Judgment:
    server = facts.read(StoreHealth, store.name)
    if server is None:
        return NOT_JUDGED
    wrong = [*_list_failing(server, store), *_list_too_old(facts, server, store)]
    sources = tuple(proofs.prove_info(_make_need(store), store, field, server.persistence[field]) for field in wrong)
    observed = {field: server.persistence[field] for field in wrong}
    remedy = f"df, and journalctl -u {store.unit} -n 50 for the reason; then redis-cli BGSAVE, and look again"
    if wrong == ["aof_enabled"]:
        remedy = "CONFIG SET appendonly yes, and in redis.conf; or correct stores.toml"
    return Verdict(not wrong, {**observed}, sources, remedy=remedy)


def _list_failing(server: StoreHealth, store: DesiredStore) -> Iterator[str]:
    yield from (field for field in STATUSES if server.persistence.get(field) == FAILED)
    if store.appendonly and server.persistence.get("aof_enabled") == "0":
        yield "aof_enabled"


def _list_too_old(facts: Facts, server: StoreHealth, store: DesiredStore) -> Iterator[str]:
    """By the clock of Redis, which stamped the snapshot. Without changes since, an old one is as good as a new one."""
    saved = server.persistence.get("rdb_last_save_time", "")
    changes = server.persistence.get("rdb_changes_since_last_save", "")
    if store.saved_within_us is None or not (saved.isdecimal() and changes.isdecimal()):
        return
    clock = facts.read(StoreClock, store.name)
    if clock is not None and int(changes) and clock.now_us - int(saved) * SECOND > store.saved_within_us:
        yield "rdb_last_save_time"


QT512 = Rule(
    "QT512",
    "Redis refuses writes",
    Severity.ERROR,
    several="Redis servers refuse writes",
    what="Redis answers and serves reads, but refuses every write: it is a read-only replica (READONLY), its "
    "snapshots or its append-only file fail (MISCONF), its memory is full and its policy may evict nothing (OOM), "
    "min-replicas-to-write is set and no replica follows (NOREPLICAS), or CLIENT PAUSE holds up writes. Only Valkey "
    "8.1 and later report a pause: with Redis, clients show it that wait in a command that never waits by itself, if "
    "the account may run CLIENT LIST; else silent producers do (QT503, QT515). For writes that an ACL forbids, see "
    "QT519. A store from which this host only reads is not judged.",
    why="Every publisher stops at once, and each logs it in its own words. PING answers, the port listens and the "
    "unit is active, so nothing else on the host shows it.",
    fix="The finding says which it is. For a replica, find out who made it one (`redis-cli ROLE`); for MISCONF, free "
    "space on its disk and read its journal; for OOM, see what grew, and trim it or raise maxmemory.",
    expect=_expect_writable_stores,
)
QT513 = Rule(
    "QT513",
    "Redis cannot keep what it holds",
    Severity.WARNING,
    several="Redis servers cannot keep what they hold",
    what="The last snapshot, write or rewrite of the append-only file failed, according to INFO; or the append-only "
    "file is off though stores.toml declares `appendonly`; or the last snapshot is older than `saved_within` and "
    "lacks later changes. Without CONFIG, qtctl cannot see what Redis is configured to save: declare what must be "
    "saved.",
    why="All is well until Redis restarts: then it comes back with the data of its last good snapshot, or with none. "
    "Streams lose their entries and their groups, and consumers fail with NOGROUP.",
    fix="Read the journal of its unit: a full disk, a folder that it does not own, or a fork that fails for lack of "
    "memory. Then `redis-cli BGSAVE` (and `BGREWRITEAOF`), and look at `redis-cli INFO persistence`.",
    expect=_expect_saving,
)
RULES = (QT512, QT513)
