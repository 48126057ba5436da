"""One host on an engine: what is printed, what is saved and the exit code are those of an audit without an engine."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.servers import free_port
from tests.cli.world import Ran, environment, qtctl
from tests.fleet.test_dask import remove_times, write_hosts

TIMES = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z|\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?|\d+(\.\d+)? s\b")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return write_hosts(tmp_path / "desk", {name: free_port() for name in ("web-1", "web-2")})


def audit(desk: Path, *argv: str) -> Ran:
    return qtctl(desk, "audit", *argv, env=environment(desk))


@pytest.mark.parametrize("format_", ["table", "json"])
def test_a_deadline_changes_neither_the_report_nor_the_exit_code(desk: Path, format_: str) -> None:
    here = audit(desk, "--host", "web-1", "--format", format_)
    there = audit(desk, "--host", "web-1", "--format", format_, "--deadline", "30", "--at-once", "3")
    assert here.code == there.code == 3
    assert clean(there.out, format_) == clean(here.out, format_)


def test_a_host_that_stands_in_for_another_may_have_a_deadline(desk: Path) -> None:
    ran = audit(desk, "--host", "local", "--as", "web-1", "--deadline", "60", "--format", "json")
    report = json.loads(ran.out)
    assert ran.code in (1, 3)
    assert (report["host"], report["address"], report["unreachable"]) == ("web-1", "local", None)


def test_evidence_is_saved_as_of_one_host(desk: Path) -> None:
    ran = audit(desk, "--host", "web-1", "--deadline", "30", "--save", "-")
    assert (ran.code, json.loads(ran.out)["host"]) == (3, "web-1")
    ran = audit(desk, "--host", "web-1", "--deadline", "30", "--save", "evidence.json")
    assert (desk / "evidence.json").is_file()
    assert "web-1" in ran.out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--only", "QT9"), "error: no check of web-1 matches QT9"),
        (("--host", "nowhere"), "nowhere is not a host of the registry"),
    ],
)
def test_what_is_wrong_is_said_as_without_a_deadline(desk: Path, argv: tuple[str, ...], said: str) -> None:
    host: tuple[str, ...] = () if "--host" in argv else ("--host", "web-1")
    here = audit(desk, *host, *argv)
    there = audit(desk, *host, *argv, "--deadline", "30")
    assert here.code == there.code == 2
    assert here.err.splitlines()[-1] == there.err.splitlines()[-1]
    assert said in there.err


def test_saved_evidence_asks_no_host(desk: Path) -> None:
    (desk / "evidence.json").write_text("{}")
    for option in ("--deadline", "--at-once"):
        ran = audit(desk, "--from", "evidence.json", option, "9")
        assert ran.code == 2
        assert ran.err.startswith(f"error: {option} is for hosts that are asked, and --from asks none")


def clean(text: str, format_: str) -> Any:
    if format_ == "json":
        return remove_times(json.loads(text))
    return re.sub(r' time="[0-9.]+"', "", TIMES.sub("TIME", text))
