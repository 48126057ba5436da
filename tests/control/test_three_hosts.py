"""Status and control of three hosts: by service, target and tag, with what goes along, fails or contradicts."""

import json
import os
import subprocess
from pathlib import Path
from signal import SIGINT, SIGKILL
from subprocess import PIPE

import pytest

from qtctl.cli.exits import Exit
from tests.cli.world import PROGRAM, environment
from tests.control.ground import Ground

pytestmark = pytest.mark.lab
rarely = pytest.mark.skipif(os.environ.get("QTCTL_CONTROL") != "all", reason="takes half a minute: QTCTL_CONTROL=all")

API, DB, JOBS, OLD, CORE = (
    "mill-api.service",
    "mill-db.service",
    "mill-jobs.service",
    "mill-old.service",
    "mill-core.target",
)


def list_results(hosts: dict[str, dict[str, object]]) -> dict[str, dict[str, str]]:
    return {
        name: {each["unit"]: each["result"] for each in host["results"]}  # type: ignore[attr-defined]
        for name, host in hosts.items()
    }


@rarely
def test_a_service_is_restarted_on_the_hosts_of_a_tag(three: Ground) -> None:
    before = three.find_pids()
    found = three.control("restart", "api", "--tag", "web")
    assert list_results(found) == {"ctl1": {API: "done"}, "ctl2": {API: "done"}}
    after = three.find_pids()
    assert after.keys() == before.keys()
    assert {what for what in after if after[what] != before[what]} == {"ctl1 api", "ctl2 api"}


def test_a_service_is_shown_and_restarted_where_it_is_declared(three: Ground) -> None:
    """A host that has none of what is named is left out, and that is said."""
    ran = three.run("status", "api", "jobs", "--all-hosts", "--format", "json")
    assert (ran.code, "left out" in ran.err) == (Exit.OK, False), ran.err
    shown = {each["address"]: [unit["unit"] for unit in each["units"]] for each in json.loads(ran.out)["hosts"]}
    assert shown == {"ctl1": [API], "ctl2": [API], "ctl3": [JOBS]}
    ran = three.run("restart", "jobs", "--all-hosts", "--yes", "--format", "json")
    assert ran.code == Exit.OK, ran.err
    assert "nothing of that is declared for ctl1, ctl2: left out" in ran.err
    assert [each["address"] for each in json.loads(ran.out)["hosts"]] == ["ctl3"]
    ran = three.run("restart", "jibs", "--all-hosts", "--yes")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert "error: no unit that is declared for any of the 3 hosts is called 'jibs' (did you mean jobs" in ran.err


def test_a_target_is_stopped_and_started_on_all_hosts(three: Ground) -> None:
    """In the order of its dependencies, on each host what it has."""
    running = three.find_pids()
    stopped = three.control("stop", "core", "--all-hosts", "--reason", "moving house")
    try:
        web = {CORE: "done", API: "done", DB: "done"}
        assert list_results(stopped) == {"ctl1": web, "ctl2": web, "ctl3": {CORE: "done", JOBS: "done"}}
        assert stopped["ctl1"]["stages"] == [[CORE], [API], [DB]]
        assert three.find_pids() == {}
    finally:
        started = three.control("start", "core", "--all-hosts")
    assert started["ctl1"]["stages"] == [[DB], [API], [CORE]]
    assert {each for results in list_results(started).values() for each in results.values()} == {"done"}
    assert three.find_pids().keys() == running.keys()
    for name in three.names:
        stop = next(each for each in three.read_journal(name) if each["MESSAGE"].startswith(f"stop {CORE}"))
        assert stop["CONTROL_WHY"].startswith("moving house. contradicts the registry: "), name


@rarely
def test_a_dependency_goes_along_on_each_host_and_is_named_before(three: Ground) -> None:
    both = {DB: "done", API: "done"}
    asked = three.run("stop", "db", "--tag", "web")
    assert asked.code == Exit.USAGE
    assert asked.out.count(f"- {API} stops (Requires={DB})") == 2, asked.out
    assert "not confirmed, so nothing was changed" in asked.err
    assert len(three.find_pids()) == 5
    stopped = three.control("stop", "db", "--tag", "web")
    try:
        assert list_results(stopped) == {"ctl1": both, "ctl2": both}
        assert [each["unit"] for each in stopped["ctl2"]["along"]] == [API]
        assert three.find_pids().keys() == {"ctl3 jobs"}
        ran = three.run("status", "--all-hosts", "--format", "json")
        assert (ran.code, json.loads(ran.out)["totals"]["not_as_declared"]) == (Exit.FINDINGS, 4)
    finally:
        started = three.control("start", "api", "--all-hosts")
    assert list_results(started) == {"ctl1": both, "ctl2": both}
    assert len(three.find_pids()) == 5


@rarely
def test_a_job_that_fails_on_one_host_costs_no_other_its_own(three: Ground) -> None:
    folder = "/run/systemd/system/mill-db.service.d"
    three.sh("ctl2", f"mkdir -p {folder}; printf '[Service]\\nExecStartPre=/bin/false\\n' >{folder}/x.conf")
    three.sh("ctl2", "systemctl daemon-reload")
    before = three.find_pids()
    try:
        found = three.control("restart", "core", "--tag", "web", code=Exit.FINDINGS)
        assert list_results(found)["ctl1"] == {CORE: "done", API: "done", DB: "done"}
        assert list_results(found)["ctl2"] == {CORE: "done", API: "dependency", DB: "failed"}
        assert {name: host["status"] for name, host in found.items()} == {"ctl1": "done", "ctl2": "failed"}
        after = three.find_pids()
        assert after["ctl1 api"] != before["ctl1 api"]
    finally:
        three.sh("ctl2", f"rm -r {folder}; systemctl daemon-reload; systemctl reset-failed 'mill-*'")
        three.control("start", "core", "--tag", "web")
    assert len(three.find_pids()) == 5


@rarely
def test_what_contradicts_the_registry_is_said_and_recorded(three: Ground) -> None:
    found = three.control("start", "old", "--all-hosts", "--reason", "comparing it with jobs")
    try:
        assert found["ctl3"]["contradictions"] == [{"unit": OLD, "what": "the registry declares it stopped"}]
        assert three.run("status", "old", "--all-hosts").code == Exit.FINDINGS
        record = three.read_journal("ctl3")[-1]
        assert (record["CONTROL_VERB"], record["CONTROL_UNIT"], record["DEPLOY_LOGIN"]) == ("start", OLD, "ops")
        assert record["CONTROL_WHY"] == (
            f"comparing it with jobs. contradicts the registry: the registry declares it stopped: {OLD}"
        )
    finally:
        found = three.control("stop", "old", "--tag", "batch")
    assert found["ctl3"]["contradictions"] == []
    assert three.run("status", "old", "--all-hosts").code == Exit.OK


@rarely
@pytest.mark.parametrize("worker_dies", [False, True], ids=["interrupted", "worker killed"])
def test_nobody_saw_how_it_ended(three: Ground, worker_dies: bool) -> None:
    """The job goes on there. Its result is unknown here, and so is the exit code."""
    folder = "/run/systemd/system/mill-api.service.d"
    three.sh("ctl1", f"mkdir -p {folder}; printf '[Service]\\nExecStartPre=/bin/sleep 5\\n' >{folder}/x.conf")
    three.sh("ctl1", "systemctl daemon-reload")
    argv = [*PROGRAM, "restart", "api", "--host", "ctl1", "--yes", "--format", "json"]
    try:
        with subprocess.Popen(
            argv, cwd=three.folder, env=environment(three.folder), stdout=PIPE, stderr=PIPE, start_new_session=True
        ) as process:
            three.sh("ctl1", "until systemctl list-jobs | grep -q mill-api; do sleep 0.1; done")
            if worker_dies:
                os.kill(int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]), SIGKILL)
            else:
                os.killpg(process.pid, SIGINT)
            out, err = process.communicate(timeout=30)
        assert process.returncode == Exit.UNVERIFIED, err
        (host,) = json.loads(out)["hosts"]
        assert (host["status"], list_results({"ctl1": host})) == ("unknown", {"ctl1": {API: "unknown"}})
        assert ("interrupted" in host["why"]) is not worker_dies
        three.sh("ctl1", "until systemctl is-active mill-api; do sleep 0.1; done")
    finally:
        three.sh("ctl1", f"rm -r {folder}; systemctl daemon-reload")
