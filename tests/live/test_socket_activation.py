"""A real systemd listens, watches, mounts and limits for services: deploy, audit, parity and module registry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from qtctl.lab import lab
from tests.live.box import Box, Ran, qtctl
from tests.machine import own_lab

pytestmark = pytest.mark.lab

ACT = "import socket, time; s = socket.socket(fileno=3); time.sleep(99999)"
UNITS = "/etc/systemd/system"
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
slice = "pool"
run = { kind = "command", argv = ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "1920%i"] }
ports.http.listen = "127.0.0.1:1920%i"
instance.2.env = { ONLY = "of the second" }
""",
    "services/act.toml": f"""\
summary = "Started by its socket"
state = "on-demand"
run = {{ kind = "command", argv = ["/usr/bin/python3", "-c", "{ACT}"] }}
""",
    "services/job.toml": """\
summary = "Started by a path"
state = "on-demand"
type = "oneshot"
user = "root"
run = { kind = "command", argv = ["/bin/sh", "-c", "rm -f /srv/a /srv/b; touch /run/zk-job"] }
""",
    "services/user.toml": """\
summary = "Goes with the socket of act"
state = "running"
run = { kind = "command", argv = ["/bin/sleep", "infinity"] }
order = { requires = ["zk-act.socket"] }
""",
    "sockets.toml": """\
[act]
summary = "Act"
listen = ["stream 127.0.0.1:19100", "stream 19101"]
[also]
summary = "Another way to act"
service = "act"
listen = ["stream /run/zk-also.sock"]
""",
    "paths.toml": '[drop]\nsummary = "Drop"\nservice = "job"\npath_exists = ["/srv/a"]\n',
    "slices.toml": '[pool]\nsummary = "Pool"\nlimits = { memory_max = "512M" }\n',
    "mounts.toml": """\
[data]
summary = "Data"
what = "tmpfs"
where = "/srv/zk-data"
type = "tmpfs"
options = "size=1M"
""",
    "legacy/docker-compose.toml": """\
compose = "docker-compose.yml"
accepted.command = "It is in the image, and was looked at."
services.worker = { is = "mapped", to = ["wk"], why = "a template" }
services.one = { is = "mapped", to = ["wk@2"], why = "an instance" }
services.act = { is = "mapped", to = ["act"], why = "started by its socket" }
""",
}
EXTERNAL = """\
[echo]
summary = "Started by a socket that nobody declares"
enabled = false
ports = {{ echo = {{ listen = "127.0.0.1:{}" }} }}
"""
INSTALL = """\
cd /etc/systemd/system
printf '[Socket]\\nListenStream=127.0.0.1:19000\\n' > echo.socket
printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > echo.service
systemctl daemon-reload; systemctl start echo.socket
"""
COMPOSE = 'services:\n  worker: {image: a}\n  one: {image: a}\n  act: {image: b, ports: ["127.0.0.1:19100:80"]}\n'
CONNECT = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {}))'"


class Fleet:
    """A registry that tests change, and the host on which it is deployed."""

    def __init__(self, root: Path) -> None:
        self.registry, self.compose, self.box = root / "registry", root / "docker-compose.yml", Box("lab1")
        self.compose.write_text(COMPOSE)
        self.restore()

    @property
    def of(self) -> tuple[str, ...]:
        return ("--host", "lab1", "--registry", str(self.registry))

    def write(self, name: str, text: str) -> None:
        (self.registry / name).parent.mkdir(parents=True, exist_ok=True)
        (self.registry / name).write_text(text)

    def change(self, name: str, old: str, new: str) -> Ran:
        """Deploy with one text of the registry changed."""
        assert old in FILES[name]
        self.write(name, FILES[name].replace(old, new))
        return self.deploy()

    def restore(self) -> None:
        """The registry; the next deploy brings the host back."""
        for name, text in FILES.items():
            self.write(name, text)

    def deploy(self) -> Ran:
        done = qtctl("deploy", *self.of, "--yes", "--format", "json")
        assert done.code == 0, done.out + done.err
        return done

    def steps(self, done: Ran) -> list[tuple[str, str]]:
        return [(step["kind"], step["subject"]) for step in done.json()["steps"]]

    def listening(self) -> set[str]:
        shown = self.box.sh("ss -H -lnt | awk '{print $4}'").split()
        return {each for each in shown if ":191" in each}

    def started(self, *units: str) -> list[str]:
        return [self.box.sh(f"systemctl show -P ActiveEnterTimestampMonotonic {each}").strip() for each in units]

    def all_hold(self) -> None:
        audited = qtctl("audit", *self.of)
        assert audited.code == 0, audited.out
        parity = qtctl("parity", "--compose", str(self.compose), *self.of, "--format", "json")
        assert parity.json()["verdict"] == "parity"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    with own_lab(tmp_path_factory.mktemp("lab")):
        try:
            assert qtctl("lab", "up", "--registry", str(fleet.registry)).code == 0
            fleet.deploy()
            yield fleet
        finally:
            lab.down(["lab1"])


@pytest.fixture
def fleet(deployed: Fleet) -> Iterator[Fleet]:
    yield deployed
    deployed.restore()


def test_what_systemd_listens_on_belongs_to_the_socket(fleet: Fleet) -> None:
    fleet.box.sh(CONNECT.format(19100))
    fleet.box.wait("systemctl is-active zk-act")
    fleet.all_hold()
    report = qtctl("report", "registry", *fleet.of, "--format", "json").json()
    ports = {row["port"]: (row["unit"], row["found"]) for row in report["ports"]}
    assert ports == {
        19100: ("zk-act.socket", "listening"),
        19101: ("zk-act.socket", "listening"),
        19201: ("zk-wk@1.service", "listening"),
        19202: ("zk-wk@2.service", "listening"),
    }
    assert {row["unit"]: row["active"] for row in report["units"]}["zk-act.socket"] == "active"
    fleet.box.sh("systemctl stop zk-act.socket zk-also.socket zk-act.service zk-wk@2.service")
    stopped = qtctl("parity", "--compose", str(fleet.compose), *fleet.of, "--format", "json").json()
    gaps = {row["service"] for row in stopped["files"][0]["services"] if row["verdict"] == "gap"}
    assert gaps == {"worker", "one", "act"}
    fleet.deploy()


def test_a_changed_socket_is_started_anew_with_its_service(fleet: Fleet) -> None:
    fleet.box.sh(CONNECT.format(19100))
    fleet.box.wait("systemctl is-active zk-act")
    other = fleet.started("zk-wk@1.service")
    done = fleet.change("sockets.toml", "127.0.0.1:19100", "127.0.0.1:19109")
    assert fleet.steps(done) == [
        ("write", f"{UNITS}/zk-act.socket"),
        ("stop", "zk-act.service"),
        ("stop", "zk-act.socket"),
        ("stop", "zk-also.socket"),
        ("daemon-reload", "systemd"),
        ("start", "zk-user.service"),
        ("start", "zk-act.socket"),
        ("start", "zk-also.socket"),
    ]
    assert fleet.listening() == {"127.0.0.1:19109", "*:19101"}
    assert fleet.started("zk-wk@1.service") == other
    assert not fleet.box.succeeds("systemctl is-active zk-act"), "on demand: the next connection starts it"


def test_a_socket_that_is_down_while_its_service_runs_comes_back(fleet: Fleet) -> None:
    fleet.box.sh("systemctl start zk-act.service; systemctl stop zk-act.socket")
    fleet.box.wait("systemctl is-active zk-act")
    fleet.deploy()
    assert fleet.listening() == {"127.0.0.1:19100", "*:19101"}


def test_an_address_that_is_taken_brings_the_old_one_back(fleet: Fleet) -> None:
    take = 'import socket, time; s = socket.socket(); s.bind(("127.0.0.1", 19108)); s.listen(); time.sleep(999)'
    fleet.box.sh(f"systemd-run --unit taken --quiet python3 -c '{take}'")
    fleet.box.wait("ss -H -lnt | grep -q 19108")
    fleet.write("sockets.toml", FILES["sockets.toml"].replace(":19100", ":19108"))
    done = qtctl("deploy", *fleet.of, "--yes", "--deadline", "4")
    assert done.code == 4, done.out
    assert fleet.listening() == {"127.0.0.1:19100", "*:19101", "127.0.0.1:19108"}
    assert "init.scope" not in done.out + done.err
    fleet.box.sh("systemctl stop taken")


def test_changed_paths_mounts_and_slices_are_applied(fleet: Fleet) -> None:
    fleet.deploy()
    kept = ("zk-wk@1.service", "zk-user.service", "zk-act.socket")
    before = fleet.started(*kept)
    fleet.write("paths.toml", FILES["paths.toml"].replace("/srv/a", "/srv/b"))
    fleet.write("mounts.toml", FILES["mounts.toml"].replace("size=1M", "size=2M"))
    done = fleet.change("slices.toml", "512M", "256M")
    assert [step for step in fleet.steps(done) if step[0] != "write"] == [
        ("daemon-reload", "systemd"),
        ("reload", "srv-zk\\x2ddata.mount"),
        ("restart", "zk-drop.path"),
    ]
    fleet.box.sh("rm -f /run/zk-job; touch /srv/b")
    fleet.box.wait("test -e /run/zk-job")
    assert "size=2048k" in fleet.box.sh("findmnt -no OPTIONS /srv/zk-data")
    assert fleet.box.sh("systemctl show -P MemoryMax zk-pool.slice").strip() == str(256 * 1024**2)
    assert fleet.started(*kept) == before
    assert qtctl("audit", *fleet.of).code == 0


def test_each_instance_is_audited_with_its_own_port_and_values(fleet: Fleet) -> None:
    environment = "tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID zk-wk@{}.service)/environ"
    assert "ONLY=of the second" in fleet.box.sh(environment.format(2))
    assert "ONLY" not in fleet.box.sh(environment.format(1))
    fleet.deploy()
    other = fleet.started("zk-wk@1.service")
    done = fleet.change("services/wk.toml", "of the second", "of number 2")
    assert [step for step in fleet.steps(done) if step[0] != "write"] == [("restart", "zk-wk@2.service")]
    assert fleet.started("zk-wk@1.service") == other
    fleet.box.sh("systemctl stop zk-wk@2.service")
    found = qtctl("audit", *fleet.of, "--format", "json").json()["findings"]
    assert {(each["id"], each["subject"]) for each in found} == {
        ("QT219", "zk-wk@2.service"),
        ("QT301", "127.0.0.1:19202"),
    }


def test_a_service_of_somebody_else_may_wait_behind_its_socket(fleet: Fleet) -> None:
    fleet.deploy()
    fleet.box.sh(INSTALL)
    fleet.write("externals.toml", EXTERNAL.format(19000))
    fleet.deploy()
    assert qtctl("audit", *fleet.of).code == 0
    fleet.box.sh("systemctl stop echo.socket")
    found = qtctl("audit", *fleet.of, "--format", "json").json()["findings"]
    assert {each["id"] for each in found} == {"QT219", "QT301"}
    assert not any("init.scope" in each["remedy"] for each in found)
