"""Redis, read only (facts `store`, `key`, `stream` and related ones): INFO, TYPE, TTL, XINFO, XPENDING, TIME, SCAN.

CLIENT LIST and ACL DRYRUN read, too: the latter only says whether a command would be allowed.

XINFO STREAM is the only command that reports the last id of a stream without reading entries. Its reply has the first
and the last entry: qtctl.adapters.store_replies drops them unread.

A stream fact of a key with another type is absent, with that as the reason: its `key` fact says what it is instead.
Only `no such key`, `WRONGTYPE` and the answer `none` are knowledge; every other error is a refusal.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from qtctl.dialects import shell
from qtctl.dialects.lines import split_lines
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.plausible import STREAM_ID
from qtctl.model.store_facts import (
    MOST_CONSUMERS,
    MOST_GROUPS_NAMED,
    MOST_KEYS_NAMED,
    MOST_PENDING,
    KeyExpiry,
    KeyFact,
    StoreClients,
    StoreClock,
    StoreHealth,
    StoreKeys,
    StoreRight,
    StoreServer,
    Stream,
    StreamConsumers,
    StreamGroup,
    StreamGroups,
    StreamPending,
    make_trial,
    split_group_subject,
)
from qtctl.probes.answer import Answer, answer_absent, answer_observed, answer_refused, answer_unparseable
from qtctl.probes.store_info import answer_health, answer_server
from qtctl.probes.store_values import Unreadable, find_number, find_text, read_number, read_pairs, read_text

_OF_STREAMS = (Stream, StreamGroup, StreamGroups, StreamConsumers, StreamPending)
FACTS = tuple(
    kind.FACT
    for kind in (
        StoreServer,
        StoreClock,
        StoreHealth,
        StoreClients,
        StoreKeys,
        StoreRight,
        KeyFact,
        KeyExpiry,
        *_OF_STREAMS,
    )
)
ORDER = (
    "INFO",
    "CLIENT",
    "ACL",
    "TYPE",
    "TTL",
    "XINFO STREAM",
    "XINFO GROUPS",
    "XINFO CONSUMERS",
    "XPENDING",
    "TIME",
    "SCAN",
)
"""The order of questions.

A stream before its groups: then a group never seems to have been given less than it was when the stream was trimmed.
The clock after all entries: then no entry is newer than the clock.
"""
_OF_STORE = (StoreServer.FACT, StoreHealth.FACT, StoreClients.FACT, StoreClock.FACT, StoreKeys.FACT)
SCANNED_FIRST, SCANNED_NEXT = "1000", "10000"
"""Keys that Redis looks at in one SCAN: it answers nobody else meanwhile, for some milliseconds."""
DEFAULT_PORT = 6379
_OF_KEY, _FOR_EVER, _GONE = {KeyFact.FACT: "TYPE", KeyExpiry.FACT: "TTL", StoreRight.FACT: ""}, -1, -2
LONGEST_NAME = 200
WAITING_BY_THEMSELVES = frozenset(
    (
        *("blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop"),
        *("xread", "xreadgroup", "wait", "waitaof"),
    )
)
_WAITING = re.compile(r" flags=[^ ]*b[^ ]* .* cmd=([a-z]{1,30})(?:[| ]|$)")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class Reply(Protocol):
    """`value`, or Redis's own error text."""

    @property
    def value(self) -> object: ...
    @property
    def error(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StoreProbe:
    """The commands for one server, what a person types for each, and how `parse` reads the replies."""

    commands: tuple[tuple[str, ...], ...]
    again: tuple[str, ...]
    parse: Callable[[Sequence[Reply]], list[Answer]]


def store_of(need: Need) -> str:
    """The store of a need."""
    return need.store or (need.subject if need.fact in _OF_STORE else "")


def make_command(need: Need) -> tuple[str, ...]:
    """The command that answers a need. Not for `StoreKeys`, which takes one for each pattern."""
    if need.fact in _OF_STORE:
        return {StoreClock.FACT: ("TIME",), StoreClients.FACT: ("CLIENT", "LIST")}.get(need.fact, ("INFO",))
    if need.fact in _OF_KEY:
        return make_trial(need.subject) if need.fact == StoreRight.FACT else (_OF_KEY[need.fact], need.subject)
    if need.fact == Stream.FACT:
        return ("XINFO", "STREAM", need.subject)
    if need.fact == StreamConsumers.FACT:
        return ("XINFO", "CONSUMERS", *split_group_subject(need.subject))
    if need.fact == StreamPending.FACT:
        return ("XPENDING", *split_group_subject(need.subject), "-", "+", str(MOST_PENDING))
    return ("XINFO", "GROUPS", need.subject if need.fact == StreamGroups.FACT else split_group_subject(need.subject)[0])


def _make_sort_key(command: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    words = " ".join(command[:2]) if command[0] == "XINFO" else command[0]
    return ORDER.index(words), command


def probe(needs: Iterable[Need], store: DesiredStore) -> StoreProbe:
    """One command for each question, and the first SCAN of each pattern, which `scan_on` continues."""
    wanted = sorted(set(needs), key=lambda need: (need.fact, need.subject))
    listed = [need for need in wanted if need.fact == StoreKeys.FACT]
    wanted = [need for need in wanted if need.fact != StoreKeys.FACT]
    scans = [scan(pattern) for pattern in store.key_patterns] if listed else []
    commands = tuple(sorted({*map(make_command, wanted), *scans}, key=_make_sort_key))
    numbers = {command: number for number, command in enumerate(commands)}
    keys = frozenset(need.subject for need in wanted if need.fact == KeyFact.FACT)

    def parse(replies: Sequence[Reply]) -> list[Answer]:
        asked = [(need, numbers[make_command(need)]) for need in wanted]
        found = [_answer(need, replies[number], number, store) for need, number in asked]
        scanned = [(numbers[each], replies[numbers[each]]) for each in scans]
        return [*found, *(_answer_keys(need, store, scanned, keys) for need in listed)]

    return StoreProbe(commands, tuple(format_cli(command, store) for command in commands), parse)


def scan(pattern: str, cursor: str = "0") -> tuple[str, ...]:
    """SCAN from `cursor` on."""
    return ("SCAN", cursor, "MATCH", pattern, "COUNT", SCANNED_FIRST if cursor == "0" else SCANNED_NEXT)


def scan_on(command: Sequence[str], value: object) -> tuple[str, ...]:
    """The command that continues after this SCAN's reply; () if it was the last, or is not a SCAN reply."""
    match value:
        case [str(cursor), list()] if command[0] == "SCAN" and cursor.isdecimal() and cursor != "0":
            return scan(command[3], cursor)
    return ()


def _answer_keys(
    need: Need, store: DesiredStore, scanned: Sequence[tuple[int, Reply]], asked: Collection[str]
) -> Answer:
    """What all patterns found. A SCAN that was not completed still ends with a cursor."""
    names, complete = set[str](), True
    again = [f"{format_cli((), store)} --scan --pattern {shell.quote(pattern)}" for pattern in store.key_patterns]
    for (number, reply), shown in zip(scanned, again, strict=True):
        if reply.error:
            return _answer_failed(need, reply.error, shown, number)
        match reply.value:
            case [str(cursor), list(found)] if all(isinstance(each, str) for each in found):
                names.update(found)
                complete = complete and cursor == "0"
            case _:
                wrong = "SCAN did not answer with a cursor and keys"
                return answer_unparseable(need, wrong, again=shown, question=number)
    ordered = sorted(names, key=lambda name: (name in asked, name))[:MOST_KEYS_NAMED]
    value = StoreKeys([name[:LONGEST_NAME] for name in ordered], len(names), complete)
    return answer_observed(need, value, again=again[0] if again else "", question=scanned[0][0] if scanned else 0)


def format_cli(command: Sequence[str], store: DesiredStore) -> str:
    """A command in redis-cli's terms: `redis-cli -h 127.0.0.1 TYPE key`."""
    port = ["-p", str(store.port)] if store.port != DEFAULT_PORT else []
    there = ["-s", store.socket] if store.socket else ["-h", store.address.strip("[]"), *port]
    user = ["--user", store.user] if store.user else []
    db = ["-n", str(store.db)] if store.db else []
    return shell.join(["redis-cli", *there, *list_tls_options(store), *user, *db, *command])


def list_tls_options(store: DesiredStore) -> list[str]:
    """For redis-cli, which does not check the server's name as an audit does."""
    if store.tls is None:
        return []
    files = {"--cacert": store.tls.ca, "--cert": store.tls.certificate, "--key": store.tls.key}
    return ["--tls", *(word for option, file in files.items() if file for word in (option, file))]


def _answer(need: Need, reply: Reply, question: int, store: DesiredStore) -> Answer:
    again = format_cli(make_command(need), store)
    if reply.error:
        return _answer_failed(need, reply.error, again, question)
    try:
        return _READ[need.fact](need, reply.value, again, question)
    except Unreadable as error:
        return answer_unparseable(need, str(error), again=again, question=question)


_HELP = {
    "LOADING": "wait until Redis has loaded its data, then audit again",
    "BUSY": "a script keeps Redis busy: SCRIPT KILL ends it, then audit again",
    "MASTERDOWN": "the replica has lost its primary and serves no old data: look at `redis-cli INFO replication`",
}
"""What helps if no account is to blame, by the first word of the error."""


def _answer_failed(need: Need, error: str, again: str, question: int) -> Answer:
    kind = error.partition(" ")[0]
    if "no such key" in error:
        return answer_absent(need, "no such key", again=again, line="no such key", question=question)
    if kind == "NOGROUP":
        return answer_absent(need, "the stream has no such group", again=again, line=kind, question=question)
    if need.fact == StoreClients.FACT and kind == "NOPERM":
        return answer_absent(need, "the account may not list clients", again=again, line=kind, question=question)
    if need.fact == StoreRight.FACT and "nknown " in error:
        return answer_absent(need, "this Redis has no ACL DRYRUN", again=again, line=kind, question=question)
    if kind == "WRONGTYPE":
        return answer_absent(need, "the key is not a stream", again=again, line=kind, question=question)
    return answer_refused(need, error, again=again, line=kind, question=question, help_=_HELP.get(kind, ""))


def _answer_key(need: Need, value: object, again: str, question: int) -> Answer:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise Unreadable("TYPE did not answer with a word")
    if value == "none":
        return answer_absent(need, "no such key", again=again, line="none", question=question)
    return answer_observed(need, KeyFact(value), again=again, line=value, question=question)


def _answer_expiry(need: Need, value: object, again: str, question: int) -> Answer:
    if type(value) is not int or value < _GONE:
        raise Unreadable("TTL did not answer with seconds")
    if value == _GONE:
        return answer_absent(need, "no such key", again=again, line="-2", question=question)
    return answer_observed(need, KeyExpiry(value != _FOR_EVER), again=again, line=str(value), question=question)


def _answer_clock(need: Need, value: object, again: str, question: int) -> Answer:
    """TIME: seconds, and microseconds of the second."""
    match value:
        case [str(seconds), str(rest)]:
            said = {"seconds": seconds, "microseconds": rest}
            now_us = read_number(said, "seconds") * 1_000_000 + read_number(said, "microseconds")
            return answer_observed(
                need, StoreClock(now_us), again=f"{again} | head -n 1", line=seconds, question=question
            )
    raise Unreadable("TIME did not answer with seconds and microseconds")


def _answer_right(need: Need, value: object, again: str, question: int) -> Answer:
    if not isinstance(value, str):
        raise Unreadable("ACL DRYRUN did not answer with a text")
    refused = "" if value == "OK" else value[:LONGEST_NAME]
    return answer_observed(need, StoreRight(refused), again=again, line=value[:LONGEST_NAME], question=question)


def _answer_clients(need: Need, value: object, again: str, question: int) -> Answer:
    """`id=3 addr=… flags=b … cmd=xadd …` for each client. Flag b: it waits. Names of clients are chosen by them."""
    if not isinstance(value, str):
        raise Unreadable("CLIENT LIST did not answer with a text")
    held: dict[str, int] = {}
    for line in split_lines(value):
        found = _WAITING.search(line)
        if found is not None and found[1] not in WAITING_BY_THEMSELVES:
            held[found[1]] = held.get(found[1], 0) + 1
    shown = f"{again} | grep -E ' flags=[^ ]*b' | grep -o 'cmd=[a-z]*'"
    return answer_observed(
        need, StoreClients(held), again=shown, line=f"cmd={min(held)}" if held else "", question=question
    )


def _answer_stream(need: Need, value: object, again: str, question: int) -> Answer:
    said = read_pairs(value)
    last = read_text(said, "last-generated-id")
    found_id = STREAM_ID.fullmatch(last)
    if found_id is None:
        raise Unreadable("last-generated-id is not an id")
    found = Stream(
        read_number(said, "length"), last, int(found_id[1]), read_number(said, "groups"),
        find_text(said, "recorded-first-entry-id"), find_number(said, "entries-added"),
        find_text(said, "max-deleted-entry-id"),
    )  # fmt: skip
    shown = f"{again} | paste -d ' ' - - | grep ^last-generated-id"
    return answer_observed(need, found, again=shown, line=f"last-generated-id {last}", question=question)


def _group(need: Need, value: object, again: str, question: int) -> Answer:
    name = split_group_subject(need.subject)[1]
    said = next((group for group in _read_groups(value) if group.get("name") == name), None)
    if said is None:
        return answer_absent(need, "the stream has no such group", again=again, question=question)
    found = StreamGroup(
        find_number(said, "lag"), read_number(said, "pending"), read_number(said, "consumers"),
        read_text(said, "last-delivered-id"), find_number(said, "entries-read"),
    )  # fmt: skip
    # Raw output has one name or value per line: paste with as many columns as a group has gives one line per group.
    shown = f"{again} | paste -d ' ' {' '.join('-' * (2 * len(said)))}"
    words = (f"{key} {'' if each is None else each}" for key, each in said.items())
    return answer_observed(need, found, again=shown, line=" ".join(words), question=question)


def _answer_names(need: Need, value: object, again: str, question: int) -> Answer:
    names = sorted(read_text(group, "name") for group in _read_groups(value))
    found = StreamGroups([name[:LONGEST_NAME] for name in names[:MOST_GROUPS_NAMED]], len(names))
    return answer_observed(need, found, again=again, line="name" if names else "", question=question)


def _answer_consumers(need: Need, value: object, again: str, question: int) -> Answer:
    rows = sorted((_read_last_read(row), read_text(row, "name")[:LONGEST_NAME]) for row in _read_groups(value))
    idle_ms = {name: idle for idle, name in reversed(rows[:MOST_CONSUMERS])}
    line = "name" if rows else ""
    return answer_observed(need, StreamConsumers(idle_ms, len(rows)), again=again, line=line, question=question)


def _read_last_read(consumer: Mapping[str, object]) -> int:
    """Milliseconds. `inactive` is -1 for one that never got anything, and missing before Redis 7.2."""
    got = find_number(consumer, "inactive")
    return read_number(consumer, "idle") if got is None else got


def _answer_pending(need: Need, value: object, again: str, question: int) -> Answer:
    if not isinstance(value, list | tuple):
        raise Unreadable("XPENDING did not answer with a list")
    entries = [_read_delivered(each) for each in value]
    line = str(entries[0][0]) if entries else ""
    return answer_observed(need, StreamPending(entries), again=again, line=line, question=question)


def _read_delivered(entry: object) -> list[str | int]:
    """After a clock was set back, Redis may report a negative time."""
    match entry:
        case [str(id_), str(consumer), int(idle), int(times)]:
            return [id_, consumer[:LONGEST_NAME], max(idle, 0), times]
    raise Unreadable("XPENDING did not answer with entries that were delivered")


def _read_groups(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list | tuple):
        raise Unreadable("XINFO did not answer with a list")
    return [read_pairs(each) for each in value]


_READ: Mapping[str, Callable[[Need, object, str, int], Answer]] = {
    StoreServer.FACT: answer_server,
    StoreClock.FACT: _answer_clock,
    StoreHealth.FACT: answer_health,
    StoreClients.FACT: _answer_clients,
    StoreRight.FACT: _answer_right,
    KeyFact.FACT: _answer_key,
    KeyExpiry.FACT: _answer_expiry,
    Stream.FACT: _answer_stream,
    StreamGroup.FACT: _group,
    StreamGroups.FACT: _answer_names,
    StreamConsumers.FACT: _answer_consumers,
    StreamPending.FACT: _answer_pending,
}
