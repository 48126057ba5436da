"""qtctl's wheel inside the host, `--host local`, finds what an audit of the same moment over SSH finds.

By jeepney and, with Debian's or Ubuntu's own package of it, by pydbus.
"""

import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from qtctl.lab import lab
from tests.live import debs, wheel
from tests.live.box import Box, Ran
from tests.machine import PYDBUS

pytestmark = pytest.mark.lab

AUDITOR = "qtaudit"
HOST = "quantumtrader-prod-1"
SAVED = "/tmp/local.json"
VOLATILE = {
    "host": {"uptime_s", "load", "memory_available", "disk_free"},
    "store": {"uptime_s", "used_memory"},
}
"""Fields that go on by themselves from one look to the next, by fact."""
MOVING = {
    *("host.state", "filesystem", "store.clock", "store.health", "stream", "stream.group", "stream.groups"),
    *("stream.consumers", "stream.pending"),
}
"""Facts whose whole value goes on by itself: that they are known is compared."""
LINES = {"host", "store", *MOVING}
"""Facts whose line of proof holds such fields."""
LOGINS = (
    "session-*.scope", "user-*.slice", "user@*.service", "user-runtime-dir@*.service", "run-user-*.mount",
    "systemd-oomd.service",  # no such unit: user@.service names it
    "tmp.mount",  # comes and goes with what has a /tmp of its own
)  # fmt: skip
"""Units that a login brings: an audit over SSH sees its own."""
BRAIN = "quantum-strategy-brain.service"
MANAGER = "org.freedesktop.systemd1.Manager"
WORKS_FOR_S = 10
"""As long a service that a timer starts takes at most, on a busy machine."""
FAULT = "systemctl stop quantum-strategy-brain.service; chmod 644 /etc/quantum/ai-engine.env"
HEAL = "chmod 600 /etc/quantum/ai-engine.env; systemctl start quantum-strategy-brain.service"
FOUND = {
    ("QT219", "quantum-strategy-brain.service"),
    ("QT301", "127.0.0.1:8011"),
    ("QT602", "/etc/quantum/ai-engine.env"),
}


SAY_JOBS = f"""
from qtctl.adapters.local import LocalHost
from qtctl.interfaces.host import BusCall
call = BusCall("/org/freedesktop/systemd1", "{MANAGER}", "RestartUnit", "ss", ("{BRAIN}", "replace"))
with LocalHost() as host:
    bus = host.bus()
    print(type(bus).__name__, *(each.result for each in bus.jobs([call], 10)))
"""
"""Restart a service, and say over which bus and what became of it."""


@pytest.fixture(scope="module")
def installed(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """How qtctl is run on the host."""
    try:
        yield wheel.install(box, tmp_path_factory.mktemp("wheel"))
    finally:
        box.sh(f"rm -rf {wheel.HOME} {SAVED}")


@pytest.fixture(scope="module")
def pydbus(box: Box, installed: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same, by the system's pydbus: in a venv that sees the system's packages."""
    command = f"QTCTL_BUS=pydbus {installed}"
    missing = _audit_there(box, command)
    assert (missing.code, missing.out) == (2, "")
    assert "No module named 'pydbus' (apt-get install python3-pydbus" in missing.err
    packages = debs.install(box, tmp_path_factory.mktemp("debs"), PYDBUS)
    box.sh(f"python3 -m venv --without-pip --system-site-packages {wheel.HOME}")
    yield command
    debs.remove(box, packages)


@pytest.fixture(params=["installed", "pydbus"] if os.environ.get("QTCTL_INSTALLS") else ["pydbus"])
def command(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def test_the_same_findings_and_the_same_evidence(box: Box, command: str, tmp_path: Path) -> None:
    assert box.until_healthy().code == 0
    _alike(box, command, tmp_path / "healthy.json", found=set(), code=0)
    try:
        box.sh(FAULT)
        _alike(box, command, tmp_path / "faulty.json", found=FOUND, code=1)
    finally:
        box.sh(HEAL)
    assert box.until_healthy().code == 0


def test_who_may_restart_a_service(box: Box, command: str) -> None:
    python = command.removesuffix(" -m qtctl")
    root = box.sh(f"{python} -c '{SAY_JOBS}'").split()
    auditor = box.sh(f"runuser -u {AUDITOR} -- env {python} -c '{SAY_JOBS}'").split()
    assert root == ["PydbusBus" if "pydbus" in command else "StreamBus", "done"]
    assert auditor[0] == root[0]
    assert auditor[1].startswith("org.freedesktop.DBus.Error.")


def _alike(box: Box, command: str, saved: Path, *, found: set[tuple[str, str]], code: int) -> None:
    """A host at work moves on between two looks, so what differs counts only where it does so each time."""
    for _ in range(2):
        with suppress(AssertionError):
            _compare(box, command, saved, found=found, code=code)
            return
    _compare(box, command, saved, found=found, code=code)


def _compare(box: Box, command: str, saved: Path, *, found: set[tuple[str, str]], code: int) -> None:
    with ThreadPoolExecutor(1) as other:
        over_ssh = other.submit(box.audit, "--save", str(saved))
        here = _audit_there(box, command)
    there = over_ssh.result()
    assert (here.code, there.code) == (code, code), here.err + there.err
    assert _findings(here) == _findings(there)
    assert {(check["id"], check["subject"]) for check in here.json()["findings"]} == found
    local, ssh = json.loads(box.sh(f"cat {SAVED}")), json.loads(saved.read_text())
    assert (local["transport"], ssh["transport"], local["user"], ssh["user"]) == ("local", "ssh", AUDITOR, AUDITOR)
    fired = (_fired(local) ^ _fired(ssh)) | _just_fired(local) | _just_fired(ssh)
    mine, theirs = _items(local, fired), _items(ssh, fired)
    assert _different(mine, theirs) == []
    assert [(ask["argv"], ask["again"]) for ask in local["asks"]] == [
        (ask["argv"], ask["again"]) for ask in ssh["asks"]
    ]


def _different(mine: dict[Any, Any], theirs: dict[Any, Any]) -> list[str]:
    """What is not the same, one line each: the item, and of its value the fields alone."""
    found = []
    for key in sorted({*mine, *theirs}):
        one, other = mine.get(key) or {}, theirs.get(key) or {}
        fields = _flat(one), _flat(other)
        names = {*fields[0], *fields[1]} - {"value"}
        found += [f"{key} {name}: {fields[0].get(name)} and {fields[1].get(name)}" for name in sorted(names)
                  if fields[0].get(name) != fields[1].get(name)]  # fmt: skip
    return found


def _flat(item: dict[str, Any]) -> dict[str, Any]:
    value = item.get("value")
    return {**item, **value} if isinstance(value, dict) else {**item, "known": value}


def _audit_there(box: Box, command: str) -> Ran:
    options = f"--host local --as {HOST} --registry {wheel.HOME}/registry --format json --save {SAVED}"
    done = lab.execute(box.name, ["runuser", "-u", AUDITOR, "--", "sh", "-c", f"cd /tmp && {command} audit {options}"])
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def _findings(ran: Ran) -> list[dict[str, Any]]:
    """All that is said of each finding and each unknown, without when it was asked, and of which host by what name."""
    report = ran.json()
    checks: list[dict[str, Any]] = [*report["findings"], *report["unknowns"]]
    for check in checks:
        check["remedy"] = re.sub(r"--host \S+", "--host HOST", check["remedy"])
        check["commands"] = [re.sub(r"--host \S+", "--host HOST", " ".join(argv)) for argv in check["commands"]]
        for proof in check["proof"]:
            proof.pop("at", None)
    return checks


def _fired(evidence: dict[str, Any]) -> set[tuple[str, int]]:
    """When each timer last fired. One that does so between the two looks is another in each, and so is its service."""
    units = (item for item in evidence["items"] if item["fact"] == "unit" and item["value"])
    return {(item["subject"].partition(".")[0], item["value"].get("last_trigger_usec", 0)) for item in units}


def _just_fired(evidence: dict[str, Any]) -> set[tuple[str, int]]:
    """Those whose service may have been at work in one look, and no longer in the other."""
    since = (datetime.fromisoformat(evidence["taken_at"]).timestamp() - WORKS_FOR_S) * 1_000_000
    return {(name, at) for name, at in _fired(evidence) if at > since}


def _items(evidence: dict[str, Any], fired: set[tuple[str, int]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    names = {name for name, _ in fired}
    ignored = (*LOGINS, *(f"{name}.*" for name in names))
    return {
        (item["fact"], item["store"], item["subject"]): _lasting(item, ignored)
        for item in evidence["items"]
        if item["fact"] != "unit" or item["subject"].partition(".")[0] not in names
    }


def _lasting(item: dict[str, Any], ignored: tuple[str, ...]) -> dict[str, Any]:
    fact, value = item["fact"], item["value"]
    kept = {key: each for key, each in item.items() if key != "ask" and (key != "line" or fact not in LINES)}
    if fact in MOVING:
        kept["value"] = value is not None
    elif fact == "unit.listing" and value:
        units = {name: row for name, row in value["units"].items() if not any(fnmatchcase(name, it) for it in ignored)}
        kept["value"] = {**value, "units": units}
    elif value:
        kept["value"] = {
            field: _without(each, ignored) for field, each in value.items() if field not in VOLATILE.get(fact, ())
        }
    return kept


def _without(value: Any, ignored: tuple[str, ...]) -> Any:
    """Without the units of logins, which targets want and stand after, too. systemd orders units as it likes."""
    if isinstance(value, dict):
        return {key: _without(each, ignored) for key, each in value.items()}
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return value
    return sorted(each for each in value if not any(fnmatchcase(each, it) for it in ignored))
