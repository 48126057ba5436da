"""What Redis answers. Replies as Redis 7.0 gives them; a real server answers in tests/collect."""

from dataclasses import dataclass, replace

import pytest

from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need, State
from qtctl.model.origin import Origin
from qtctl.model.store_facts import (
    KeyFact,
    StoreClock,
    StoreServer,
    Stream,
    StreamConsumers,
    StreamGroup,
    StreamGroups,
    StreamPending,
    group_subject,
)
from qtctl.probes.stores import format_cli, probe

GROUP = ["name", "ai", "consumers", 1, "pending", 12, "last-delivered-id", "5-0", "entries-read", 7, "lag", 3350000]
OLD_GROUP = GROUP[:8]
AS_MAP = dict(zip(GROUP[::2], GROUP[1::2], strict=True))
NEVER = ["length", 0, "last-generated-id", "0-0", "groups", 0]
STREAM = ["length", 3, "last-generated-id", "1795251607841-0", "groups", 1, "first-entry", ["1-0", ["a", "b"]]]
INFO = "# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:42\r\n\r\n# Memory\r\nused_memory:1024\r\n"


@dataclass(frozen=True)
class Reply:
    value: object = None
    error: str = ""


def only(need: Need, reply: Reply) -> tuple[State, object, str | None]:
    asked = probe([need], STORE)
    assert len(asked.commands) == 1
    (answer,) = asked.parse([reply])
    return answer.state, answer.value, answer.reason


STORE = DesiredStore("main", "redis.service", "127.0.0.1", 6379, "", Origin("small.toml"))
SERVER, KEY = Need("store", "main"), Need("key", "k", "main")
STREAM_NEED, GROUP_NEED = Need("stream", "k", "main"), Need("stream.group", "k/ai", "main")
CLOCK, NAMES_NEED = Need("store.clock", "main"), Need("stream.groups", "k", "main")
CONSUMERS = Need("stream.consumers", group_subject("k", "ai"), "main")
CONSUMER_8 = ["name", "a", "pending", 1, "idle", 3, "inactive", 9000]
"""Since 7.2: it asked three milliseconds ago, and got something nine seconds ago."""
PENDING = Need("stream.pending", group_subject("k", "ai"), "main")
SLASHED = Need("stream.group", group_subject("k", "a/%2F"), "main")
STREAM_7 = [
    *("length", 3, "last-generated-id", "5-0", "max-deleted-entry-id", "4-1", "entries-added", 9),
    *("recorded-first-entry-id", "3-0", "groups", 1),
]
NO_KEY = Reply(error="ERR no such key")
WRONG = Reply(error="WRONGTYPE Operation against a key holding the wrong kind of value")
NOAUTH, NOPERM = Reply(error="NOAUTH Authentication required."), Reply(error="NOPERM this user has no permissions")
LOADING = Reply(error="LOADING Redis is loading the dataset in memory")


@pytest.mark.parametrize(
    ("need", "reply", "state", "value"),
    [
        (SERVER, Reply(INFO), State.OBSERVED, StoreServer("7.0.15", 42, 1024)),
        (SERVER, Reply("nothing"), State.UNPARSEABLE, None),
        (KEY, Reply("hash"), State.OBSERVED, KeyFact("hash")),
        (KEY, Reply("none"), State.ABSENT, None),
        (KEY, Reply(None), State.UNPARSEABLE, None),
        (STREAM_NEED, Reply(STREAM), State.OBSERVED, Stream(3, "1795251607841-0", 1795251607841, 1)),
        (STREAM_NEED, Reply(NEVER), State.OBSERVED, Stream(0, "0-0", 0, 0)),
        (STREAM_NEED, Reply(["length"]), State.UNPARSEABLE, None),
        (STREAM_NEED, Reply(["length", 1, "last-generated-id", "x", "groups", 0]), State.UNPARSEABLE, None),
        (STREAM_NEED, NO_KEY, State.ABSENT, None),
        (STREAM_NEED, WRONG, State.ABSENT, None),
        (GROUP_NEED, Reply([GROUP]), State.OBSERVED, StreamGroup(3350000, 12, 1, "5-0", 7)),
        (GROUP_NEED, Reply([AS_MAP]), State.OBSERVED, StreamGroup(3350000, 12, 1, "5-0", 7)),
        (GROUP_NEED, Reply([[*GROUP[:-1], None]]), State.OBSERVED, StreamGroup(None, 12, 1, "5-0", 7)),
        (GROUP_NEED, Reply([[*GROUP[:-1], -3]]), State.OBSERVED, StreamGroup(None, 12, 1, "5-0", 7)),
        (SLASHED, Reply([["name", "a/%2F", *GROUP[2:]]]), State.OBSERVED, StreamGroup(3350000, 12, 1, "5-0", 7)),
        (STREAM_NEED, Reply(STREAM_7), State.OBSERVED, Stream(3, "5-0", 5, 1, "3-0", 9, "4-1")),
        (NAMES_NEED, Reply([GROUP, ["name", "a", *GROUP[2:]]]), State.OBSERVED, StreamGroups(["a", "ai"], 2)),
        (NAMES_NEED, Reply([]), State.OBSERVED, StreamGroups([], 0)),
        (NAMES_NEED, Reply([["name", 3]]), State.UNPARSEABLE, None),
        (NAMES_NEED, NO_KEY, State.ABSENT, None),
        (CONSUMERS, Reply([["name", "a", "pending", 1, "idle", 5], ["name", "b", "pending", 0, "idle", 3]]),
            State.OBSERVED, StreamConsumers({"a": 5, "b": 3}, 2)),
        (CONSUMERS, Reply([]), State.OBSERVED, StreamConsumers({}, 0)),
        (CONSUMERS, Reply([CONSUMER_8, ["name", "new", "pending", 0, "idle", 7, "inactive", -1]]),
            State.OBSERVED, StreamConsumers({"a": 9000, "new": 7}, 2)),
        (PENDING, Reply([["1-0", "a", 5, 1], ["2-0", "b", -3, 2]]),
            State.OBSERVED, StreamPending([["1-0", "a", 5, 1], ["2-0", "b", 0, 2]])),
        (PENDING, Reply([]), State.OBSERVED, StreamPending([])),
        (PENDING, Reply([["1-0", "a", "5", 1]]), State.UNPARSEABLE, None),
        (PENDING, Reply([["x", "a", 5, 1]]), State.UNPARSEABLE, None),
        (PENDING, Reply([1, "1-0", "2-0", []]), State.UNPARSEABLE, None),
        (PENDING, Reply(error="NOGROUP No such key 'k' or consumer group 'ai'"), State.ABSENT, None),
        (CONSUMERS, Reply([["name", "a"]]), State.UNPARSEABLE, None),
        (CONSUMERS, Reply(error="NOGROUP No such consumer group 'ai' for key name 'k'"), State.ABSENT, None),
        (CLOCK, Reply(["1768634700", "250000"]), State.OBSERVED, StoreClock(1768634700250000)),
        (CLOCK, Reply(["1768634700"]), State.UNPARSEABLE, None),
        (CLOCK, Reply(["soon", "0"]), State.UNPARSEABLE, None),
        (GROUP_NEED, Reply([OLD_GROUP]), State.OBSERVED, StreamGroup(None, 12, 1, "5-0")),
        (GROUP_NEED, Reply([["name", "other", *GROUP[2:]]]), State.ABSENT, None),
        (GROUP_NEED, Reply([]), State.ABSENT, None),
        (GROUP_NEED, Reply([["name"]]), State.UNPARSEABLE, None),
        (GROUP_NEED, Reply("x"), State.UNPARSEABLE, None),
        (GROUP_NEED, NO_KEY, State.ABSENT, None),
        (GROUP_NEED, WRONG, State.ABSENT, None),
    ],
)  # fmt: skip
def test_answers(need: Need, reply: Reply, state: State, value: object) -> None:
    assert only(need, reply)[:2] == (state, value)


@pytest.mark.parametrize("need", [SERVER, KEY, STREAM_NEED, GROUP_NEED])
@pytest.mark.parametrize("reply", [NOAUTH, NOPERM, LOADING, Reply(error="ERR unknown command 'XINFO'")])
def test_errors_are_refusals_with_their_reason(need: Need, reply: Reply) -> None:
    assert only(need, reply) == (State.REFUSED, None, reply.error)


def test_one_command_answers_all_groups_of_a_stream() -> None:
    needs = [Need("stream.group", f"k/{name}", "main") for name in ("ai", "b", "c")]
    asked = probe([*needs, KEY], STORE)
    assert asked.commands == (("TYPE", "k"), ("XINFO", "GROUPS", "k"))
    answers = asked.parse([Reply("stream"), Reply([GROUP])])
    assert [(each.state, each.question) for each in answers] == [
        (State.OBSERVED, 0),
        (State.OBSERVED, 1),
        (State.ABSENT, 1),
        (State.ABSENT, 1),
    ]


def test_a_stream_is_asked_before_its_groups_and_the_clock_last() -> None:
    asked = probe([CLOCK, GROUP_NEED, STREAM_NEED, KEY, SERVER], STORE)
    assert [" ".join(command[:2]) for command in asked.commands] == [
        *("INFO", "TYPE k", "XINFO STREAM", "XINFO GROUPS", "TIME")
    ]


def test_only_reading_commands() -> None:
    asked = probe([SERVER, KEY, STREAM_NEED, GROUP_NEED], STORE)
    assert {command[:2] if command[0] == "XINFO" else command[:1] for command in asked.commands} == {
        ("INFO",),
        ("TYPE",),
        ("XINFO", "STREAM"),
        ("XINFO", "GROUPS"),
    }


@pytest.mark.parametrize(
    ("command", "at", "line"),
    [
        (("TYPE", "k"), ("127.0.0.1", 6379), "redis-cli -h 127.0.0.1 TYPE k"),
        (("TYPE", "a b"), ("127.0.0.1", 6380), "redis-cli -h 127.0.0.1 -p 6380 TYPE 'a b'"),
        (("PING",), ("[::1]", 6379), "redis-cli -h ::1 PING"),
    ],
)
def test_what_a_person_types(command: tuple[str, ...], at: tuple[str, int], line: str) -> None:
    assert format_cli(command, replace(STORE, address=at[0], port=at[1])) == line


def test_a_user_and_a_database_are_typed_too() -> None:
    there = replace(STORE, user="audit me", db=3)
    assert format_cli(("PING",), there) == "redis-cli -h 127.0.0.1 --user 'audit me' -n 3 PING"
