"""The look that begins before the command line is understood: what is taken from a glance, and what is not."""

import pytest

from qtctl.adapters.files import read_registry
from qtctl.cli.connect import Way, way
from qtctl.cli.early import _guess, option
from qtctl.cli.task import Task
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
    ("target", "hosts", "as_name", "guess"),
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
def test_the_way_that_is_guessed(target: str, hosts: bytes, as_name: str | None, guess: Way | None) -> None:
    assert _guess(target, {"hosts.toml": hosts}, as_name, None) == guess


def test_the_guess_is_what_the_registry_says() -> None:
    files = read_registry(ROOT / "registry")
    name = "quantumtrader-prod-1"
    assert _guess(name, files, None, "me") == way(name, name, "me", "203.0.113.10", 22)


def test_a_task_raises_what_its_work_raised() -> None:
    assert Task(lambda: 7).result() == 7
    with pytest.raises(ZeroDivisionError):
        Task(lambda: 1 // 0).result()
