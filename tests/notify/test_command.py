"""qtctl notify as a whole: real receivers, and a qtctl that is killed in between. Only the evidence is made."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qtctl.cli.main import _run_guarded
from qtctl.collect.document import dump
from qtctl.errors import InputError
from qtctl.model.evidence import Item
from qtctl.model.facts import Unit
from qtctl.notify.state import open_state
from tests.builders import reported
from tests.notify.receiver import Receiver, receive

ROOT = Path(__file__).parent.parent.parent
TOKEN = "token-hunter2-x9"
HEALED = "q-broken.service"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receive() as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A registry, evidence of a host where one service has failed, and evidence after it was healed."""
    for path, text in reported.FILES.items():
        (tmp_path / "registry" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "registry" / path).write_text(text)
    (tmp_path / "sick.json").write_text(dump(reported.evidence(with_state("failed"))))
    (tmp_path / "well.json").write_text(dump(reported.evidence(with_state("active"))))
    return tmp_path


def with_state(state: str) -> tuple[Item, ...]:
    up = Unit("loaded", "active", "running", "enabled", active_enter_timestamp=reported.TAKEN_US - 10**9)
    return tuple(
        reported.seen(HEALED, up) if state == "active" and each.need.subject == HEALED else each
        for each in reported.ITEMS
    )


def write_channels(desk: Path, receiver: Receiver, more: str = "", limits: str = "per_hour = 900") -> Path:
    path = desk / "notify.toml"
    path.write_text(f'[limits]\n{limits}\n[channels.ops]\nurl = "{receiver.url}"\ntoken_env = "OPS_TOKEN"\n{more}')
    return path


Ran = tuple[int, str, str]
Run = Callable[..., Ran]
OPTIONS = ("--registry", "registry", "--channels", "notify.toml", "--state", "told.json")


@pytest.fixture
def run(desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process: the same but for the start."""
    monkeypatch.chdir(desk)
    monkeypatch.setenv("OPS_TOKEN", TOKEN)

    def run_here(evidence: str, *more: str) -> Ran:
        capsys.readouterr()
        code = _run_guarded(["notify", "--from", evidence, *OPTIONS, *more], debug=False)
        out, err = capsys.readouterr()
        assert TOKEN not in out + err
        return code, out, err

    return run_here


def start(desk: Path) -> "subprocess.Popen[str]":
    """As a process of its own."""
    argv = [sys.executable, "-m", "qtctl", "notify", "--from", "sick.json", *OPTIONS]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OPS_TOKEN": TOKEN}
    return subprocess.Popen(argv, cwd=desk, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def about(receiver: Receiver) -> list[tuple[str, str]]:
    """What was said of the failure that is healed."""
    said = ((each["kind"], item) for each in receiver.got for item in each["items"])
    return [(kind, item["id"]) for kind, item in said if (item["subject"], item["id"]) == (HEALED, "QT204")]


def test_new_once_then_silence_then_recovered(desk: Path, run: Run, receiver: Receiver) -> None:
    write_channels(desk, receiver)
    code, out, err = run("sick.json", "--dry-run")
    assert (code, receiver.got, (desk / "told.json").exists()) == (0, [], False), err
    code, out, err = run("sick.json")
    assert (code, err) == (0, "")
    assert about(receiver) == [("new", "QT204")]
    assert len(out.splitlines()) == len(receiver.got) == len({each["key"] for each in receiver.got})
    first = len(receiver.got)
    assert run("sick.json") == (0, "", "")
    assert run("well.json")[0] == 0
    assert about(receiver) == [("new", "QT204"), ("recovered", "QT204")]
    assert run("well.json") == (0, "", "")
    assert [each["kind"] for each in receiver.got[first:]].count("new") == 0
    assert {each["Authorization"] for each in receiver.headers} == {f"Bearer {TOKEN}"}
    assert [each["Idempotency-Key"] for each in receiver.headers] == [each["key"] for each in receiver.got]
    assert TOKEN not in (desk / "told.json").read_text()
    assert (desk / "told.json").stat().st_mode & 0o777 == 0o600


def test_killed_after_a_notification_arrived_it_is_not_sent_again(desk: Path, run: Run, receiver: Receiver) -> None:
    write_channels(desk, receiver)
    processes: list[subprocess.Popen[str]] = []
    receiver.meanwhile = lambda: processes[0].send_signal(signal.SIGKILL)
    processes.append(start(desk))
    assert processes[0].wait(60) == -signal.SIGKILL
    processes[0].communicate()
    receiver.meanwhile = lambda: None
    before = [each["key"] for each in receiver.got]
    assert len(before) == 1
    code, _, err = run("sick.json")
    assert code == 3
    assert "qtctl was ended while it was sent: it may not have arrived, and is not sent again" in err
    keys = [each["key"] for each in receiver.got]
    assert len(keys) == len(set(keys))
    subjects = [(item["id"], item["host"], item["subject"]) for each in receiver.got for item in each["items"]]
    assert len(subjects) == len(set(subjects)), "one notification for each cause"
    assert run("sick.json") == (0, "", "")
    assert run("well.json")[0] == 0
    assert about(receiver) == [("new", "QT204"), ("recovered", "QT204")]


def test_a_receiver_that_refuses_is_tried_again(desk: Path, run: Run, receiver: Receiver) -> None:
    write_channels(desk, receiver)
    for status in (500, 301):
        receiver.status = status
        code, _, err = run("sick.json")
        assert code == 3
        assert f"ops: HTTP status {status}: it will be tried again: new error: " in err
    receiver.status = 204
    assert run("sick.json")[0] == 0
    assert about(receiver) == [("new", "QT204")]
    assert len({each["Idempotency-Key"] for each in receiver.headers[:3]}) == 1, "a retry is the same notification"


def test_nobody_listens(desk: Path, run: Run, receiver: Receiver) -> None:
    write_channels(desk, receiver)
    channels = desk / "notify.toml"
    channels.write_text(channels.read_text().replace(receiver.url, "http://127.0.0.1:1/"))
    code, _, err = run("sick.json")
    assert code == 3
    assert "ops: no connection: Connection refused: it will be tried again" in err


def test_a_command_gets_it_on_standard_input_and_no_secret(desk: Path, run: Run) -> None:
    program = desk / "tell"
    program.write_text(f'#!/bin/sh\ncat >>{desk}/got\necho "$#" >>{desk}/argc\nenv >>{desk}/env\n')
    program.chmod(0o755)
    (desk / "notify.toml").write_text(f'[channels.pager]\ncommand = ["{program}", "one"]\nleast = "error"\n')
    code, out, err = run("sick.json")
    assert (code, err) == (0, "")
    assert len((desk / "got").read_text().splitlines()) == len(out.splitlines())
    assert set((desk / "argc").read_text().split()) == {"1"}
    assert TOKEN not in (desk / "env").read_text()
    assert '"severity": "warning"' not in (desk / "got").read_text()


def test_a_command_that_kills_qtctl(desk: Path, run: Run) -> None:
    program = desk / "tell"
    program.write_text(f"#!/bin/sh\ncat >>{desk}/got\n[ -e {desk}/calm ] || kill -9 $PPID\n")
    program.chmod(0o755)
    (desk / "notify.toml").write_text(f'[limits]\nper_hour = 900\n[channels.pager]\ncommand = ["{program}"]\n')
    for _ in range(2):
        start(desk).communicate(timeout=60)
    (desk / "calm").touch()
    assert run("sick.json")[0] == 3
    assert run("sick.json") == (0, "", "")
    lines = (desk / "got").read_text().splitlines()
    assert len(lines) == len(set(lines)) > 2


def test_the_limit_of_an_hour_ends_in_a_summary(desk: Path, run: Run, receiver: Receiver) -> None:
    write_channels(desk, receiver, limits="per_hour = 2")
    code, out, _ = run("sick.json")
    assert code == 0
    assert [each["kind"] for each in receiver.got] == ["new", "summary"]
    code, out, _ = run("well.json")
    assert (code, len(receiver.got)) == (0, 2)
    assert "waiting (limit of the hour, or quiet hours)" in out


def test_in_quiet_hours_only_what_is_loud(desk: Path, run: Run, receiver: Receiver) -> None:
    write_channels(desk, receiver, '[quiet]\nfrom = "00:00"\nto = "00:00"\nunless = "error"\n')
    assert run("sick.json")[0] == 0
    assert {each["severity"] for each in receiver.got} == {"error"}


def test_two_at_the_same_time(desk: Path, run: Run, receiver: Receiver) -> None:
    write_channels(desk, receiver)
    with open_state(desk / "told.json"):
        code, _, err = run("sick.json")
    assert (code, receiver.got) == (2, [])
    assert "told.json: another qtctl notify uses it (wait until that one has ended)" in err


DAMAGED = ("", "{}", "[" * 100_000, '{"version": 2, "channels": {}}', '{"version": 1, "channels": {"ops": 5}}')


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_state_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "told.json"
    path.write_text(content)
    with pytest.raises(InputError, match="is not a state of notifications"), open_state(path):
        pass
    assert path.read_text() == content
