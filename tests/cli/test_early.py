"""The look that begins before the command line is understood: what is taken from a glance, and what is not."""

import socket
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry
from qtctl.cli.asked import asked
from qtctl.cli.connect import Way, way
from qtctl.cli.early import begin, option, take
from qtctl.cli.guess import guess, of_hosts
from qtctl.cli.looking import Looking, Target
from qtctl.cli.task import Task
from qtctl.errors import InputError
from qtctl.flows.declare import begin as begun
from tests.cli.world import ROOT

ONE = b'[prod-1]\naddress = "203.0.113.10"\naudit_user = "looker"\n'
TWO = ONE + b'[prod-2]\naddress = "203.0.113.11"\naudit_user = "looker"\nssh_port = 2222\n'


@pytest.mark.parametrize(
    ("argv", "value"),
    [
        (["audit", "--host", "a"], "a"),
        (["audit", "--host=a"], "a"),
        (["audit", "--host", "a", "--host", "b"], "b"),
        (["audit", "--host"], None),
        (["audit"], None),
    ],
)
def test_an_option_at_a_glance(argv: list[str], value: str | None) -> None:
    assert option(argv, "--host") == value


@pytest.mark.parametrize(
    ("target", "hosts", "as_name", "guessed"),
    [
        ("prod-1", ONE, None, Way("prod-1", "looker", address="203.0.113.10", port=22)),
        ("prod-2", TWO, None, Way("prod-2", "looker", address="203.0.113.11", port=2222)),
        ("stand-in", ONE, None, Way("stand-in", "looker")),
        ("stand-in", TWO, "prod-2", Way("stand-in", "looker")),
        ("stand-in", TWO, None, None),
        ("stand-in", ONE, "prod-9", None),
        ("local", ONE, None, None),
        ("prod-1", b"not = [toml", None, None),
        ("prod-1", b'prod-1 = "a word"', None, None),
        ("prod-1", b'[prod-1]\naddress = 7\naudit_user = "x"', None, None),
        ("prod-1", b"\xff", None, None),
    ],
)
def test_the_way_that_is_guessed(target: str, hosts: bytes, as_name: str | None, guessed: Way | None) -> None:
    assert of_hosts(Target(Path("registry"), target, as_name), hosts) == guessed


def test_the_guess_is_what_the_registry_says() -> None:
    name = "quantumtrader-prod-1"
    assert guess(Target(ROOT / "registry", name, None, "me")) == way(name, name, "me", "203.0.113.10", 22)


def test_nothing_is_guessed_without_a_registry(tmp_path: Path) -> None:
    assert guess(Target(tmp_path, "prod-1")) is None


def test_a_look_that_has_begun_is_the_one_that_the_command_takes() -> None:
    registry = ROOT / "registry"
    begin(["audit", "--host", "local", "--registry", str(registry)])
    said: list[str] = []

    def tell(what: str) -> None:
        said.append(what)

    with take(Target(registry, "local")) as early:
        assert early.asked
        compiling, looking = early.ask()
        evidence = looking.answer(tell)
    assert (evidence.host, evidence.transport, said) == (compiling.begun().host, "local", ["asking local"])


def test_a_wrong_guess_is_left_for_what_the_registry_says(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
        text = f'[gone]\naddress = "127.0.0.1"\nssh_port = {port}\naudit_user = "me"\n'
        (tmp_path / "hosts.toml").write_text(text)
        assert guess(Target(tmp_path, "gone")) == Way("gone", "me", address="127.0.0.1", port=port)
        looking = Looking(Target(tmp_path, "gone"))
        declared = begun(read_registry(ROOT / "registry"), "local", None)
        looking.ask(asked(declared.desired, "local", None))
        evidence = looking.answer(lambda _what: None)
        looking.close()
    assert (evidence.host, evidence.transport) == (declared.desired.host, "local")


def test_a_look_that_is_not_meant_is_not_taken() -> None:
    registry = ROOT / "registry"
    begin(["audit", "--host", "local", "--registry", str(registry)])
    with take(Target(registry, "local", user="me")) as early:
        assert not early.asked


@pytest.mark.parametrize("argv", [["audit", "--help"], ["audit", "--host", "local", "-h"], ["lint"], ["audit"], []])
def test_what_is_no_look_begins_none(argv: list[str]) -> None:
    begin([*argv, "--registry", str(ROOT / "registry")])
    with take(Target(ROOT / "registry", "local")) as early:
        assert not early.asked


def test_an_error_that_is_met_early_is_told_when_the_command_meets_it(tmp_path: Path) -> None:
    begin(["audit", "--host", "local", "--registry", str(tmp_path)])
    with take(Target(tmp_path, "local")) as early, pytest.raises(InputError, match=r"fleet\.toml is missing"):
        early.ask()


def test_a_task_raises_what_its_work_raised() -> None:
    assert Task(lambda: 7).result() == 7
    with pytest.raises(ZeroDivisionError):
        Task(lambda: 1 // 0).result()
