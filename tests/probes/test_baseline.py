"""The host's own figures: of this machine, and of what a kernel may write."""

import platform

import pytest

from qtctl.model.evidence import State
from qtctl.model.facts import HostBaseline
from qtctl.probes.baseline import NEED, probe, read
from tests.probes.host import ask, frame

SAID = {
    "hostname": "lab1",
    "kernel": "6.8.0-45-generic",
    "uptime": "1121.79 2090.12",
    "load": "0.72 0.37 0.20 1/123 4567",
    "boot_id": "43f8f5e6-9446-4fe8-a2db-22895de9477c",
    "cpus": "0-3,8",
    "link": "/usr/share/zoneinfo/Europe/Oslo",
    "PRETTY_NAME": '"Ubuntu 24.04.1 LTS"',
    "MemTotal:": "16318480",
    "MemAvailable:": "8000000",
    "disk": "  270553174016  83906949120",
    "systemd": "255 (255.4-1ubuntu8.4)",
}


def test_this_machine() -> None:
    (answer,) = ask(probe())
    assert answer.need == NEED
    assert isinstance(answer.value, HostBaseline)
    assert answer.value.hostname == platform.node()
    assert answer.value.kernel == platform.release()
    assert 0 < answer.value.memory_available <= answer.value.memory_total
    assert 0 <= answer.value.disk_free <= answer.value.disk_total
    assert len(answer.value.load) == 3


def test_recorded() -> None:
    assert read(SAID) == HostBaseline(
        hostname="lab1",
        os="Ubuntu 24.04.1 LTS",
        kernel="6.8.0-45-generic",
        uptime_s=1121,
        load=[0.72, 0.37, 0.2],
        cpus=5,
        memory_total=16318480 * 1024,
        memory_available=8000000 * 1024,
        disk_total=270553174016,
        disk_free=83906949120,
        systemd="255 (255.4-1ubuntu8.4)",
        timezone="Europe/Oslo",
        boot_id="43f8f5e6-9446-4fe8-a2db-22895de9477c",
    )


@pytest.mark.parametrize(
    ("link", "zone", "timezone"),
    [
        ("/usr/share/zoneinfo/Etc/UTC", "Europe/Oslo", "Etc/UTC"),
        ("../usr/share/zoneinfo/Asia/Tokyo", "", "Asia/Tokyo"),
        ("", "Europe/Oslo", "Europe/Oslo"),
        ("", "", ""),
    ],
)
def test_timezone(link: str, zone: str, timezone: str) -> None:
    assert read({**SAID, "link": link, "zone": zone}).timezone == timezone


@pytest.mark.parametrize("key", sorted({*SAID} - {"link"}))
def test_what_is_missing_is_not_made_up(key: str) -> None:
    lines = [f"{name}={value}" for name, value in SAID.items() if name != key]
    (answer,) = probe().parse([frame("\n".join(lines).encode())])
    assert answer.state is State.UNPARSEABLE
    assert answer.value is None


@pytest.mark.parametrize("answer", [None, frame(b""), frame(b"\xff=\n")])
def test_broken_answers(answer: object) -> None:
    (found,) = probe().parse([answer])  # type: ignore[list-item]
    assert found.state is State.UNPARSEABLE
