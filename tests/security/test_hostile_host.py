"""A whole `qtctl audit` of a host that does its worst: exit 3, one clear line, no trace, and little memory."""

import json
import os
import shutil
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko
import pytest

from tests.adapters.servers import missing
from tests.cli.world import build, environment
from tests.security import hostile_sshd
from tests.security.hostile_sshd import Hostile, answers, beyond_the_window, floods, hangs_up, returned, signal
from tests.security.measure import MOST_MEMORY, Measured, measured

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")

WITHIN_S = 30.0
AT_ONCE = 3


AUDIT = ("audit", "--host", "there", "--user", "root", "--format", "json")


def asked(folder: Path, config: str, argv: Sequence[str] = AUDIT) -> Measured:
    """A command about a small fleet, by an operator whose ssh knows how to reach `there`."""
    world = build(folder / "world")
    (folder / "bin").mkdir()
    (folder / "ssh_config").write_text(config)
    (folder / "bin/ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder / "ssh_config"} "$@"\n')
    (folder / "bin/ssh").chmod(0o755)
    env = environment(world, PATH=f"{folder / 'bin'}:{os.environ['PATH']}")
    return measured(argv, folder / "ran", world, env)


def garbage(sock: socket.socket) -> bool:
    """Lines before the version, and the last of them has no end."""
    sock.sendall(b"hello\r\n" * 5)
    with suppress(OSError):
        while True:
            sock.sendall(b"g" * 65536)
    return False


def pipelined(reply: bytes) -> hostile_sshd.Answer:
    def redis(channel: paramiko.Channel, command: str) -> None:  # noqa: ARG001
        channel.recv(4096)
        channel.sendall(reply)
        time.sleep(2)

    return redis


def no_replies(serial: int) -> bytes:
    return b"" if serial > 1 else returned(serial, "s", struct.pack("<I", 4) + b":1.7\0")


def after_hello(reply: Callable[[int], bytes]) -> hostile_sshd.Answer:
    return answers(lambda serial: reply(serial) if serial > 1 else no_replies(serial))


SIGNALS = signal(bytes(4000)) * 10_000
NOTHING = b"\x40\0\0\0" + bytes(68)
"""An array of 64 bytes of structs that take none."""

SCENARIOS = {
    "garbage before the version": (Hostile(tcp=garbage), "no SSH handshake"),
    "hangs up in every command": (Hostile(shell=hangs_up, bus=hangs_up), "connection lost"),
    "an array of nothing": (Hostile(bus=after_hello(lambda n: returned(n, "a()", NOTHING))), "a struct of nothing"),
    "signals without end": (Hostile(bus=answers(lambda _: SIGNALS)), "sends more than the 32 MiB"),
    "floods from the shell": (Hostile(shell=floods), "printed more than 16 MiB"),
    "floods beyond the window": (Hostile(shell=beyond_the_window, bus=beyond_the_window), "connection lost"),
    "arrays in arrays from Redis": (Hostile(redis=pipelined(b"*1\r\n" * 500_000)), "nested deeper than 32"),
    "two billion values from Redis": (
        Hostile(redis=pipelined(b"*2147483647\r\n" + b":1\r\n" * 500_000)),
        "more than 200000 values",
    ),
}
"""How a host behaves, and what the audit says of it."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "Future[Measured]"]]:
    """Several at once: each waits for the other side most of the time."""

    def run(name: str) -> Measured:
        folder = tmp_path_factory.mktemp(name.replace(" ", "-"))
        with hostile_sshd.hostile_sshd(folder / "sshd", SCENARIOS[name][0]) as config:
            return asked(folder, config)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(run, name) for name in SCENARIOS}


@pytest.mark.parametrize("name", SCENARIOS)
def test_audit(name: str, runs: dict[str, "Future[Measured]"]) -> None:
    ran = runs[name].result()
    assert set(ran.err.splitlines()) <= {"connecting to there", "asking there"}
    assert "Traceback" not in ran.out
    report: dict[str, Any] = json.loads(ran.out)
    # A health URL behind such a host gives no answer in HTTP, and that is a finding.
    assert {check["id"] for check in report["findings"]} <= {"QT305"}
    assert ran.code == (1 if report["findings"] else 3), ran.err + ran.out
    reasons = {check["reason"] for check in report["unknowns"]}
    assert reasons
    assert all(reason and "\n" not in reason and len(reason) < 1200 for reason in reasons)
    assert any(SCENARIOS[name][1] in reason for reason in reasons), reasons
    assert ran.memory < MOST_MEMORY
    assert ran.took_s < WITHIN_S


ADOPT = ("adopt", "host", "there", "--out", "made", "--user", "root")
ADOPTED = {
    "garbage before the version": (Hostile(tcp=garbage), "no SSH handshake"),
    "hangs up in every command": (Hostile(shell=hangs_up, bus=hangs_up), "connection lost"),
    "floods from the shell": (Hostile(shell=floods), "more than 16 MiB"),
}


@pytest.mark.parametrize("name", ADOPTED)
def test_adopt_host(name: str, tmp_path: Path) -> None:
    """Nothing is made of such a host: one line, and a clear exit code."""
    hostile, said = ADOPTED[name]
    with hostile_sshd.hostile_sshd(tmp_path / "sshd", hostile) as config:
        ran = asked(tmp_path, config, ADOPT)
    errors = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert ran.code == 3, ran.err + ran.out
    assert len(errors) == 1
    assert said in errors[0], ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "world/made").exists()
    assert ran.memory < MOST_MEMORY
    assert ran.took_s < WITHIN_S
