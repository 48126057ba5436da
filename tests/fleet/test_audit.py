"""qtctl audit of several hosts: one document, one line a host, one exit code, whatever becomes of each."""

import json
import os
import re
import shlex
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from qtctl.lab import lab
from tests.adapters.servers import free_port
from tests.cli.world import PROGRAM, Ran, build, qtctl
from tests.live.box import Box
from tests.live.box import qtctl as live

HOST = """
[{name}]
address = "127.0.0.1"
ssh_port = {port}
audit_user = "audit"
deploy_user = "ops"
memory = "4G"
cpus = 2
"""
NO_CACHE = {**os.environ, "QTCTL_KEEP": "off"}
DEADLINE_S = 10.0
"""Of each host, with all attempts to connect."""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A registry of three hosts. Nobody listens where they are said to be: each refuses the connection at once."""
    build(tmp_path)
    names = ("db-1", "web-1", "web-2")
    hosts = "".join(HOST.format(name=name, port=free_port()) for name in names)
    (tmp_path / "registry" / "hosts.toml").write_text(hosts)
    for path in (tmp_path / "registry" / "services").iterdir():
        path.write_text(f'hosts = ["{names[0]}", "{names[1]}", "{names[2]}"]\n{path.read_text()}')
    return tmp_path


def audit(desk: Path, *argv: str) -> Ran:
    return qtctl(desk, "audit", *argv, env={"QTCTL_KEEP": "off"})


def addresses(ran: Ran) -> list[str]:
    return [host["address"] for host in json.loads(ran.out)["hosts"]]


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (["--host", "web-2", "--host", "db-1,web-2"], ["web-2", "db-1"]),
        (["--host", "db-*"], ["db-1"]),
        (["--all-hosts"], ["db-1", "web-1", "web-2"]),
        (["--host", "*", "--all"], ["db-1", "web-1", "web-2"]),
    ],
)
def test_the_hosts_that_are_named(desk: Path, argv: list[str], asked: list[str]) -> None:
    ran = audit(desk, *argv, "--format", "json")
    assert (ran.code, addresses(ran)) == (3, asked)
    document = json.loads(ran.out)
    assert document["verdict"] == "incomplete"
    assert document["totals"]["hosts"] == document["totals"]["incomplete"] == len(asked)
    for host in document["hosts"]:
        (why,) = {check["reason"] for check in host["unknowns"]}
        assert "connection refused" in why
        assert (host["checks"] is not None) == ("--all" in argv)


def test_one_name_is_one_report(desk: Path) -> None:
    ran = audit(desk, "--host", "web-1", "--format", "json")
    assert ran.code == 3
    assert json.loads(ran.out)["host"] == "web-1"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--host", "web-1,wbe-2"], "wbe-2 is not a host of the registry (did you mean web-2?"),
        (["--host", "mail-*"], "no host of the registry matches mail-* (hosts.toml has db-1, web-1, web-2)"),
        (["--host", "web-1,"], "it is empty"),
        (["--host", "web-1,me@web-2"], "'me@web-2' is not a host name or address: name the account with --user me"),
        (["--host", "web-*;x"], "'web-*;x' is not a host name or address"),
        (["--host", "web-*", "--as", "db-1"], "--as is for one host"),
        (["--all-hosts", "--from", "evidence.json"], "--from is for one host"),
        (["--all-hosts", "--host", "web-1"], "--host and --all-hosts are both given"),
        (["--all-hosts", "--save", "docker-compose.yml"], "docker-compose.yml: cannot be written: it is not a folder"),
    ],
)
def test_usage_errors(desk: Path, argv: list[str], said: str) -> None:
    ran = audit(desk, *argv)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {said}") or said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_the_table_has_one_line_a_host(desk: Path) -> None:
    ran = audit(desk, "--host", "web-*", "--format", "table")
    lines = [line for line in ran.out.splitlines() if re.match(r"web-[12]\b.*not reached", line, re.IGNORECASE)]
    assert len(lines) == 2
    assert all("connection refused" in line for line in lines)
    assert ran.out.splitlines()[-1].startswith("2 hosts: 0 as declared, 0 not as declared, 2 incomplete · ")


def read_lines(ran: Ran) -> list[Any]:
    return [json.loads(line) for line in ran.out.splitlines()]


def test_each_host_is_a_line_of_json_and_all_of_them_one_more(desk: Path) -> None:
    ran = audit(desk, "--all-hosts", "--format", "jsonl")
    *hosts, summary = read_lines(ran)
    document = json.loads(audit(desk, "--all-hosts", "--format", "json").out)
    assert ran.code == 3
    assert {each["address"] for each in hosts} == {"db-1", "web-1", "web-2"} == set(summary["hosts"])
    assert all(each["kind"] == "host" and each["unreachable"] for each in hosts)
    assert hosts[0].keys() - {"kind"} == document["hosts"][0].keys()
    assert {key: summary[key] for key in ("kind", "totals", "verdict")} == {
        "kind": "summary", "totals": document["totals"], "verdict": "incomplete",
    }  # fmt: skip
    alone = read_lines(audit(desk, "--host", "web-1", "--format", "jsonl"))
    assert [each["kind"] for each in alone] == ["host", "summary"]
    assert alone[1]["hosts"] == ["web-1"]


def test_a_reader_that_leaves_after_the_first_host_ends_the_audit(desk: Path) -> None:
    command = f"{shlex.join(PROGRAM)} audit --all-hosts --format jsonl; echo $? >code"
    with subprocess.Popen(["sh", "-c", command], cwd=desk, stdout=subprocess.PIPE, env=NO_CACHE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["kind"] == "host"
        process.stdout.close()
        process.wait(timeout=60)
    assert (desk / "code").read_text() == "141\n"


def tag(desk: Path, *hosts: str) -> None:
    path = desk / "registry" / "hosts.toml"
    text = path.read_text()
    for host in hosts:
        text = text.replace(f"[{host}]\n", f'[{host}]\ntags = ["web"]\n')
    path.write_text(text)


def test_hosts_of_one_tag_are_compared(desk: Path) -> None:
    """Of hosts that were not reached, whether they are alike is not known."""
    tag(desk, "web-1", "web-2")
    ran = audit(desk, "--all-hosts", "--only", "QT721", "--format", "json")
    document = json.loads(ran.out)
    (reason,) = {each["reason"].partition(":")[0] for each in document["compared"]["unknowns"]}
    assert (ran.code, reason) == (3, "not known of web-1 and 1 more")
    assert {"@web kernel", "@web packages of /opt/small/venv"} <= {
        each["subject"] for each in document["compared"]["unknowns"]
    }
    assert (
        document["totals"]["checks"] == document["compared"]["totals"]["total"] == len(document["compared"]["unknowns"])
    )
    assert [each["totals"]["total"] for each in document["hosts"]] == [0, 0, 0]
    table = audit(desk, "--all-hosts", "--only", "QT721", "--format", "table").out
    assert "none of its checks is selected" in table


def test_a_selection_that_some_hosts_have_nothing_of(desk: Path) -> None:
    api = desk / "registry" / "services" / "api.toml"
    api.write_text(api.read_text().replace('["db-1", "web-1", "web-2"]', '["web-1"]', 1))
    ran = audit(desk, "--all-hosts", "--only", "QT301", "--subject", "127.0.0.1:8000", "--format", "json")
    assert (ran.code, [each["totals"]["total"] for each in json.loads(ran.out)["hosts"]]) == (3, [0, 1, 0])
    ran = audit(desk, "--all-hosts", "--only", "QT301", "--subject", "127.0.0.1:8")
    assert (ran.code, ran.out) == (2, "")
    assert "error: no check of 3 hosts matches QT301 127.0.0.1:8 (qtctl audit --all shows them all)" in ran.err


def test_a_host_that_is_not_reached_is_one_line_of_markdown(desk: Path) -> None:
    ran = audit(desk, "--host", "web-*", "--format", "md")
    assert re.findall(r"^#+ .*", ran.out, re.MULTILINE) == ["# Audit of 2 hosts"]
    assert len(re.findall(r"^\| `web-[12]` \| Incomplete.*connection refused", ran.out, re.MULTILINE)) == 2


def test_saved_evidence_is_one_file_a_host(desk: Path) -> None:
    (desk / "evidence").mkdir()
    ran = audit(desk, "--all-hosts", "--save", "evidence", "--format", "json")
    saved = sorted(path.name for path in (desk / "evidence").iterdir())
    assert (ran.code, saved) == (3, ["db-1.json", "web-1.json", "web-2.json"])
    again = audit(desk, "--from", "evidence/web-1.json", "--as", "web-1", "--format", "json")
    assert json.loads(again.out) == json.loads(ran.out)["hosts"][1]


def test_a_store_password_is_in_no_output(desk: Path) -> None:
    stores = desk / "registry" / "stores.toml"
    stores.write_text(stores.read_text() + 'password_env = "REDIS_PASSWORD"\n')
    (desk / "evidence").mkdir()
    argv = ("audit", "--all-hosts", "--save", "evidence", "--format", "json")
    ran = qtctl(desk, *argv)
    assert (ran.code, ran.err) == (2, "error: REDIS_PASSWORD is not set (it holds the password of store redis)\n")
    ran = qtctl(desk, *argv, env={"REDIS_PASSWORD": "canary-password"})
    texts = [ran.out, ran.err, *(path.read_text() for path in (desk / "evidence").iterdir())]
    assert ran.code == 3
    assert "canary" not in "".join(texts)


@pytest.mark.lab
def test_two_hosts_are_audited_at_once_and_a_dead_one_costs_its_deadline(box: Box, tmp_path: Path) -> None:
    up = live("lab", "up", "--hosts", "2")
    assert up.code == 0, up.err
    try:
        code, document = together(box, "lab1,lab2", tmp_path)
        # Nothing has been deployed to lab2.
        assert (code, verdicts(document)) == (1, {"lab1": "as-declared", "lab2": "not-as-declared"})
        compare_live(tmp_path)
        code, document = together(box, "lab1,lab2,lab9", tmp_path)
        assert (code, document["verdict"]) == (1, "not-as-declared")
        assert verdicts(document)["lab9"] == "incomplete"
        lab.unplug("lab2")
        began = time.monotonic()
        code, document = together(box, "lab2,lab1", tmp_path)
        assert time.monotonic() - began < DEADLINE_S + 8
        assert (code, verdicts(document)) == (3, {"lab2": "incomplete", "lab1": "as-declared"})
        assert document["hosts"][0]["totals"]["unknown"] == document["hosts"][0]["totals"]["total"]
    finally:
        lab.down(["lab2"])


ODD = "/etc/systemd/system/odd.service"
FLEET = """
name = "pair"
unit_prefix = "pair-"
unit_patterns = ["pair-*"]
env_dir = "/etc/pair"
[defaults]
user = "pair"
group = "pair"
code = "/srv/pair"
"""


def compare_live(folder: Path) -> None:
    """What only one of two hosts with a tag has is found, and each proof shows it on its host."""
    registry = folder / "pair"
    registry.mkdir()
    (registry / "fleet.toml").write_text(FLEET)
    hosts = "".join(f'{HOST.format(name=name, port=9)}tags = ["pair"]\n' for name in ("lab1", "lab2"))
    (registry / "hosts.toml").write_text(hosts.replace('"audit"', '"qtaudit"'))
    second = Box("lab2")
    second.sh(f"printf '[Service]\\nExecStart=/bin/true\\n' >{ODD}; systemctl daemon-reload")
    try:
        argv = ("--registry", str(registry), "--tag", "pair", "--only", "QT721", "--format", "json")
        found = live("audit", *argv, env={"HOME": str(folder)}).json()["compared"]
    finally:
        second.sh(f"rm {ODD}; systemctl daemon-reload")
    (files,) = (each for each in found["findings"] if each["subject"] == "@pair unit files")
    assert "odd.service static" in str(files["observed"])
    assert found["totals"]["unknown"] == 0
    for check in found["findings"]:
        for proof in check["proof"]:
            ssh, host, command = shlex.split(proof["again"])
            if ODD.rpartition("/")[2] not in command:
                assert proof["line"] in Box(host).sh(command).splitlines(), (ssh, command)


def together(box: Box, hosts: str, folder: Path) -> tuple[int, Any]:
    argv = ("--registry", str(box.registry), "--host", hosts, "--format", "json", "--deadline", str(DEADLINE_S))
    ran = live("audit", *argv, env={"HOME": str(folder)})
    return ran.code, ran.json()


def verdicts(document: Any) -> dict[str, str]:
    return {host["address"]: host["verdict"] for host in document["hosts"]}


@pytest.mark.lab
def test_a_fleet_says_of_a_host_what_its_own_audit_says(box: Box) -> None:
    """Of one before it or one after: what timers start meanwhile is one thing more to judge."""
    alone = ("audit", "--host", box.name, "--format", "json")
    before = live(*alone).json()
    (among,) = live("audit", "--host", "lab1,lab1", "--format", "json").json()["hosts"]
    after = live(*alone).json()
    for report in (before, among, after):
        del report["taken_at"], report["baseline"]
    assert among in (before, after)


@pytest.mark.lab
def test_a_host_is_selected_and_placed_on_by_its_tag(box: Box, tmp_path: Path) -> None:
    """The lab host under its own name: what is placed by its tag is expected of it, what has another tag is not."""
    registry = tmp_path / "registry"
    shutil.copytree(box.registry, registry)
    hosts = registry / "hosts.toml"
    hosts.write_text(
        hosts.read_text().replace("quantumtrader-prod-1", box.name).replace("cpus =", 'tags = ["prod"]\ncpus =')
    )
    hosts.write_text(hosts.read_text() + HOST.format(name="spare", port=9) + 'tags = ["spare"]\n')
    for path in (registry / "services").iterdir():
        head, text = path.read_text().split("\n", 1)
        path.write_text(f'{head}\nhosts = ["@prod"]\n{text}')
    engine = registry / "services" / "ai-engine.toml"
    engine.write_text(engine.read_text() + '[on."@prod".limits]\nmemory_max = "3G"\n')
    extra = registry / "services" / "spare-only.toml"
    extra.write_text(
        'hosts = ["@spare"]\nsummary = "S"\nstate = "running"\nrun.kind = "command"\nrun.argv = ["/bin/s"]\n'
    )
    ran = live("audit", "--registry", str(registry), "--tag", "prod", "--all", "--format", "json")
    (host,) = ran.json()["hosts"]
    subjects = {check["subject"] for check in host["checks"]}
    assert host["address"] == box.name
    assert "quantum-ai-engine.service" in subjects
    assert not any("spare-only" in subject for subject in subjects)
    # The value that the tag has is the one that the host is compared with.
    broken = [check for check in host["checks"] if check["outcome"] == "broken" and "ai-engine" in check["subject"]]
    assert "MemoryMax" in str(broken)
    planned = live("plan", "--registry", str(registry), "--tag", "prod", "--format", "json")
    assert "selected: lab1\n" in planned.err
    (shared,) = planned.json()["plans"]
    assert shared["hosts"] == [box.name]
    assert not any("spare-only" in str(step) for step in shared["steps"])
