"""A process child this one: what it is sent, what it sends, how it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qtctl.engines.child_process import Receive, Send, fork
from qtctl.errors import Place, Unreachable
from tests.cli.world import ROOT

ORPHAN = """
import os, sys, time
from pathlib import Path
from qtctl.engines.child_process import fork
def work(receive, send):
    Path(sys.argv[1]).write_text(str(os.getpid()))
    time.sleep(60)
child = fork(work)
while not Path(sys.argv[1]).exists() or not Path(sys.argv[1]).read_text():
    time.sleep(0.01)
os._exit(0)
"""


def double(receive: Receive, send: Send) -> None:
    while True:
        send(2 * receive())


def gone(pid: int) -> bool:
    """Also where it is dead, and whoever adopted it has not noticed."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int) -> bool:
    until = time.monotonic() + 10
    while not gone(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return gone(pid)


def test_it_answers_what_it_is_sent() -> None:
    child = fork(double)
    for given in (21, "ab", ["x"] * 100_000):
        child.send(given)
        assert child.receive() == 2 * given
    child.close()


def test_what_it_raises_is_raised_here_with_its_trace() -> None:
    def fail(_receive: Receive, _send: Send) -> None:
        raise Unreachable("no way", hint="walk", place=Place("here", 7))

    child = fork(fail)
    with pytest.raises(Unreachable) as found:
        child.receive()
    child.close()
    assert str(found.value) == "here:7: no way (walk)"
    assert "in fail" in found.value.__notes__[0]


def test_what_cannot_travel_is_told_in_words() -> None:
    class Odd(Exception):
        pass

    def fail(_receive: Receive, _send: Send) -> None:
        raise Odd("things")

    child = fork(fail)
    with pytest.raises(RuntimeError, match=r"^Odd: things$"):
        child.receive()
    child.close()


def test_its_death_is_an_error_here() -> None:
    child = fork(lambda _receive, _send: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(RuntimeError, match="without an answer"):
        child.receive()
    child.send("into the void")
    child.close()


def test_it_is_ended_whatever_it_is_at() -> None:
    def sleep(_receive: Receive, send: Send) -> None:
        send(os.getpid())
        time.sleep(60)

    child = fork(sleep)
    pid = child.receive()
    child.close()
    assert gone(pid)


def test_it_ends_with_the_process_that_made_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    subprocess.run([sys.executable, "-c", ORPHAN, str(told)], check=True, cwd=ROOT, timeout=30)
    assert wait_until_gone(int(told.read_text()))
