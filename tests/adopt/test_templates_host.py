"""Templates of timers, sockets, paths and targets on a live host: their instances are adopted as they are."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.adopt.test_host import adopt, on, read, run, steps

pytestmark = pytest.mark.lab

TEMPLATES = (Path(__file__).parent / "hosts/templates.sh").read_text()
UNDO = """
systemctl stop 'zt-*'; find /etc/systemd -name 'zt-*' -exec rm -rf '{}' +
rm -rf /var/lib/qtctl; systemctl daemon-reload
"""
STATE = """systemctl list-units --all --no-legend --plain 'zt-*' | awk '{print $1, $3}' | sort
find /etc/systemd/system -name 'zt-*' | sort"""


@pytest.fixture(scope="module")
def templates(host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    at = tmp_path_factory.mktemp("templates")
    try:
        on(host, TEMPLATES)
        ran = adopt(host, at, "--unit", "zt-*")
        assert ran.code == 1, "two that are enabled and do not run are a person's to decide"
        assert "cannot be said" not in ran.out
        yield at
    finally:
        on(host, UNDO)


def find_wrong(audited: dict[str, Any]) -> list[tuple[str, str]]:
    """Findings, but for what other tests of this machine make of the host itself (QT7: load, memory)."""
    return [(each["id"], each["subject"]) for each in audited["findings"] if not each["id"].startswith("QT7")]


def declared(at: Path, file: str) -> dict[str, Any]:
    keys = ("state", "enabled", "instances", "instance")
    entries = read(at / f"made/{file}.toml").items()
    return {name: {key: entry[key] for key in keys if key in entry} for name, entry in entries}


def test_instances_are_declared_in_the_state_that_they_are_in(templates: Path) -> None:
    assert declared(templates, "timers") == {
        "beat@": {"enabled": False, "instances": ["b", "c"], "instance": {"c": {"enabled": True}}},
        "job@": {
            "instances": ["Mon", "daily", "hourly", "weekly"],
            "instance": {"daily": {"enabled": False}, "weekly": {"state": "stopped", "enabled": True}},
        },
        "none@": {"state": "stopped"},
    }
    assert declared(templates, "sockets") == {
        "in@": {"instances": ["1", "2"], "instance": {"2": {"state": "stopped", "enabled": True}}},
        "keep@": {"instances": ["1", "2"], "instance": {"2": {"enabled": False}}},
    }
    assert declared(templates, "paths") == {"see@": {"instances": ["a"]}}
    assert declared(templates, "targets") == {"all@": {"instances": ["x"]}}
    states = {path.stem: read(path)["state"] for path in (templates / "made/services").iterdir()}
    assert states == {"in@": "on-demand", "job@": "on-timer", "keep@": "on-demand"}


def test_a_deploy_of_it_changes_nothing(host: str, templates: Path) -> None:
    before = on(host, STATE)
    deployed = run(host, templates, "deploy")
    assert (deployed["status"], steps(deployed), deployed["refusals"]) == ("unchanged", [], [])
    assert on(host, STATE) == before
    audited = run(host, templates, "audit", "--user", "root")
    assert (find_wrong(audited), audited["unknowns"]) == ([], []), "nor are the files of the generation damaged"


def test_only_instances_of_what_changes_are_restarted(host: str, templates: Path) -> None:
    """And a rollback puts back what was adopted, byte for byte."""
    digests = "cd /etc/systemd/system && sha256sum zt-*"
    before, files = on(host, STATE), on(host, digests)
    timers, sockets = templates / "made/timers.toml", templates / "made/sockets.toml"
    timers.write_text(timers.read_text().replace('randomized_delay = "5"', 'randomized_delay = "7"'))
    sockets.write_text(sockets.read_text().replace('["keep@"]', '["keep@"]\nbacklog = 77'))
    deployed = run(host, templates, "deploy", "--yes", "--take-over", "--steady", "1")
    assert deployed["status"] == "deployed"
    started = {subject for kind, subject in steps(deployed) if kind in ("start", "restart")}
    assert started == {"zt-keep@1.socket", "zt-keep@2.socket"}, "a timer takes its schedule with a reload"
    assert on(host, STATE) == before
    shown = "systemctl show -p RandomizedDelayUSec -p Backlog --value zt-job@daily.timer zt-keep@2.socket"
    assert on(host, shown).split() == ["7s", "77"]
    assert find_wrong(run(host, templates, "audit", "--user", "root")) == []
    back = run(host, templates, "rollback", "--yes", "--steady", "1")
    assert back["status"] == "deployed", back
    assert re.sub(r"\n+", "\n", on(host, digests)) == files
    assert on(host, STATE) == before
