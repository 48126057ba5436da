"""QT501, QT502, QT503, QT509: the store answers, and declared keys are there, of their type, and fresh."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.meaning.streams import measure_age
from qtctl.model.desired import Desired, DesiredKey
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.states import KeyType
from qtctl.model.store_facts import KeyFact, StoreClock, StoreServer, Stream
from qtctl.rules import proofs
from qtctl.rules.declared import Root, list_down_checks
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

SECOND = 1_000_000


def map_stores(desired: Desired) -> dict[str, DesiredStore]:
    return {store.name: store for store in desired.stores}


def list_services_down(desired: Desired, names: tuple[str, ...]) -> tuple[Root, ...]:
    """The checks that one of these services is not up."""
    found = (desired.find_service(name) for name in names)
    return tuple(root for service in found if service is not None for root in list_down_checks(service.unit))


def list_silent(desired: Desired, names: tuple[str, ...]) -> tuple[Root, ...]:
    """The checks that one of these services runs and writes nothing."""
    found = (desired.find_service(name) for name in names)
    return tuple(("QT515", service.unit) for service in found if service is not None)


def _expect_answers(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            store.name,
            {"answers": True},
            (Need(StoreServer.FACT, store.name),),
            partial(_judge_answer, store=store),
            store.origin,
            list_down_checks(store.unit),
        )
        for store in desired.stores
    )


def _judge_answer(facts: Facts, store: DesiredStore) -> Verdict:
    """Absent means that the host itself refused the TCP connection: nothing listens there."""
    need = Need(StoreServer.FACT, store.name)
    server = facts.read(StoreServer, store.name)
    remedy = f"systemctl start {store.unit}; journalctl -u {store.unit} -n 50"
    if server is None:
        return Verdict(False, {"answers": False}, (proofs.prove_no_answer(need, store),), remedy=remedy)
    if server.loading:
        wait = f"wait until it has loaded its data; journalctl -u {store.unit} -n 50 says how far it is"
        return Verdict(False, {"answers": "LOADING"}, (proofs.prove_info(need, store, "loading", 1),), remedy=wait)
    version = proofs.prove_info(need, store, "redis_version", server.version)
    return Verdict(True, {"answers": True, "version": server.version}, (version,))


def list_keys(desired: Desired) -> tuple[tuple[DesiredKey, DesiredStore], ...]:
    known = map_stores(desired)
    return tuple((key, known[key.store]) for key in desired.keys if key.store in known)


def list_aging(desired: Desired) -> tuple[tuple[DesiredKey, DesiredStore, int], ...]:
    """The streams whose newest entry may not be older than so many microseconds."""
    return tuple(
        (key, store, key.max_age_us)
        for key, store in list_keys(desired)
        if key.type is KeyType.STREAM and key.max_age_us is not None
    )


def _make_key_need(key: DesiredKey) -> Need:
    return Need(KeyFact.FACT, key.name, key.store)


def _expect_presence(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            key.name,
            {"type": str(key.type)},
            (_make_key_need(key),),
            partial(_is_present, key=key, store=store),
            key.origin,
            list_services_down(desired, key.publishers),
        )
        for key, store in list_keys(desired)
    )


def _is_present(facts: Facts, key: DesiredKey, store: DesiredStore) -> Verdict:
    found = facts.read(KeyFact, key.name, key.store)
    kind = found.type if found else "none"
    source = proofs.prove_key_type(_make_key_need(key), store, key.name, kind)
    writers = ", ".join(key.publishers)
    remedy = f"see why {writers} writes nothing" if writers else "declare what publishes it, or declare it retired"
    return Verdict(found is not None, {"type": kind}, (source,), remedy=remedy)


def _expect_types(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            key.name,
            {"type": str(key.type)},
            (_make_key_need(key),),
            partial(_is_typed, key=key, store=store),
            key.origin,
        )
        for key, store in list_keys(desired)
    )


def _is_typed(facts: Facts, key: DesiredKey, store: DesiredStore) -> Judgment:
    found = facts.read(KeyFact, key.name, key.store)
    if found is None:
        return NOT_JUDGED
    source = proofs.prove_key_type(_make_key_need(key), store, key.name, found.type)
    remedy = f"find who writes {key.name} as a {found.type}, or correct its type in the registry"
    return Verdict(found.type == str(key.type), {"type": found.type}, (source,), remedy=remedy)


def _expect_fresh_entries(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            key.name,
            {"max_age_s": max_age_us // SECOND},
            (Need(Stream.FACT, key.name, key.store), Need(StoreClock.FACT, key.store)),
            partial(_is_fresh, key=key, store=store, max_age_us=max_age_us),
            key.origin.at("max_age"),
            (
                ("QT514", key.name),
                *list_services_down(desired, key.publishers),
                *(("QT512", store.name), ("QT519", store.name)),
                *list_silent(desired, key.publishers),
            ),
        )
        for key, store, max_age_us in list_aging(desired)
    )


def _is_fresh(facts: Facts, key: DesiredKey, store: DesiredStore, max_age_us: int) -> Judgment:
    need = Need(Stream.FACT, key.name, key.store)
    stream = facts.read(Stream, key.name, key.store)
    clock = facts.read(StoreClock, key.store)
    if stream is None or clock is None:
        return NOT_JUDGED
    age = measure_age(stream, clock)
    source = proofs.prove_newest_entry(need, store, key.name, stream.last_id)
    observed: JsonObject = {"age_s": age.us // SECOND if age.us is not None else None, "newest": stream.last_id}
    if age.unknown:
        remedy = f"qtctl explain QT514; redis-cli XREVRANGE {quote(key.name)} + - COUNT 1"
        return Verdict(False, observed, (source,), unknown=age.unknown, remedy=remedy)
    writers = ", ".join(key.publishers) or "whoever publishes it"
    remedy = f"journalctl on {writers}: it runs and writes nothing, or does not run"
    sources = (source, proofs.prove_clock(Need(StoreClock.FACT, key.store), store, clock.now_us))
    return Verdict(age.us is not None and age.us <= max_age_us, observed, sources, remedy=remedy)


QT501 = Rule(
    "QT501",
    "declared key is absent",
    Severity.ERROR,
    several="declared keys are absent",
    what="A stream, hash or other key that the registry declares does not exist in its Redis server (TYPE answers "
    "`none`). A Redis server that does not answer, or refuses the question, makes the check unknown, never "
    "broken.",
    why="A stream is created by its first entry, so an absent one means that its publisher has never written since "
    "the data was last lost. Its readers block in XREADGROUP without an error. A trading pipeline without "
    "`sizing.final` looks idle, not broken.",
    fix="If a publisher is down, the finding gives that as its cause: start it. If it runs, compare the key it writes "
    "with the declared name: one forgotten prefix is enough. If nothing is meant to write it, declare it retired.",
    expect=_expect_presence,
)
QT502 = Rule(
    "QT502",
    "key has another type than declared",
    Severity.ERROR,
    several="keys have another type than declared",
    what="The key exists with a different Redis type than the registry declares, for example a list where a stream is "
    "declared. A stream of another type has no consumer groups, so QT504 names this check as its cause.",
    why="Every command for the declared type then fails with WRONGTYPE. It happens when an old version of a service "
    "still pushes to a list that its successor turned into a stream; whichever writes first after a flush decides.",
    fix="Find the writer of the wrong type and stop or upgrade it. Then move the key away with RENAME (it may "
    "hold data that someone wants) and let the right publisher create it again. If the registry is wrong, "
    "correct `type`.",
    expect=_expect_types,
)
QT503 = Rule(
    "QT503",
    "stream is stale",
    Severity.WARNING,
    several="streams are stale",
    what="The newest entry of a stream is older than its declared `max_age`. The id of an entry is the time at which "
    "Redis stamped it, and is compared with the clock of the same server (TIME): the auditor's own clock does not "
    "count. A stream that exists but never had an entry is stale; one that does not exist is QT501. Where no clock "
    "explains the ids (QT514) the age is unknown.",
    why="The publisher can be active, its port open and its health URL answering while it writes nothing: a lost "
    "exchange connection looks just like that. The age of the newest entry shows it.",
    fix="If the publisher is down, the finding gives that as its cause. If it runs, read its journal for lost "
    "connections. For a stream that is naturally quiet, raise or remove `max_age`.",
    expect=_expect_fresh_entries,
)
QT509 = Rule(
    "QT509",
    "Redis does not answer",
    Severity.ERROR,
    several="Redis servers do not answer",
    what="The declared Redis server refused the connection on the host itself: nobody listens there. Or it is still "
    "loading its data, and answers every question about keys with LOADING. If it asks for a password (NOAUTH), "
    "forbids the command (NOPERM), or SSH forbids the forwarding, the check is unknown, since Redis may be fine.",
    why="Every stream and key of the fleet is in it. While it is down all checks of its keys are unknown and give "
    "this one as their cause, so that one line says what happened.",
    fix="`systemctl start` its unit and read its journal: a full disk and overcommitted memory are the usual causes. "
    "Services that wait for Redis and reconnect need no restart.",
    expect=_expect_answers,
)
RULES = (QT501, QT502, QT503, QT509)
