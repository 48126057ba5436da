"""`qtctl rehearse` on bad input: one line, exit 2, and no lab."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qtctl.adapters.files import locate_shipped
from qtctl.api import rehearsal as api
from qtctl.api.registry import declare
from qtctl.errors import InputError
from qtctl.model.rehearsal import Failure
from tests.cli.world import ROOT, qtctl

HOST = "quantumtrader-prod-1"
AGAIN = "take it again: qtctl audit --host HOST --save FILE"
RECORDED = json.loads((locate_shipped("recorded") / "evidence.json").read_text())
Change = Callable[[dict[str, Any]], Any]


def refuse(document: dict[str, Any], fact: str, reason: str) -> None:
    for item in document["items"]:
        if item["fact"] == fact:
            item.update(state="refused", value=None, reason=reason)


def drop_units(document: dict[str, Any]) -> None:
    document["items"] = [item for item in document["items"] if item["fact"] != "unit"]


def lose_host(document: dict[str, Any]) -> None:
    for item in document["items"]:
        item.update(state="refused", value=None, reason="the name prod-1 does not resolve", needs_root=False)


CASES: dict[str, tuple[Change, str]] = {
    "another host": (
        lambda document: document.update(host="web-7"),
        f"evidence of web-7, not of {HOST} (rehearse --host web-7, with the registry that declares it)",
    ),
    "a newer schema": (
        lambda document: document.update(schema_version=2),
        "evidence of schema 2; this qtctl reads 1 (read it with the qtctl that wrote it)",
    ),
    "another registry": (
        drop_units,
        (
            "evidence of another registry: it says nothing of any of the {units} units that this one declares (take it "
            "with this registry: qtctl audit --host HOST --save FILE)"
        ),
    ),
    "no list of units": (
        lambda document: refuse(document, "unit.listing", "the bus refused"),
        f"incomplete evidence: the units of {HOST}: the bus refused ({AGAIN})",
    ),
    "nothing of the system": (
        lambda document: refuse(document, "host", "no uname"),
        f"incomplete evidence: the system of {HOST}: no uname ({AGAIN})",
    ),
    "a host that did not answer": (
        lose_host,
        f"evidence that knows nothing of {HOST}: the name prod-1 does not resolve ({AGAIN})",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_evidence_that_does_not_fit(name: str, tmp_path: Path) -> None:
    change, said = CASES[name]
    document = json.loads(json.dumps(RECORDED))
    change(document)
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(document))
    declared = declare(ROOT / "registry", HOST)
    units = sum(each.generated for each in declared.desired.units())
    with pytest.raises(InputError) as raised:
        api.check(api.read_saved(path), declared, str(path))
    assert str(raised.value) == f"{path}: {said.replace('{units}', str(units))}"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"qtctl-snapshot 1 0\n", b"qtctl-snapshot "])
def test_a_file_that_is_no_evidence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(content)
    with pytest.raises(InputError):
        api.read_saved(path)


def test_the_recorded_evidence_fits() -> None:
    declared = declare(ROOT / "registry", HOST)
    api.check(api.read_saved(locate_shipped("recorded") / "evidence.json"), declared, "evidence.json")
    assert api.read_failures(None, declared) == tuple(Failure)
    assert api.read_failures(["reboot", "kill"], declared) == (Failure.KILL, Failure.REBOOT)


OPTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "an unknown failure": (
        ("--host", "box", "--failure", "rebot"),
        "--failure rebot: a rehearsal makes no such failure (did you mean reboot?)",
    ),
    "a failure like no other": (
        ("--host", "box", "--failure", "explode"),
        "--failure explode: a rehearsal makes no such failure (it is one of kill, redis, reboot, disk-full)",
    ),
    "an unknown host": (("--host", "bax"), "bax is not a host of the registry (did you mean box? hosts.toml has box)"),
    "a lab host": (("--host", "lab1"), "lab1 is not a host of the registry (hosts.toml has box)"),
    "an unknown release": (
        ("--host", "box", "--suite", "bookwurm"),
        (
            "--suite bookwurm: the lab has no such release (did you mean bookworm? It is one of bookworm, bullseye, "
            "noble, trixie)"
        ),
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_that_mean_nothing(name: str, world: Path) -> None:
    argv, said = OPTIONS[name]
    ran = qtctl(world, "rehearse", *argv, "--evidence", "evidence.json")
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {said}\n")
    assert not (world / ".lab").exists()


def test_an_unknown_failure_in_the_policy(world: Path) -> None:
    (world / "registry/policy.toml").write_text('[rehearsal]\nfailures = ["kil"]\n')
    ran = qtctl(world, "rehearse", "--host", "box")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "policy.toml:2: rehearsal.failures" in ran.err
    assert "kill" in ran.err
