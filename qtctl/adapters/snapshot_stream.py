"""Snapshots in Redis: one stream per host, with the number of a snapshot as the id of its entry.

The id makes the chain: Redis refuses an entry whose id is not greater than every earlier one, even of deleted entries.
So if two processes take number 7 at once, one is refused.
"""

import base64
import binascii
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

from qtctl.adapters.bounds import STORE_TEXT, Deadline
from qtctl.adapters.redis_server import SCHEMES, RedisServer, parse_server
from qtctl.errors import InputError
from qtctl.history.archive import LARGEST, unpack
from qtctl.history.choose import LATEST
from qtctl.history.index import MOST
from qtctl.interfaces.snapshot_store import Build
from qtctl.model.snapshot import Chain, Entry, Pruned, Snapshot, Stored

PREFIX, HOSTS = "qtctl:snapshots:", "qtctl:snapshot-hosts"
PASSWORD = "QTCTL_SNAPSHOT_PASSWORD"  # noqa: S105 - its name
DEADLINE_S = 20.0
_AT_A_TIME = 5
_LARGEST_ALL = 512 << 20
_ID, _PRUNED = re.compile(r"([0-9]{1,9})-0"), re.compile(r"([0-9]{1,9}) ([0-9a-f]{64})")
_SHORT = re.compile("[0-9]{1,6}")
Ask = Callable[..., Any]
"""A command, as its words, → its reply."""


def is_stream(store: str) -> bool:
    return store.partition("://")[0] in SCHEMES and "://" in store


class SnapshotStream:
    """qtctl.interfaces.snapshot_store.SnapshotStore in a Redis server: redis[s]://HOST:PORT/DB or unix:///PATH?db=N."""

    def __init__(self, url: str, environ: Mapping[str, str] = os.environ) -> None:
        """InputError for an invalid URL, or one with a password in it: every process could read it."""
        try:
            self._server, found = parse_server(url), urlsplit(url)
        except ValueError as error:
            raise InputError(
                "--store is not a Redis URL", hint="redis://127.0.0.1:6379/0 or unix:///run/redis.sock"
            ) from error
        if found.password or found.username:
            raise InputError("--store has an account or a password in it", hint=f"put the password into ${PASSWORD}")
        self._password = environ.get(PASSWORD, "")

    @property
    def place(self) -> str:
        return self._server.place

    def list_hosts(self) -> tuple[str, ...]:
        with self._connect() as ask:
            return tuple(sorted(str(each) for each in ask("SMEMBERS", HOSTS) or ()))

    def read(self, host: str) -> Chain:
        with self._connect() as ask:
            info = self._read_info(ask, host)
            if info is None:
                return Chain(host, ())
            pruned = self._read_pruned(ask, host)
            stored = tuple(self._read_all(ask, host))
        return Chain(host, stored, self._make_index(stored, info), pruned)

    def pick(self, host: str, word: str) -> Stored | None:
        if word != LATEST and not _SHORT.fullmatch(word):
            return None
        key = PREFIX + host
        one = ("XRANGE", key, f"{word}-0", f"{word}-0")
        with self._connect() as ask:
            found = ask(*(("XREVRANGE", key, "+", "-", "COUNT", "1") if word == LATEST else one)) or ()
            return self._unpack_entry(host, found[0]) if found else None

    def append(self, host: str, build: Build) -> tuple[Snapshot, str]:
        with self._connect() as ask:
            newest = ask("XREVRANGE", PREFIX + host, "+", "-", "COUNT", "1") or ()
            found = [self._unpack_entry(host, each) for each in newest]
            before = unpack(found[0].content, found[0].where) if found else None
            snapshot, stored = build(before)
            document = base64.b64encode(stored.content).decode()
            if len(document) > STORE_TEXT:
                raise InputError(
                    f"{len(stored.content)} bytes are too many for Redis", hint="store it in a folder: --store FOLDER"
                )
            signature = base64.b64encode(stored.signature).decode()
            number = f"{snapshot.head.number}-0"
            try:
                ask("XADD", PREFIX + host, number, "document", document, "signature", signature)
            except InputError as error:
                hint = "another process took one meanwhile, or the newest was deleted: qtctl snapshot verify"
                raise InputError(
                    f"{self.place}: number {snapshot.head.number} is not accepted: {error.what}", hint=hint
                ) from error
            ask("SADD", HOSTS, host)
        return snapshot, f"{PREFIX}{host} {number}"

    def prune(self, host: str, keep: int) -> tuple[str, ...]:
        with self._connect() as ask:
            ids = [str(each[0]) for each in self._read_entries(ask, host)]
            old = ids[:-keep]
            if not old:
                return ()
            (entry,) = ask("XRANGE", PREFIX + host, old[-1], old[-1])
            last = unpack(self._unpack_entry(host, entry).content, old[-1])
            ask("SET", f"{PREFIX}{host}:pruned", f"{last.head.number} {last.digest}")
            ask("XTRIM", PREFIX + host, "MINID", ids[-keep])
            return tuple(old)

    def rebuild_index(self, host: str) -> int:  # noqa: ARG002 - as the folder's
        raise InputError("a stream has no index of its own", hint="Redis itself knows which entry was the last")

    def _read_all(self, ask: "Ask", host: str) -> Iterator[Stored]:
        left = _LARGEST_ALL
        for entry in self._read_entries(ask, host):
            found = self._unpack_entry(host, entry)
            left -= len(found.content)
            if left < 0:
                raise InputError(f"{self.place}: more than {_LARGEST_ALL >> 20} MiB of snapshots", hint="--keep N")
            yield found

    def _read_entries(self, ask: "Ask", host: str) -> Iterator[Any]:
        start, seen = "-", 0
        while found := ask("XRANGE", PREFIX + host, start, "+", "COUNT", str(_AT_A_TIME)):
            yield from found
            start, seen = f"({found[-1][0]}", seen + len(found)
            if seen > MOST:
                raise InputError(f"{self.place}: more than {MOST} snapshots of {host}", hint="take with --keep N")

    def _unpack_entry(self, host: str, entry: Any) -> Stored:  # noqa: ANN401 - as Redis answers
        """An entry that is not a snapshot is returned as it is: a check reports it."""
        where, fields = f"{PREFIX}{host} {entry[0]}", entry[1]
        said = dict(zip(fields[::2], fields[1::2], strict=True))
        try:
            content = base64.b64decode(str(said.get("document", "")), validate=True)[: LARGEST + 1]
            return Stored(where, content, base64.b64decode(str(said.get("signature", "")), validate=True))
        except (binascii.Error, ValueError):
            return Stored(where, b"")

    def _read_info(self, ask: "Ask", host: str) -> dict[str, Any] | None:
        kind = ask("TYPE", PREFIX + host)
        if kind == "none":
            return None
        if kind != "stream":
            raise InputError(
                f"{self.place}: {PREFIX}{host} is a {kind}, not a stream", hint="does another program use it?"
            )
        found = ask("XINFO", "STREAM", PREFIX + host)
        return dict(zip(found[::2], found[1::2], strict=True))

    def _read_pruned(self, ask: "Ask", host: str) -> Pruned | None:
        found = _PRUNED.fullmatch(str(ask("GET", f"{PREFIX}{host}:pruned") or ""))
        return Pruned(int(found[1]), found[2]) if found else None

    def _make_index(self, stored: Sequence[Stored], info: Mapping[str, Any]) -> tuple[Entry, ...]:
        """The entries, and the last id ever used, which Redis knows."""
        entries = []
        for each in stored:
            try:
                snapshot = unpack(each.content, each.where)
            except InputError:
                continue
            head = snapshot.head
            entries.append(Entry(each.where, head.number, snapshot.digest, head.previous, head.taken_at))
        last = _ID.fullmatch(str(info.get("last-generated-id", "")))
        newest = int(last[1]) if last else 0
        if newest > max((each.number for each in entries), default=0):
            entries.append(Entry("", newest, "", "", ""))
        return tuple(entries)

    @contextmanager
    def _connect(self) -> Iterator["Ask"]:
        hint = f"is that permitted? a password goes into ${PASSWORD}"
        with closing(RedisServer(self._server, self._password, Deadline(DEADLINE_S), hint)) as server:
            yield server.ask
