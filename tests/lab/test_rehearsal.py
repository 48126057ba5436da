"""Whole rehearsals: evidence of a real host, its registry in git, a changed registry, and a throwaway host."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.builders.registry import STORES, TARGETS, write_fleet, write_host, write_redis
from tests.docs.generate import DOCS
from tests.live.box import ROOT, Ran, qtctl
from tests.machine import own_lab

pytestmark = pytest.mark.lab

GONE_WITHIN_S = 60.0
on_demand = pytest.mark.skipif(not os.environ.get("QTCTL_REHEARSALS"), reason="takes long: QTCTL_REHEARSALS=all")
API, FEED, FRAGILE, WATCHER = (f"shop-{name}.service" for name in ("api", "feed", "fragile", "watcher"))
BEFORE = {
    "fleet.toml": write_fleet(
        "shop",
        defaults="""\
env = { LOG_LEVEL = "INFO" }
order = { after = ["redis-server"], wants = ["redis-server"] }
restart = { restart = "always", restart_sec = "500ms" }
""",
    ),
    "hosts.toml": write_host(auditor="watch"),
    "stores.toml": STORES,
    "externals.toml": write_redis('["redis.service"]'),
    "targets.toml": TARGETS,
    "venvs.toml": '[main]\npath = "/opt/shop/venv"\n',
    "streams.toml": '["s:tick"]\ntype = "stream"\nmax_age = "60s"\n',
    "services/api.toml": """\
summary = "API"
state = "running"
target = "core"
run = { kind = "uvicorn", app = "shop.api:app", port = "http", venv = "main" }
ports.http = { listen = "127.0.0.1:8102", health = { path = "/health" } }
[secrets]
env_file = "/etc/shop/api.secret.env"
keys = ["API_KEY"]
[streams]
consumes."s:tick" = { group = "api" }
""",
    "services/feed.toml": """\
summary = "Feed"
state = "running"
target = "core"
run = { kind = "module", module = "shop.feed", venv = "main" }
streams = { publishes = ["s:tick"] }
""",
    "services/watcher.toml": """\
summary = "Watcher"
state = "running"
target = "core"
run = { kind = "module", module = "shop.watcher", venv = "main" }
order = { binds_to = ["api"], after = ["api"] }
""",
    "services/fragile.toml": """\
summary = "Fragile"
state = "stopped"
run = { kind = "module", module = "shop.fragile", venv = "main" }
restart = { restart = "no" }
""",
}


@dataclass(frozen=True)
class Shop:
    """A registry in git that differs from what its host has, and evidence of that host."""

    registry: Path
    evidence: Path

    def rehearse(self, *argv: str, evidence: Path | None = None, env: dict[str, str] | None = None) -> Ran:
        return qtctl(
            "rehearse", "--host", "box", "--registry", str(self.registry), "--evidence", str(evidence or self.evidence),
            "--format", "json", *argv, env=env,
        )  # fmt: skip

    def change_evidence(self, into: Path, change: Callable[[dict[tuple[str, str], Any]], None]) -> Path:
        document = json.loads(self.evidence.read_text())
        change({(item["fact"], item["subject"]): item for item in document["items"]})
        path = into / "changed.json"
        path.write_text(json.dumps(document))
        return path


def git(folder: Path, *argv: str) -> None:
    who = ("-c", "user.name=ops", "-c", "user.email=ops@example.org")
    subprocess.run(["git", "-C", str(folder), *who, *argv], check=True, capture_output=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    for path, text in BEFORE.items():
        (folder / "registry" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "registry" / path).write_text(text)
    git(folder, "init", "-q")
    git(folder, "add", "registry")
    git(folder, "commit", "-qm", "what the host has")
    found = Shop(folder / "registry", folder / "box.json")
    of = ("--registry", str(found.registry))
    with own_lab(tmp_path_factory.mktemp("lab") / "state"):
        assert qtctl("lab", "up", *of).code == 0
        try:
            deployed = qtctl("deploy", "--host", "lab1", "--yes", "--steady", "0", *of)
            assert deployed.code == 0, deployed.err
            audited = qtctl("audit", "--host", "lab1", "--save", str(found.evidence), *of)
            assert audited.code == 0, audited.out
        finally:
            qtctl("lab", "down")
        for path, old, new in (("api", "8102", "8103"), ("fragile", '"stopped"', '"running"')):
            file = found.registry / f"services/{path}.toml"
            file.write_text(file.read_text().replace(old, new))
        yield found


def list_state() -> list[str]:
    """What there is of labs on this machine, as far as this run's folder shows."""
    home = Path(os.environ["QTCTL_STATE"])
    return sorted(path.relative_to(home).as_posix() for pattern in ("*", "*/*") for path in home.glob(pattern))


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    """Kind of each step, with the service that was killed, → its outcome."""
    named = ((f"{step['kind']} {step['subject']}".removesuffix(" box"), step) for step in report["steps"])
    return {name: step["outcome"] for name, step in named}


@on_demand
def test_a_whole_rehearsal_finds_the_one_service_that_does_not_come_back(shop: Shop) -> None:
    before, trail = list_state(), Path(os.environ["QTCTL_TRAIL"]).read_bytes()
    ran = shop.rehearse()
    report = ran.json()
    assert outcomes(report) == {
        "before": "holds",
        "deploy": "holds",
        "audit": "holds",
        f"kill {API}": "holds",
        f"kill {FEED}": "holds",
        f"kill {FRAGILE}": "broken",
        "kill": "broken",
        f"kill {WATCHER}": "holds",
        "redis": "holds",
        "reboot": "holds",
        "disk-full": "holds",
        "rollback": "holds",
    }, report["steps"]
    assert (ran.code, report["conclusion"], report["before"]) == (1, "not-as-declared", "commit")
    kill, others = (step for step in report["steps"] if step["outcome"] == "broken")
    assert {each["subject"] for each in others["findings"]} == {WATCHER}, "it went down with what it is bound to"
    assert "Restart=no" in kill["said"]
    assert {each["id"] for each in kill["findings"]} == {"QT204"}
    acts = {step["subject"]: (step["kind"], step["along"]) for step in report["plan"] if step["kind"].endswith("start")}
    assert acts == {API: ("restart", [f"restarts {WATCHER}"]), FRAGILE: ("start", [])}
    lacking = {each["subject"] for each in report["not_modelled"]}
    assert {"programs", "secrets", "Redis", "size", "network"} <= lacking
    assert [each for each in report["checks"] if each["subject"] in lacking and each["outcome"] == "holds"] == []
    assert "placeholder" not in json.dumps([report["steps"], report["plan"]])
    Draft202012Validator(json.loads((DOCS / "schemas/rehearsal.json").read_text())).validate(report)
    assert (list_state(), Path(os.environ["QTCTL_TRAIL"]).read_bytes()) == (before, trail)


def test_a_deploy_that_production_would_refuse_is_refused_here(shop: Shop, tmp_path: Path) -> None:
    def change(items: dict[tuple[str, str], Any]) -> None:
        rows = items["listeners", "tcp"]["value"]["rows"]
        rows.append(["127.0.0.1", "8103", "nginx.service", "LISTEN 0 5 127.0.0.1:8103 0.0.0.0:*"])

    ran = shop.rehearse("--failure", "kill", evidence=shop.change_evidence(tmp_path, change))
    report = ran.json()
    assert outcomes(report) == {
        "before": "holds", "deploy": "broken", "audit": "unknown", "kill": "unknown", "rollback": "unknown"
    }  # fmt: skip
    assert ran.code == 1
    assert [(each["subject"], "nginx.service" in each["reason"]) for each in report["refusals"]] == [(API, True)]
    assert "units made by hand" in {each["subject"] for each in report["not_modelled"]}


@on_demand
def test_what_somebody_changed_on_the_host_is_there_and_what_had_failed_still_fails(shop: Shop, tmp_path: Path) -> None:
    def change(items: dict[tuple[str, str], Any]) -> None:
        items["file", f"/etc/systemd/system/{API}"]["value"]["sha256"] = "0" * 64
        items["unit", FEED]["value"].update(active_state="failed", sub_state="failed", exec_main_status=3)

    ran = shop.rehearse("--failure", "kill", evidence=shop.change_evidence(tmp_path, change))
    report = ran.json()
    assert outcomes(report) == {
        "before": "holds",
        "deploy": "holds",
        "audit": "broken",
        f"kill {API}": "holds",
        f"kill {FRAGILE}": "broken",
        "kill": "broken",
        f"kill {WATCHER}": "holds",
        f"kill {FEED}": "not-asked",
        "rollback": "holds",
    }
    (deploy, audit) = (step for step in report["steps"] if step["kind"] in ("deploy", "audit"))
    assert deploy["said"].endswith(f"still failed: {FEED}")
    assert (API, "content differs") in {(Path(step["subject"]).name, step["why"]) for step in report["plan"]}
    assert {each["subject"] for each in audit["findings"]} >= {FEED}
    assert {"failed units", "edited files"} <= {each["subject"] for each in report["not_modelled"]}
    assert ran.code == 1


@pytest.mark.parametrize(
    ("until", "signals"),
    [
        ("deploying the registry", (signal.SIGTERM,)),
        pytest.param("killing", (signal.SIGINT, signal.SIGINT, signal.SIGINT), marks=on_demand),
        pytest.param("filling its disk", (signal.SIGTERM,), marks=on_demand),
        pytest.param("rebooting", (signal.SIGINT,), marks=on_demand),
        pytest.param("rolling back", (signal.SIGKILL,), marks=on_demand),
    ],
)
def test_a_rehearsal_that_is_stopped_leaves_nothing(
    shop: Shop, until: str, signals: tuple[signal.Signals, ...]
) -> None:
    before = list_state()
    argv = ["rehearse", "--host", "box", "--registry", str(shop.registry), "--evidence", str(shop.evidence)]
    with subprocess.Popen(
        [sys.executable, "-m", "qtctl", *argv], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if until in line:
                break
        for number in signals:
            os.killpg(process.pid, number)
            time.sleep(0.05)
        said = process.stderr.read()
        assert process.stdout is not None
        assert process.stdout.read() == ""
    assert process.returncode == (-signal.SIGKILL if signal.SIGKILL in signals else 130)
    if len(signals) == 1 and signal.SIGKILL not in signals:
        assert list_state() == before, "it returns once everything is gone"
        assert said.splitlines()[-1] == "interrupted"
    deadline = time.monotonic() + GONE_WITHIN_S
    while list_state() != before:
        assert time.monotonic() < deadline, list_state()
        time.sleep(0.1)


def test_where_no_host_boots_it_says_why_and_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    before = list_state()
    program = tmp_path / "bin" / "systemd-nspawn"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'no room in the container' >&2\nexit 1\n")
    program.chmod(0o755)
    ran = shop.rehearse(env={"PATH": f"{program.parent}:{os.environ['PATH']}"})
    assert (ran.code, ran.out) == (4, "")
    (error,) = (line for line in ran.err.splitlines() if line.startswith("error: "))
    assert "rehearsal ended while booting: no room in the container" in error
    assert list_state() == before
