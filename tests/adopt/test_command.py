"""qtctl adopt as a command: what it writes, what it refuses, how it exits."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from qtctl.reports.schemas import make_schemas
from tests.cli.world import Ran, listing, qtctl

UNIT = "[Unit]\nDescription=A\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"

REFUSED = {
    "a.service": "[Service]\nType=oneshot\nExecStart=/bin/true\nRestart=always\n",
    "b.service": "[Service]\nType=dbus\nExecStart=/bin/sleep 100\n",
    "c.socket": "[Socket]\nListenStream=127.0.0.1:19500\nAccept=yes\nService=a.service\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "a.service").write_text(UNIT)
    return tmp_path


def adopt(desk: Path, *more: str) -> Ran:
    return qtctl(desk, "adopt", "units", "units", "--out", "made", *more)


def test_the_registry_works_and_is_not_written_over(desk: Path) -> None:
    ran = adopt(desk, "--format", "json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    Draft202012Validator(make_schemas()["adopt"]).validate(report)
    assert report["totals"]["units"] == 1
    assert set(report["written"]) == {path for path, text in listing(desk / "made").items() if text is not None}
    assert qtctl(desk, "lint", "--registry", "made").code in (0, 1)
    shown = qtctl(desk, "show", "a", "--registry", "made", "--format", "md")
    assert shown.code == 0, shown.err
    before = listing(desk / "made")
    again = adopt(desk)
    assert again.code == 2
    assert again.err == "error: made: is a registry already (name another folder, or say --force to replace it)\n"
    assert listing(desk / "made") == before


def test_force_replaces_a_registry_and_nothing_else(desk: Path) -> None:
    adopt(desk)
    (desk / "units" / "b.service").write_text(UNIT)
    assert adopt(desk, "--force").code == 0
    assert (desk / "made" / "services" / "b.toml").is_file()
    (desk / "made" / "letters.txt").write_text("dear")
    before = listing(desk)
    refused = adopt(desk, "--force")
    assert refused.code == 2
    assert "is not a registry: holds letters.txt" in refused.err
    assert listing(desk) == before


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("units", "nowhere", "--out", "made"), "nowhere: is not a folder"),
        (("units", "empty", "--out", "made"), "no unit in empty can be adopted"),
        (("units", "units", "--out", "made", "--name", "No Name"), "--name cannot be 'No Name'"),
        (("compose", "none.yml", "--out", "made"), "none.yml: cannot be read"),
        (("host", "nowhere.invalid", "--out", "made"), "nowhere.invalid"),
    ],
)
def test_nothing_is_written_where_nothing_can_be(desk: Path, argv: tuple[str, ...], says: str) -> None:
    (desk / "empty").mkdir()
    ran = qtctl(desk, "adopt", *argv)
    assert ran.code == (3 if argv[0] == "host" else 2)
    assert says in ran.err
    assert not (desk / "made").exists()


def test_each_unit_says_why_it_cannot_be_adopted(desk: Path) -> None:
    (desk / "refused").mkdir()
    for name, body in REFUSED.items():
        (desk / "refused" / name).write_text(body)
    ran = qtctl(desk, "adopt", "units", "refused", "--out", "made")
    first, *reasons = ran.err.splitlines()
    assert (ran.code, first) == (2, "error: no unit in refused can be adopted (3 reasons below)")
    assert [line.split()[1:4] for line in reasons] == [
        ["a.service:4:", "QT118", "a.service:"],
        ["b.service:2:", "QT118", "b.service:"],
        ["c.socket:4:", "QT118", "c.socket:"],
    ]
    assert not (desk / "made").exists()


def test_copies_of_the_systems_own_units_are_pointed_out(desk: Path) -> None:
    """Deployed, they would take the place of the packages' and be restarted: dbus.socket with everything on the bus."""
    base = desk / "base"
    base.mkdir()
    for name in ("dbus.service", "systemd-journald.service", "systemd-exporter.service", "own.service"):
        (base / name).write_text(UNIT)
    (base / "dbus.socket").write_text("[Socket]\nListenStream=/run/dbus/system_bus_socket\n")
    ran = qtctl(desk, "adopt", "units", "base", "--out", "made", "--format", "json")
    assert ran.code == 1, ran.err
    told = [each["subject"] for each in json.loads(ran.out)["judgments"] if "the system itself" in each["what"]]
    assert sorted(told) == ["dbus.service", "dbus.socket", "systemd-journald.service"]


def test_a_person_has_something_to_do(desk: Path) -> None:
    (desk / "units" / "b.service").write_text("[Service]\nExecStart=/bin/b --token hunter2hunter2\n")
    ran = adopt(desk)
    assert ran.code == 1
    assert "secrets to be put on the host, for b.service" in ran.out
    assert "hunter2hunter2" not in ran.out + ran.err
