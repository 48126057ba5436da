"""Redis, read only (facts `store`, `key`, `stream`, `stream.group`): INFO, TYPE, XINFO STREAM, XINFO GROUPS.

XINFO STREAM is the one command that says the last id of a stream whatever its entries are. It brings the first and the
last entry along: qtctl.adapters.store_replies drops them unread.

A stream fact of a key that holds another type is absent as a stream, with that as its reason: its `key` fact says what
it is instead. Only `no such key`, `WRONGTYPE` and the answer `none` are knowledge; every other error is a refusal.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from qtctl.dialects import shell
from qtctl.dialects.lines import lines
from qtctl.model.evidence import Need
from qtctl.model.facts import KeyFact, StoreServer, Stream, StreamGroup
from qtctl.model.plausible import STREAM_ID, U64, whole
from qtctl.probes.answer import Answer, absent, observed, refused, unparseable

FACTS = (StoreServer.FACT, KeyFact.FACT, Stream.FACT, StreamGroup.FACT)
DEFAULT_PORT = 6379
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class Reply(Protocol):
    """`value`, or Redis's own error text."""

    @property
    def value(self) -> object: ...
    @property
    def error(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StoreProbe:
    """The commands for one server, what a person types for each, and what `parse` makes of the replies."""

    commands: tuple[tuple[str, ...], ...]
    again: tuple[str, ...]
    parse: Callable[[Sequence[Reply]], list[Answer]]


class _Unreadable(ValueError):
    """A reply of another shape than Redis documents."""


def store_of(need: Need) -> str:
    """The store that a need is of."""
    return need.store or (need.subject if need.fact == StoreServer.FACT else "")


def command_of(need: Need) -> tuple[str, ...]:
    """The command that answers a need. A group's subject is `KEY/GROUP`: no group name has a slash."""
    if need.fact == StoreServer.FACT:
        return ("INFO",)
    if need.fact == KeyFact.FACT:
        return ("TYPE", need.subject)
    if need.fact == Stream.FACT:
        return ("XINFO", "STREAM", need.subject)
    return ("XINFO", "GROUPS", need.subject.rpartition("/")[0])


def probe(needs: Iterable[Need], address: str, port: int) -> StoreProbe:
    wanted = sorted(set(needs), key=lambda need: (need.fact, need.subject))
    commands = tuple(sorted({command_of(need) for need in wanted}))

    def parse(replies: Sequence[Reply]) -> list[Answer]:
        by_command = dict(zip(commands, replies, strict=True))
        return [
            _answer(need, by_command[command_of(need)], commands.index(command_of(need)), address, port)
            for need in wanted
        ]

    return StoreProbe(commands, tuple(cli(command, address, port) for command in commands), parse)


def cli(command: Sequence[str], address: str, port: int) -> str:
    """redis-cli's words for a command: `redis-cli -h 127.0.0.1 TYPE key`."""
    at = ["-h", address.strip("[]")] if port == DEFAULT_PORT else ["-h", address.strip("[]"), "-p", str(port)]
    return shell.join(["redis-cli", *at, *command])


def pairs(value: object) -> dict[str, object]:
    """A map as Redis gives it: RESP3's own, or RESP2's flat list of names and values."""
    if isinstance(value, Mapping):
        return {str(key): each for key, each in value.items()}
    if isinstance(value, list | tuple) and len(value) % 2 == 0:
        return {str(key): each for key, each in zip(value[::2], value[1::2], strict=True)}
    raise _Unreadable("not a list of names and values")


def _answer(need: Need, reply: Reply, question: int, address: str, port: int) -> Answer:
    again = cli(command_of(need), address, port)
    if reply.error:
        return _failed(need, reply.error, again, question)
    try:
        return _READ[need.fact](need, reply.value, again, question)
    except _Unreadable as error:
        return unparseable(need, str(error), again=again, question=question)


def _failed(need: Need, error: str, again: str, question: int) -> Answer:
    kind = error.partition(" ")[0]
    if "no such key" in error:
        return absent(need, "no such key", again=again, line="no such key", question=question)
    if kind == "WRONGTYPE":
        return absent(need, "the key is not a stream", again=again, line=kind, question=question)
    return refused(need, error, again=again, line=kind, question=question)


def _key(need: Need, value: object, again: str, question: int) -> Answer:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise _Unreadable("TYPE did not answer with a word")
    if value == "none":
        return absent(need, "no such key", again=again, line="none", question=question)
    return observed(need, KeyFact(value), again=again, line=value, question=question)


def _server(need: Need, value: object, again: str, question: int) -> Answer:
    said = _info(value)
    server = StoreServer(
        _text(said, "redis_version"), _number(said, "uptime_in_seconds"), _number(said, "used_memory")
    )  # fmt: skip
    line = f"redis_version:{server.version}"
    return observed(need, server, again=f"{again} | grep ^redis_version:", line=line, question=question)


def _info(value: object) -> dict[str, object]:
    if not isinstance(value, str):
        return pairs(value)
    said = (line.removesuffix("\r").partition(":") for line in lines(value) if ":" in line)
    return {key: text for key, _, text in said}


def _stream(need: Need, value: object, again: str, question: int) -> Answer:
    said = pairs(value)
    last = _text(said, "last-generated-id")
    found_id = STREAM_ID.fullmatch(last)
    if found_id is None:
        raise _Unreadable("last-generated-id is not an id")
    found = Stream(_number(said, "length"), last, int(found_id[1]), _number(said, "groups"))
    shown = f"{again} | paste -d ' ' - - | grep ^last-generated-id"
    return observed(need, found, again=shown, line=f"last-generated-id {last}", question=question)


def _group(need: Need, value: object, again: str, question: int) -> Answer:
    name = need.subject.rpartition("/")[2]
    if not isinstance(value, list | tuple):
        raise _Unreadable("XINFO GROUPS did not answer with a list")
    groups = [pairs(each) for each in value]
    said = next((group for group in groups if group.get("name") == name), None)
    if said is None:
        return absent(need, "the stream has no such group", again=again, question=question)
    lag = said.get("lag")
    found = StreamGroup(
        None if lag is None else _number(said, "lag"), _number(said, "pending"), _number(said, "consumers"),
        _text(said, "last-delivered-id"),
    )  # fmt: skip
    # Raw output has a name or value a line: as many columns as a group has of both give a line for each group.
    shown = f"{again} | paste -d ' ' {' '.join('-' * (2 * len(said)))}"
    words = (f"{key} {'' if each is None else each}" for key, each in said.items())
    return observed(need, found, again=shown, line=" ".join(words), question=question)


def _text(said: Mapping[str, object], key: str) -> str:
    value = said.get(key)
    if isinstance(value, str):
        return value
    raise _Unreadable(f"the answer has no {key}")


def _number(said: Mapping[str, object], key: str) -> int:
    value = said.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            return whole(value, U64)
        except ValueError as error:
            raise _Unreadable(f"{key}: {error}") from error
    raise _Unreadable(f"{key} is not a number")


_READ: Mapping[str, Callable[[Need, object, str, int], Answer]] = {
    StoreServer.FACT: _server,
    KeyFact.FACT: _key,
    Stream.FACT: _stream,
    StreamGroup.FACT: _group,
}
