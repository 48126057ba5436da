"""A small declared host, and a Redis server of the tests' own."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from qtctl.dialects.systemd.quoting import list_loaded_argv
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Evidence, Item, Need
from qtctl.model.origin import Origin
from tests.builders.desired import build_host, build_service

ORIGIN = Origin("small.toml")


def store(port: int = 6379) -> DesiredStore:
    return DesiredStore("main", "redis-server.service", "127.0.0.1", port, "", ORIGIN)


def service(unit: str) -> DesiredService:
    return build_service(unit.removesuffix(".service"), unit=unit, store="main")


def desired(port: int = 6379, services: tuple[str, ...] = (), patterns: tuple[str, ...] = ("quantum-*",)) -> Desired:
    return build_host(
        unit_patterns=patterns, timezone="UTC", services=tuple(map(service, services)), stores=(store(port),),
        fail_on="error",
    )  # fmt: skip


def with_argv(wanted: Desired, unit: str, argv: tuple[str, ...]) -> Desired:
    loaded = (list_loaded_argv(argv),)
    services = (replace(each, argv=argv, loaded=loaded) if each.unit == unit else each for each in wanted.services)
    return replace(wanted, services=tuple(services))


def item(evidence: Evidence, fact: str, subject: str) -> Item:
    (found,) = [each for each in evidence.items if (each.fact, each.subject) == (fact, subject)]
    return found


def states(evidence: Evidence) -> dict[tuple[str, str], str]:
    return {(each.fact, each.subject): str(each.state) for each in evidence.items}


OF_STORE = (
    Need("store", "main"),
    Need("key", "stream", "main"),
    Need("key", "hash", "main"),
    Need("key", "none", "main"),
    Need("stream", "stream", "main"),
    Need("stream", "hash", "main"),
    Need("stream", "none", "main"),
    Need("stream.group", "stream/ai", "main"),
    Need("stream.group", "stream/nobody", "main"),
    Need("stream.group", "none/ai", "main"),
)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def cli(port: int, *words: str) -> str:
    argv = ["redis-cli", "-h", "127.0.0.1", "-p", str(port), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


@contextmanager
def redis(folder: Path, *options: str) -> Iterator[int]:
    """A server on a loopback port, with a stream of one group and a hash; ended by its own process."""
    program, port = shutil.which("redis-server"), free_port()
    assert program is not None, "the tests need redis-server"
    argv = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *options]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(5)


def fill(port: int) -> None:
    cli(port, "XADD", "stream", "5-0", "payload", "canary-payload")
    cli(port, "XGROUP", "CREATE", "stream", "ai", "0")
    cli(port, "HSET", "hash", "field", "canary-field")


def _wait(port: int) -> None:
    for _ in range(100):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("redis-server did not come up")
