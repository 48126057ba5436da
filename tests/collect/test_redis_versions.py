"""Replies of Redis versions that are not installed here, literally as documented, from a server that speaks RESP."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.collect.test_redis import GROUP, KEY, Wrong, audit, host, wrong

NOW_MS = int(time.time() * 1000)
NEWEST, OLD = f"{NOW_MS - 2000}-0", f"{NOW_MS - 90_000}-0"
GROUP_6 = ["name", GROUP, "consumers", 1, "pending", 1, "last-delivered-id", NEWEST]
STREAM_6 = [
    *("length", 3, "radix-tree-keys", 1, "radix-tree-nodes", 2, "last-generated-id", NEWEST, "groups", 1),
    *("first-entry", [OLD, ["order", "canary"]], "last-entry", [NEWEST, ["order", "canary"]]),
]
STREAM_7 = [
    *("length", 3, "radix-tree-keys", 1, "radix-tree-nodes", 2, "last-generated-id", NEWEST),
    *("max-deleted-entry-id", "0-0", "entries-added", 9, "recorded-first-entry-id", OLD, "groups", 1),
    *("first-entry", [OLD, ["order", "canary"]], "last-entry", [NEWEST, ["order", "canary"]]),
]
GROUP_7 = [*GROUP_6, "entries-read", 9, "lag", 0]
CONSUMER = ["name", "me", "pending", 1, "idle", 12]
PENDING = [[OLD, "me", 900, 1]]
NEW_FIELDS = [
    *("idmp-duration", 100, "idmp-maxsize", 100, "pids-tracked", 0, "iids-tracked", 0, "iids-added", 0),
    *("iids-duplicates", 0),
]
"""From 8.6, which recognizes producers' duplicates."""


def behind(group: list[Any], place: str) -> list[Any]:
    return [place if field == NEWEST else field for field in group]


VERSIONS: dict[str, tuple[list[Any], list[Any], list[Any], Wrong]] = {
    "5.0.14": (STREAM_6, GROUP_6, CONSUMER, set()),
    "6.2.14": (STREAM_6, GROUP_6, CONSUMER, set()),
    "6.2.14 behind: neither lag nor what was trimmed can be told": (
        STREAM_6, behind(GROUP_6, OLD), CONSUMER,
        {("QT505", f"{KEY}/{GROUP}", "unknown"), ("QT510", f"{KEY}/{GROUP}", "unknown")},
    ),
    "7.0.15 with a lag that is counted wrong": (STREAM_7, [*GROUP_6, "entries-read", 5, "lag", 4], CONSUMER, set()),
    "7.2.5": (STREAM_7, GROUP_7, [*CONSUMER, "inactive", 15], set()),
    "7.4.1 whose consumer asks and gets nothing": (
        STREAM_7, [*behind(GROUP_6, "1-0"), "entries-read", 6, "lag", 3], [*CONSUMER, "inactive", 80_000],
        {("QT505", f"{KEY}/{GROUP}", "broken"), ("QT506", f"{KEY}/{GROUP}", "broken")},
    ),
    "8.2.1": (STREAM_7, GROUP_7, [*CONSUMER, "inactive", -1], set()),
    "8.6.0": ([*STREAM_7[:16], *NEW_FIELDS, *STREAM_7[16:]], GROUP_7, [*CONSUMER, "inactive", 15], set()),
}  # fmt: skip


NO_DRYRUN = {
    "5": b"-ERR unknown command `ACL`, with args beginning with: `DRYRUN`, `default`, `XADD`, \r\n",
    "6": b"-ERR Unknown subcommand or wrong number of arguments for 'DRYRUN'. Try ACL HELP.\r\n",
}


def packed(value: object) -> bytes:
    match value:
        case bytes():
            return value
        case None:
            return b"$-1\r\n"
        case int():
            return b":%d\r\n" % value
        case list():
            return b"*%d\r\n" % len(value) + b"".join(map(packed, value))
        case _:
            text = str(value).encode()
            return b"$%d\r\n%s\r\n" % (len(text), text)


@contextmanager
def serving(replies: dict[str, object]) -> Iterator[int]:
    """A server that answers each command, by its first words, with what is recorded for it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, replies), daemon=True).start()
        yield server.getsockname()[1]


def _serve(server: socket.socket, replies: dict[str, object]) -> None:
    client, _ = server.accept()
    with client, client.makefile("rb") as lines:
        while header := lines.readline():
            words = []
            for _ in range(int(header[1:])):
                lines.readline()
                words.append(lines.readline().strip().decode())
            name = " ".join(words[:2]) if words[0] == "XINFO" else words[0]
            client.sendall(packed(replies[name]))


@pytest.mark.parametrize("version", VERSIONS)
def test_versions(version: str) -> None:
    stream, group, consumer, expected = VERSIONS[version]
    info = f"redis_version:{version.split(maxsplit=1)[0]}\r\nuptime_in_seconds:9\r\nused_memory:1\r\nrole:master\r\n"
    replies: dict[str, object] = {
        "INFO": info, "TYPE": "stream", "TTL": -1, "XINFO STREAM": stream, "XINFO GROUPS": [group],
        "CLIENT": "id=3 addr=127.0.0.1:1 flags=b db=0 cmd=xreadgroup user=default\n",
        "ACL": NO_DRYRUN.get(version[0], "OK"), "XINFO CONSUMERS": [consumer], "XPENDING": PENDING,
        "TIME": [str(NOW_MS // 1000), "0"], "SCAN": ["0", [KEY]],
    }  # fmt: skip
    with serving(replies) as port:
        plain = host(port)
        found = audit(replace(plain, stores=(replace(plain.stores[0], key_patterns=("zz:*",)),)))
    assert wrong(found) == expected
    assert not any("canary" in str(each) for each in found)
