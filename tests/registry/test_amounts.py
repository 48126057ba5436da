"""How large an expanded registry may be: hosts that are alike count once, up to a limit of its own."""

import pytest

from qtctl.registry import amounts
from qtctl.registry.load import examine
from tests.builders.registry import write_host
from tests.registry.test_tags import build

ALIKE = "\n".join(write_host(f"h{number}", f"192.0.2.{number}") for number in range(1, 13))
DIFFERENT = "\n".join(
    write_host(f"h{number}", f"192.0.2.{number}").replace("cpus = 2", f"cpus = {number}") for number in range(1, 13)
)
"""Two services on each of twelve hosts."""


def say(hosts: str) -> list[str]:
    return [error.what for error in examine(build("[]", more={"hosts.toml": hosts})).errors]


def test_hosts_that_are_alike_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert say(ALIKE) == say(DIFFERENT) == []
    monkeypatch.setattr(amounts, "MAX_UNITS", 10)
    assert say(ALIKE) == []
    assert say(DIFFERENT) == ["24 services and instances on all hosts together, at most 10"]
    assert say(f"{DIFFERENT}\n{write_host('h13', '192.0.2.13')}") == [
        "24 services and instances on all hosts that differ together, at most 10"
    ]


def test_all_hosts_have_a_limit_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amounts, "MAX_UNITS_OF_ALL", 20)
    assert say(ALIKE) == ["24 services and instances on all hosts together, at most 20"]


def test_the_text_of_services_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amounts, "MAX_BYTES", 5_000)
    assert say(ALIKE) == []
    assert say(DIFFERENT) == ["0 MB of text for all services on all hosts together, at most 0"]
