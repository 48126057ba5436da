"""A live host is adopted over SSH, and what is made says of it what it is: a deploy of it changes nothing."""

import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qtctl.lab import lab
from tests.cli.world import Ran, qtctl

pytestmark = pytest.mark.lab

EVERY_WAY = (Path(__file__).parent / "hosts/every_way.sh").read_text()
ASKED = ("--unit", "zq-*", "--unit", "mnt-zq.mount", "--unit", "systemd-journald.service")
UP = "systemctl list-units --no-legend --plain 'zq-*' mnt-zq.mount | cut -d' ' -f1"
UNDO = """
systemctl stop 'zq-*' mnt-zq.mount 2>/dev/null || true
find /etc/systemd /run/systemd/system /run/systemd/system.control -depth -name '*zq*' -exec rm -rf '{}' +
rm -rf /etc/systemd/system-generators/zq-generator /opt/zq /usr/local/lib/systemd \\
  /etc/systemd/system.control/systemd-journald.service.d /etc/systemd/system/systemd-journald.service.d
systemctl daemon-reload; systemctl reset-failed 'zq-*' 2>/dev/null || true
"""
SECRETS = {
    "fleet-a.service": "[Unit]\nDescription=A\n[Service]\nExecStart=/bin/sleep infinity\nMemoryMax=64M\n"
    "[Install]\nWantedBy=multi-user.target\n",
    "fleet-b.service": "[Service]\nExecStart=/bin/sleep infinity\nEnvironment=TOKEN=hunter2hunter2\n",
    "ssh.service.d/fleet.conf": "[Service]\nOOMScoreAdjust=-900\n",
}


def on(host: str, script: str, stdin: str = "") -> str:
    done = lab.execute(host, ["sh", "-ec", script], stdin=stdin.encode())
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def run(host: str, at: Path, *argv: str) -> dict[str, Any]:
    """The document of a command that asks the host, with the registry that was made of it."""
    env = {name: value for name, value in os.environ.items() if name.startswith("QTCTL_")}
    ran = qtctl(at, *argv, "--host", host, "--registry", "made", "--format", "json", env=env)
    assert ran.out, ran.err
    return dict(json.loads(ran.out))


def adopt(host: str, at: Path, *asked: str) -> Ran:
    env = {name: value for name, value in os.environ.items() if name.startswith("QTCTL_")}
    return qtctl(at, "adopt", "host", host, "--out", "made", *asked, env=env)


def steps(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["kind"], each["subject"]) for each in document["steps"]]


@pytest.fixture(scope="module")
def every_way(host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the registry is that was made of a host with every kind of unit; what the adoption said in `said`."""
    at = tmp_path_factory.mktemp("every-way")
    try:
        on(host, EVERY_WAY)
        ran = adopt(host, at, *ASKED)
        assert ran.code == 1, ran.err
        (at / "said").write_text(ran.out)
        yield at
    finally:
        on(host, UNDO)


def test_what_was_just_adopted_is_as_declared(host: str, every_way: Path) -> None:
    up = on(host, UP)
    deployed = run(host, every_way, "deploy")
    assert (deployed["status"], steps(deployed), deployed["refusals"]) == ("unchanged", [], [])
    assert [each["id"] for each in deployed["outstanding"]] == ["QT204"], "zq-f@bad has failed, and nothing else"
    audited = run(host, every_way, "audit", "--user", "root")
    assert [(each["id"], each["subject"]) for each in audited["findings"]] == [
        ("QT204", "zq-f@bad.service"),
        ("QT223", "zq-foo.service"),
        ("QT212", "zq-drop.service"),
    ], "nothing starts a unit with an alias alone; systemd asks for a reload once set-property made two drop-ins"
    assert audited["unknowns"] == []
    assert on(host, UP) == up


def test_units_are_declared_in_the_state_that_they_are_in(every_way: Path) -> None:
    services = {path.stem: read(path) for path in (every_way / "made/services").iterdir()}
    states = {name: (each["state"], each.get("enabled")) for name, each in services.items()}
    assert states == {
        "acc@": ("on-demand", None), "boot": ("on-demand", True), "drop": ("running", None), "f@": ("stopped", None),
        "foo": ("running", None), "hand": ("running", False), "l@": ("running", None), "linked": ("running", None),
        "local": ("running", None), "loose": ("running", False), "moved": ("running", None),
        "names": ("running", False), "off": ("on-demand", True), "once": ("running", None), "soon": ("running", False),
        "tick": ("on-timer", None), "w@": ("running", None),
    }  # fmt: skip
    assert services["w@"]["instances"] == ["needed", "off", "one", "two"]
    assert services["w@"]["instance"] == {
        "needed": {"state": "on-demand", "enabled": False},
        "off": {"state": "on-demand", "enabled": True},
        "two": {"enabled": False},
    }
    assert services["l@"]["instances"] == ["three"]
    assert services["moved"]["install"]["wanted_by"] == ["zq-core.target"]
    assert read(every_way / "made/targets.toml")["idle"]["state"] == "stopped"
    timers = read(every_way / "made/timers.toml")
    assert (timers["tick"].get("state"), timers["rest"]["state"]) == (None, "stopped")


def test_an_alias_is_another_name_of_its_unit(every_way: Path) -> None:
    services = {path.stem: read(path) for path in (every_way / "made/services").iterdir()}
    aliases = {name: each["install"].get("alias", []) for name, each in services.items() if "install" in each}
    assert {name: those for name, those in aliases.items() if those} == {
        "foo": ["zq-bar.service"],
        "hand": ["zq-also.service", "zq-third.service"],
        "linked": ["zq-syslog.service"],
    }
    externals = {each["unit"]: (each["state"], each["enabled"]) for each in read_externals(every_way)}
    assert externals == {
        "zq-gen.service": ("running", False),
        "zq-l@four.service": ("stopped", True),
        "zq-masked.service": ("stopped", False),
        "zq-run.service": ("running", False),
        "zq-transient.service": ("running", False),
    }


def test_drop_ins_of_every_folder_are_adopted_or_told_of(every_way: Path) -> None:
    made, said = every_way / "made", (every_way / "said").read_text()
    drop = read(made / "services/drop.toml")
    assert (drop["limits"]["memory_max"], drop["commands"]["start_pre"]) == ("104857600", [["/bin/true"]])
    assert drop["unit_env"] == {"A": "1"}, "what /run says is not made to last"
    assert read(made / "services/hand.toml")["unit_env"] == {"MORE": "1"}
    assert read(made / "services/names.toml")["limits"]["memory_high"] == "80M"
    dropins = read(made / "dropins.toml")
    assert {each["unit"]: each["limits"] for each in dropins.values()} == {
        "systemd-journald.service": {"cpu_weight": 77},
        "zq-w@one.service": {"memory_max": "67108864"},
    }
    for path in ("/run/systemd/system/zq-drop.service.d/20-run.conf",
                 "/run/systemd/system.control/zq-drop.service.d/50-CPUWeight.conf",
                 "/run/systemd/generator/zq-foo.service.d/30-gen.conf"):  # fmt: skip
        assert path in said


def test_who_changes_a_unit_takes_over_its_files_and_no_other(host: str, every_way: Path) -> None:
    up = on(host, UP)
    service = every_way / "made/services/drop.toml"
    service.write_text(service.read_text().replace("has drop-ins", "taken over"))
    refused = run(host, every_way, "deploy", "--yes")
    assert (refused["exit_code"], refused["status"]) == (4, "refused")
    # It is down for good, and a deploy ends well only where nothing of the fleet has failed.
    on(host, "systemctl reset-failed zq-f@bad.service")
    taken = run(host, every_way, "deploy", "--yes", "--take-over", "--steady", "1")
    assert taken["status"] == "deployed"
    written = [subject for kind, subject in steps(taken) if kind == "write"]
    assert written == [
        "/etc/systemd/system.control/zq-drop.service.d/50-MemoryMax.conf",
        "/etc/systemd/system/zq-drop.service",
        "/etc/systemd/system/zq-drop.service.d/10-a.conf",
    ]
    said = on(host, "systemctl show -p ExecStartPre,MemoryMax,Description,Environment --value zq-drop.service")
    assert said.count("path=/bin/true") == 1
    assert {"taken over", "104857600", "A=1 B=2"} <= set(said.splitlines())
    assert on(host, UP) == up.replace("zq-f@bad.service\n", "")


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


def read_externals(at: Path) -> list[dict[str, Any]]:
    return list(read(at / "made/externals.toml").values())


def test_secrets_stay_on_the_host_and_what_cannot_be_read_is_named(host: str, tmp_path: Path) -> None:
    for path, text in SECRETS.items():
        file = f"/etc/systemd/system/{path}"
        on(host, f"mkdir -p $(dirname {file}); cat >{file}", text)
    on(host, "systemctl daemon-reload; systemctl enable --now fleet-a.service fleet-b.service")
    on(host, "touch /etc/systemd/system/fleet-shut.service; chmod 600 /etc/systemd/system/fleet-shut.service")
    try:
        ran = adopt(host, tmp_path, "--unit", "fleet-*", "--unit", "ssh.service")
        assert ran.code in (1, 3), ran.err
        made = tmp_path / "made"
        assert 'state = "running"' in (made / "services/a.toml").read_text()
        assert 'state = "running"' in (made / "services/b.toml").read_text()
        assert "ssh.service" in (made / "dropins.toml").read_text()
        assert "systemd = 2" in (made / "hosts.toml").read_text()
        assert not any("hunter2hunter2" in path.read_text() for path in made.rglob("*") if path.is_file())
        assert "hunter2hunter2" not in ran.out + ran.err
        again = qtctl(tmp_path, "render", "--registry", "made", "--out", "rendered")
        assert again.code == 0, again.err
        text = (tmp_path / "rendered/etc/systemd/system/fleet-a.service").read_text()
        assert "MemoryMax=64M" in text
        _until_the_secret_is_there(host, tmp_path)
    finally:
        on(host, "systemctl disable --now fleet-a.service; systemctl stop fleet-b.service; rm -rf /etc/made "
                  "/etc/systemd/system/fleet-* /etc/systemd/system/ssh.service.d; systemctl daemon-reload")  # fmt: skip


def _until_the_secret_is_there(host: str, at: Path) -> None:
    """The unit with the literal counts until the secret has its file: then it is to be replaced."""
    assert steps(run(host, at, "deploy")) == []
    on(host, "mkdir -p /etc/made; (umask 077; echo TOKEN=x >/etc/made/b.secret.env)")
    refused = run(host, at, "deploy")["refusals"]
    assert [each["subject"] for each in refused] == ["/etc/systemd/system/fleet-b.service"]
