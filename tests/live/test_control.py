"""Units of a real host, started and stopped by hand: jobs of systemd, what goes along, and what the journal keeps."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.live.box import Box, qtctl

pytestmark = pytest.mark.lab

ENGINE, WORKER, TARGET = "quantum-ai-engine.service", "quantum-retrain-worker.service", "quantum-ai.target"
ROUTER = "quantum-ai-strategy-router.service"
HOST = ("--host", "lab1")


@pytest.fixture(scope="module", autouse=True)
def healed(box: Box) -> Iterator[None]:
    """Nothing is left to be found: systemd counts what it had to restart."""
    yield
    box.sh(f"systemctl restart {WORKER}")
    healed = box.until_healthy()
    assert (healed.code, healed.json()["findings"]) == (0, [])


def run(verb: str, *argv: str, code: int = 0, fmt: str = "json") -> Any:
    ran = qtctl(verb, *argv, *HOST, "--yes", "--format", fmt)
    assert ran.code == code, ran.out + ran.err
    return json.loads(ran.out)["hosts"][0] if fmt == "json" else ran


def results(host: Any) -> dict[str, str]:
    return {each["unit"]: each["result"] for each in host["results"]}


@contextmanager
def dropin(box: Box, unit: str, text: str) -> Iterator[None]:
    """Something that systemd has loaded, and no registry declares."""
    folder = f"/run/systemd/system/{unit}.d"
    box.sh(f"mkdir -p {folder}; printf '{text}' >{folder}/test.conf; systemctl daemon-reload")
    try:
        yield
    finally:
        box.sh(f"rm -r {folder}; systemctl daemon-reload; systemctl reset-failed; systemctl start {TARGET} {unit}")


def main_pid(box: Box, unit: str) -> str:
    return box.sh(f"systemctl show -p MainPID --value {unit}").strip()


def test_a_service_is_restarted_and_nothing_else(box: Box) -> None:
    before, other = main_pid(box, ENGINE), main_pid(box, WORKER)
    host = run("restart", "ai-engine")
    assert (host["status"], host["along"], host["contradictions"]) == ("done", [], [])
    assert host["results"] == [
        {
            "unit": ENGINE, "result": "done", "detail": "", "by": "", "before": "active", "after": "active",
            "sub_after": "running",
        }
    ]  # fmt: skip
    assert main_pid(box, ENGINE) not in (before, "0")
    assert main_pid(box, WORKER) == other


def test_a_target_is_stopped_with_all_that_is_in_it_and_started_again(box: Box) -> None:
    host = run("stop", TARGET, "--reason", "moving house")
    try:
        stages = host["stages"]
        assert stages[0] == [TARGET]
        assert {ROUTER, WORKER} <= {*stages[1]}
        assert ENGINE in stages[2], "it starts first, so it stops last"
        assert set(results(host).values()) == {"done"}
        assert {each["unit"] for each in host["contradictions"]} == {*results(host)}
        assert box.sh(f"systemctl is-active {ENGINE} {ROUTER} {TARGET} || :").split() == ["inactive"] * 3
        status = qtctl("status", TARGET, *HOST, "--format", "json")
        assert status.code == 1
        totals = status.json()["totals"]
        assert (totals["not_as_declared"], totals["as_declared"]) == (len(results(host)), 0)
    finally:
        host = run("start", TARGET)
    assert [{*each} for each in host["stages"]] == [{*each} for each in stages[::-1]]
    assert set(results(host).values()) == {"done"}
    said = box.sh("journalctl -t qtctl CONTROL_VERB=stop -n 1 -o json --output-fields=MESSAGE,CONTROL_WHY,DEPLOY_LOGIN")
    record = json.loads(said)
    assert record["MESSAGE"].startswith(f"stop {TARGET} ")
    assert record["CONTROL_WHY"].startswith("moving house. contradicts the registry: the registry declares it")
    assert record["DEPLOY_LOGIN"] == "ops"
    assert qtctl("status", TARGET, *HOST).code == 0


def test_a_category_is_its_services(box: Box) -> None:  # noqa: ARG001
    host = run("reset-failed", "--category", "ai")
    assert len(results(host)) >= 3
    assert set(results(host).values()) == {"done"}


def test_what_goes_along_is_named_before_and_reported_after(box: Box) -> None:
    with dropin(box, WORKER, f"[Unit]\\nRequires={ENGINE}\\nAfter={ENGINE}\\n"):
        shown = qtctl("stop", "ai-engine", *HOST, stdin="")
        assert shown.code == 2
        assert "Along with that:" in shown.out
        assert f"- {WORKER} stops (Requires={ENGINE})" in shown.out
        assert "This contradicts the registry" in shown.out
        assert "not confirmed, so nothing was changed" in shown.err
        assert box.succeeds(f"systemctl is-active {ENGINE} {WORKER}")
        host = run("stop", "ai-engine")
        assert [(each["unit"], each["effect"]) for each in host["along"]] == [(WORKER, "stops")]
        assert results(host) == {ENGINE: "done", WORKER: "done"}
        assert host["results"][1]["by"] == f"Requires={ENGINE}"
        assert not box.succeeds(f"systemctl is-active {WORKER}")
        started = run("start", "retrain-worker")
        assert results(started) == {WORKER: "done", ENGINE: "done"}, "unforeseen: no registry declares this drop-in"


def test_a_job_that_fails_is_told_in_systemds_words(box: Box) -> None:
    with dropin(box, ENGINE, "[Service]\\nExecStartPre=/bin/false\\n[Unit]\\nStartLimitIntervalSec=0\\n"):
        ran = qtctl("restart", "ai-engine", *HOST, "--yes")
        assert ran.code == 1
        assert f"{ENGINE}  failed  active" in ran.out
        assert f"lab1: {ENGINE}: failed" in ran.err
        status = qtctl("status", "ai-engine", *HOST)
        assert status.code == 1
        with dropin(box, WORKER, f"[Unit]\\nRequires={ENGINE}\\nAfter={ENGINE}\\n"):
            box.sh(f"systemctl stop {WORKER} {ENGINE}")
            host = run("start", "retrain-worker", code=1)
            assert (host["status"], results(host)) == ("failed", {WORKER: "dependency", ENGINE: "failed"})
            box.sh(f"rm /run/systemd/system/{ENGINE}.d/test.conf; systemctl daemon-reload; systemctl start {ENGINE}")
            box.sh(f"touch /run/systemd/system/{ENGINE}.d/test.conf")


def test_a_job_that_is_not_over_at_the_deadline_is_unknown(box: Box) -> None:
    with dropin(box, ENGINE, "[Service]\\nExecStartPre=/bin/sleep 4\\n"):
        host = run("restart", "ai-engine", "--deadline", "1", code=5)
        assert (host["status"], results(host)) == ("unknown", {ENGINE: "unknown"})
        box.wait(f"systemctl is-active {ENGINE}")


def test_what_systemd_refuses_is_told_in_its_words(box: Box) -> None:  # noqa: ARG001
    host = run("reload", "ai-engine", code=1)
    assert host["results"][0]["result"] in ("refused", "invalid")
    assert "reload" in host["results"][0]["detail"].lower()


def test_enabling_and_signals(box: Box) -> None:
    try:
        host = run("disable", "ai-engine")
        assert host["contradictions"] == [{"unit": ENGINE, "what": "the registry declares it enabled"}]
        assert box.sh(f"systemctl is-enabled {ENGINE} || :").strip() == "disabled"
    finally:
        run("enable", "ai-engine")
    assert box.sh(f"systemctl is-enabled {ENGINE}").strip() == "enabled"
    before = main_pid(box, WORKER)
    assert results(run("kill", "retrain-worker", "--signal", "KILL")) == {WORKER: "done"}
    box.wait(f'p=$(systemctl show -p MainPID --value {WORKER}); [ "$p" != 0 ] && [ "$p" != {before} ]')


def test_nothing_is_done_while_a_deploy_is_under_way(box: Box) -> None:
    before = main_pid(box, ENGINE)
    box.sh("mkdir -p -m 0711 /var/lib/qtctl; mkdir -p -m 0700 /var/lib/qtctl/tx; echo 1 >/var/lib/qtctl/tx/applying")
    try:
        host = run("restart", "ai-engine", code=4)
    finally:
        box.sh("rm /var/lib/qtctl/tx/applying")
    assert host["why"].startswith("nothing was done: ")
    assert main_pid(box, ENGINE) == before


@pytest.mark.parametrize("word", ["--force", "-Hx.service", "ssh.service", "redis-server", "*;reboot", "../x"])
def test_an_odd_word_reaches_no_host(box: Box, word: str) -> None:  # noqa: ARG001
    ran = qtctl("restart", *HOST, "--yes", "--", word)
    assert ran.code == 2
    assert ran.out == ""
    assert len([line for line in ran.err.splitlines() if line.startswith("error: ")]) == 1


def test_an_account_that_may_not_become_root_changes_nothing(box: Box) -> None:
    before = main_pid(box, ENGINE)
    ran = qtctl("restart", "ai-engine", *HOST, "--yes", "--user", "qtaudit")
    assert (ran.code, "not root" in ran.err) == (4, True), ran.err
    assert main_pid(box, ENGINE) == before


def test_status_shows_the_process_and_the_last_lines_of_who_may_read_them(box: Box) -> None:
    denied = qtctl("status", "ai-engine", *HOST, "--format", "json").json()["hosts"][0]
    assert (denied["journal"], denied["units"][0]["lines"]) == ("denied", [])
    box.sh("usermod -aG systemd-journal qtaudit")
    try:
        host = qtctl("status", "ai-engine", *HOST, "--lines", "3", "--format", "json").json()["hosts"][0]
        page = qtctl("status", "ai-engine", *HOST)
    finally:
        box.sh("gpasswd -d qtaudit systemd-journal")
    unit = host["units"][0]
    assert (unit["unit"], unit["active"], unit["as_declared"]) == (ENGINE, "active", True)
    assert str(unit["main_pid"]) == main_pid(box, ENGINE)
    assert host["journal"] == "read"
    assert 1 <= len(unit["lines"]) <= 3
    assert page.code == 0
    assert f"Last lines of `{ENGINE}`" in page.out


def test_status_of_a_fleet_and_of_a_host_that_is_not_there(box: Box) -> None:  # noqa: ARG001
    whole = qtctl("status", *HOST, "--format", "json").json()
    assert whole["totals"]["units"] == len(whole["hosts"][0]["units"]) > 40
    ran = qtctl("status", "ai-engine", "--host", "lab1,nowhere.invalid", "--format", "json")
    assert ran.code == 2, "it is no host of the registry"
    gone = qtctl("status", "ai-engine", "--host", "nowhere.invalid", "--format", "json")
    assert (gone.code, gone.json()["hosts"][0]["reached"], gone.json()["totals"]["unknown"]) == (3, False, 1)


def test_several_hosts_are_planned_and_changed_in_processes(box: Box) -> None:
    before = main_pid(box, ENGINE)
    ran = qtctl("restart", "ai-engine", "--host", "lab1,lab1", "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    assert "selected: lab1" in ran.err
    assert [(each["address"], each["status"]) for each in ran.json()["hosts"]] == [("lab1", "done")]
    assert main_pid(box, ENGINE) != before
