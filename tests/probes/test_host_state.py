"""The clock of a host, its swap, who shares a uid, file systems and names: of this machine, and of broken answers."""

import os
import time
from pathlib import Path

import pytest

from qtctl.model.evidence import Need, State
from qtctl.model.host_facts import FileSystem, HostState, OomKills, Resolved, SharedIds
from qtctl.probes import filesystems, host_state
from qtctl.probes.batch import Frame
from tests.probes.host import NOBODY, ask, frame

STATE, SHARED, KILLS = Need("host.state", "host"), Need("accounts.shared", "*"), Need("oom.kills", "*")
PRESSURE = b"pressure=memory some avg10=0.00 avg60=0.00 avg300=1.25\n"
SAID = b"clock=1700000000.250000000\nSwapTotal:=100\nSwapFree:=40\n" + PRESSURE


def of(path: str) -> Need:
    return Need(FileSystem.FACT, path)


def test_this_machine() -> None:
    state, shared, kills = ask(host_state.probe([STATE, SHARED, KILLS]))
    assert isinstance(state.value, HostState)
    assert abs(state.value.clock_us / 1e6 - time.time()) < 60
    assert 0 <= state.value.swap_free <= state.value.swap_total
    assert isinstance(shared.value, SharedIds)
    assert isinstance(kills.value, OomKills) or kills.state is State.ABSENT


def test_recorded() -> None:
    probe = host_state.probe([STATE])
    (answer,) = probe.parse([frame(SAID)])
    assert isinstance(answer.value, HostState)
    assert answer.value.clock_us == 1_700_000_000_250_000
    assert (answer.value.swap_total, answer.value.swap_free) == (102_400, 40_960)
    assert answer.value.pressure == {"memory": [1.25]}


def test_a_scheduled_shutdown() -> None:
    said = SAID + b"shutdown USEC=1796057248507372\nshutdown MODE=poweroff\n"
    (answer,) = host_state.probe([STATE]).parse([frame(said)])
    assert isinstance(answer.value, HostState)
    assert (answer.value.shutdown, answer.value.shutdown_at_us) == ("poweroff", 1_796_057_248_507_372)


def test_a_clock_without_fractions_is_a_second_less_exact() -> None:
    """Of a date that knows no %N."""
    (answer,) = host_state.probe([STATE]).parse([Frame(0, SAID.replace(b".250000000", b".%N"), b"", 0, 0, 5, 5)])
    assert isinstance(answer.value, HostState)
    assert answer.value.latest_us - answer.value.earliest_us == 1_000_000


@pytest.mark.parametrize("said", [b"", b"clock=\n", SAID.replace(b"40", b"-1"), SAID.replace(b"1700000000", b"1e9")])
def test_broken_answers(said: bytes) -> None:
    (answer,) = host_state.probe([STATE]).parse([frame(said)])
    assert answer.state is State.UNPARSEABLE


def test_skew_is_what_no_delay_explains() -> None:
    def skew(clock: int) -> int:
        return HostState(clock, 1000, 2000, 0, 0, {}).skew_us

    assert [skew(clock) for clock in (900, 1000, 1500, 2000, 2100)] == [-100, 0, 0, 0, 100]


def test_shared_ids() -> None:
    (answer,) = host_state.probe([SHARED]).parse([frame(b"0 root toor\n1000 b a c\n")])
    assert answer.value == SharedIds({"0": ["root", "toor"], "1000": ["a", "b", "c"]})
    (answer,) = host_state.probe([SHARED]).parse([frame(exit_=127)])
    assert answer.state is State.REFUSED


def test_file_systems_of_this_machine(tmp_path: Path) -> None:
    odd = tmp_path / "a / b  c"
    odd.mkdir(parents=True)
    paths = ["/", "/proc", "/dev/shm/none/at all", str(odd)]
    found = dict(zip(sorted(paths), ask(filesystems.probe([of(path) for path in paths])), strict=True))
    root = found["/"].value
    assert isinstance(root, FileSystem)
    seen = os.statvfs("/")
    assert root.mount == "/"
    assert abs(root.available - seen.f_bavail * seen.f_frsize) < 1 << 30
    assert root.inodes == seen.f_files
    below = found["/dev/shm/none/at all"].value
    assert isinstance(below, FileSystem)
    assert below.id != root.id
    assert isinstance(found[str(odd)].value, FileSystem)


def test_a_path_behind_a_closed_folder_lies_on_the_file_system_of_the_folder(tmp_path: Path) -> None:
    for folder in (*reversed(tmp_path.parents[:-2]), tmp_path):
        folder.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "inside").mkdir()
    (answer,) = ask(filesystems.probe([of(str(closed / "inside"))]), NOBODY)
    (whole,) = ask(filesystems.probe([of(str(tmp_path))]))
    assert isinstance(answer.value, FileSystem)
    assert isinstance(whole.value, FileSystem)
    assert answer.value.id == whole.value.id


def test_what_is_not_asked_and_broken_answers() -> None:
    probe = filesystems.probe([of("relative"), of("/x")])
    cut, odd = probe.parse([None])
    assert (cut.state, odd.state) == (State.UNPARSEABLE, State.REFUSED)
    for said in (b"", b"at /\nsize / // 1 2\n", b"at /\nsize / // 4096 1 1 1 1 1 zz\n"):
        (answer,) = filesystems.probe([of("/")]).parse([frame(said)])
        assert answer.state in (State.UNPARSEABLE, State.REFUSED)


def test_names() -> None:
    here, nowhere = ask(filesystems.probe([Need(Resolved.FACT, "localhost"), Need(Resolved.FACT, "no-such.invalid")]))
    assert isinstance(here.value, Resolved)
    assert set(here.value.addresses) <= {"127.0.0.1", "::1"}
    assert nowhere.state in (State.ABSENT, State.REFUSED)
    (slow,) = filesystems.probe([Need(Resolved.FACT, "x")]).parse([frame(b"= 124 x\n")])
    assert slow.state is State.REFUSED
