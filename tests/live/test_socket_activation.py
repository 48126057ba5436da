"""A real systemd listens for a service, and runs instances of a template: deploy, audit, parity and module registry."""

from pathlib import Path

import pytest

from qtctl.lab import lab
from tests.live.box import Ran, qtctl
from tests.machine import own_lab

pytestmark = pytest.mark.lab

ACT = "import socket, time; s = socket.socket(fileno=3); time.sleep(99999)"
FILES = {
    "fleet.toml": """\
name = "zk"
unit_prefix = "zk-"
unit_patterns = ["zk-*"]
env_dir = "/etc/zk"
[defaults]
user = "nobody"
group = "nogroup"
code = "/srv"
""",
    "hosts.toml": """\
[lab1]
address = "192.0.2.10"
audit_user = "auditor"
deploy_user = "ops"
memory = "1G"
cpus = 1
""",
    "services/wk.toml": """\
summary = "Worker %i"
state = "running"
instances = ["1", "2"]
run = { kind = "command", argv = ["/bin/sleep", "infinity"] }
""",
    "services/act.toml": f"""\
summary = "Started by its socket"
state = "on-demand"
run = {{ kind = "command", argv = ["/usr/bin/python3", "-c", "{ACT}"] }}
""",
    "sockets.toml": '[act]\nsummary = "Act"\nlisten = ["stream 127.0.0.1:19100", "stream 19101"]\n',
    "legacy/docker-compose.toml": """\
compose = "docker-compose.yml"
services.worker = { is = "mapped", to = ["wk"], why = "a template" }
services.one = { is = "mapped", to = ["wk@2"], why = "an instance" }
services.act = { is = "mapped", to = ["act"], why = "started by its socket" }
""",
}
COMPOSE = 'services:\n  worker: {image: a}\n  one: {image: a}\n  act: {image: b, ports: ["127.0.0.1:19100:80"]}\n'
CONNECT = """python3 -c 'import socket; socket.create_connection(("127.0.0.1", 19100))'
systemctl start zk-act
systemctl is-active zk-act
"""


def on_host(command: str) -> Ran:
    return qtctl("lab", "exec", "lab1", "--", "sh", "-c", command)


def test_what_systemd_listens_on_belongs_to_the_socket(tmp_path: Path) -> None:
    registry, compose = tmp_path / "registry", tmp_path / "docker-compose.yml"
    for name, text in FILES.items():
        (registry / name).parent.mkdir(parents=True, exist_ok=True)
        (registry / name).write_text(text)
    compose.write_text(COMPOSE)
    of = ("--host", "lab1", "--registry", str(registry))
    with own_lab(tmp_path / "lab"):
        try:
            assert qtctl("lab", "up", "--registry", str(registry)).code == 0
            deployed = qtctl("deploy", *of, "--yes")
            assert deployed.code == 0, deployed.out + deployed.err
            _all_hold(of, compose)
            started = on_host(CONNECT)
            assert started.out.strip() == "active", started.err
            _all_hold(of, compose)
            on_host("systemctl stop zk-act.socket zk-act.service zk-wk@2.service")
            stopped = qtctl("parity", "--compose", str(compose), *of, "--format", "json").json()
            gaps = {row["service"] for row in stopped["files"][0]["services"] if row["verdict"] == "gap"}
            assert gaps == {"worker", "one", "act"}
        finally:
            lab.down(["lab1"])


def _all_hold(of: tuple[str, ...], compose: Path) -> None:
    audited = qtctl("audit", *of)
    assert audited.code == 0, audited.out
    assert qtctl("parity", "--compose", str(compose), *of, "--format", "json").json()["verdict"] == "parity"
    report = qtctl("report", "registry", *of, "--format", "json").json()
    assert {row["port"]: row["found"] for row in report["ports"]} == {19100: "listening", 19101: "listening"}
    assert [(row["unit"], row["active"]) for row in report["units"]] == [("zk-act.socket", "active")]
