"""What an audit reads of a host is bounded, and nothing of it stays behind, whatever a service account does."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from qtctl.adapters.local import LocalHost
from qtctl.adapters.ssh import connect
from qtctl.errors import HostError
from qtctl.lab import lab
from qtctl.model.evidence import Need
from qtctl.model.facts import File
from qtctl.probes import files
from qtctl.probes.batch import make_script, split_frames
from tests.live.box import ROOT, Box

AUDITOR = "qtaudit"
SLOW = "sleep 300 & sleep 300 & (sleep 300; true)\nwait\n"
WAIT_S = 20.0


def processes(box: Box) -> str:
    """Those of the auditing account, apart from sshd's."""
    return box.sh(f"ps -u {AUDITOR} -o pid=,args= | grep -v -e sshd: -e 'systemd --user' -e sd-pam || true")


def gone(box: Box) -> None:
    deadline = time.monotonic() + WAIT_S
    while (left := processes(box)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == ""


@pytest.mark.lab
def test_nothing_runs_on_after_the_deadline(box: Box) -> None:
    with connect(box.name, user=AUDITOR, config=lab.write_ssh_config()) as host:
        running = host.start(SLOW, attached=True)
        box.wait(f"pgrep -u {AUDITOR} -x sleep")
        with pytest.raises(HostError, match="did not end"):
            running.finish(0.1)
        gone(box)


@pytest.mark.lab
def test_nothing_runs_on_after_an_answer(box: Box) -> None:
    with connect(box.name, user=AUDITOR, config=lab.write_ssh_config()) as host:
        assert host.start("echo here; sleep 300 >/dev/null 2>&1 &\n", attached=True).finish(10).stdout == b"here\n"
        gone(box)


KILLED = f"""import sys, time
from pathlib import Path
from qtctl.adapters.ssh import connect
host = connect(sys.argv[1], user={AUDITOR!r}, config=Path(sys.argv[2]))
host.start({SLOW!r}, attached=True)
time.sleep(300)
"""


@pytest.mark.lab
def test_nothing_runs_on_after_a_kill(box: Box) -> None:
    argv = [sys.executable, "-c", KILLED, box.name, str(lab.write_ssh_config())]
    with subprocess.Popen(argv, cwd=ROOT) as caller:
        box.wait(f"pgrep -u {AUDITOR} -x sleep")
        caller.kill()
    gone(box)


def test_nothing_runs_on_here_after_a_kill() -> None:
    program = """import time
from qtctl.adapters.local import LocalHost
LocalHost().start("sleep 47110815 & sleep 47110815 & sleep 47110815\\n", attached=True)
time.sleep(300)
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as caller:
        until(lambda: len(sleeps()) == 3)
        caller.kill()
    until(lambda: not sleeps())


def sleeps() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found.append(path.read_bytes())
    return [line.decode() for line in found if line == b"sleep\x0047110815\x00"]


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not (done := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert done


def test_a_script_that_was_cut_off_does_nothing(tmp_path: Path) -> None:
    from qtctl.adapters import shell

    text = shell.attach(f"touch {tmp_path}/made\n" + "true\n" * 5000)
    for length in (100, 4096, len(text) - 10):
        subprocess.run(["sh", "-s"], input=text[:length].encode(), capture_output=True, check=False, timeout=10)
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_written_by_what_only_reads(tmp_path: Path) -> None:
    with LocalHost() as host:
        done = host.start(f"echo x >{tmp_path}/made\n", attached=True).finish(10)
    assert done.exit != 0
    assert not (tmp_path / "made").exists() or (tmp_path / "made").read_bytes() == b""


@pytest.mark.lab
def test_files_without_end_are_looked_at_and_not_read(box: Box) -> None:
    """A file that leads to 20 GB, one of 20 GB, a pipe and a device, as a service account can make them."""
    place = "/srv/endless"
    made = "truncate -s 20G large; ln -s large unit; mkfifo pipe; ln -s /dev/zero device; ln -s pipe toward"
    box.sh(f"mkdir {place}; chown nobody {place}; cd {place}; runuser -u nobody -- sh -euc '{made}'")
    paths = [f"{place}/{name}" for name in ("large", "unit", "pipe", "device", "toward")]
    asked = files.probe(Need("file", path) for path in paths)
    marker = "0123456789abcdef"
    try:
        with connect(box.name, user=AUDITOR, config=lab.write_ssh_config()) as host:
            done = host.start(make_script(asked.commands, marker), attached=True).finish(8)
            gone(box)
    finally:
        box.sh(f"rm -r {place}")
    answers = asked.parse(split_frames(len(asked.commands), marker, done.stdout, done.stderr))
    values = [answer.value for answer in answers if isinstance(answer.value, File)]
    assert [value.kind for value in values] == ["link", "file", "other", "link", "link"]
    assert {value.sha256 for value in values} == {None}
    assert len(done.stdout) < 4096
