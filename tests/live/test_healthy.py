"""What makes a lab host a real one: everything declared is alive there, and is again after a reboot."""

import json
import re

import pytest

from qtctl.adapters.files import read_registry, read_templates
from qtctl.flows.declare import declare
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import Listener
from qtctl.model.states import KeyType
from tests.live.box import ROOT, Box, qtctl

pytestmark = pytest.mark.lab

ALIVE_MS = 5_000
"""A publisher of the lab publishes each second, a consumer reads twice a second."""
ENOUGH_STREAMS, ENOUGH_GROUPS, ENOUGH_URLS, ENOUGH_SERVICES = 20, 40, 8, 28
EVERYWHERE = {"0.0.0.0", "*", "[::]"}  # noqa: S104 - seen, not bound
ON_DISK = """
cat /etc/machine-id
sha256sum /etc/systemd/system/quantum-*.service /etc/ssh/ssh_host_*
getent hosts quantum_redis
stat -c '%a %U:%G' /data/quantum/models /var/log/quantum
"""
ASK_URLS = """
import json, sys, urllib.error, urllib.request

def status(url):
    try:
        return urllib.request.urlopen(url, timeout=2).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return str(error)

print(json.dumps({url: status(url) for url in json.loads(sys.argv[1])}))
"""


@pytest.fixture(scope="module")
def desired() -> Desired:
    return declare(read_registry(ROOT / "registry"), read_templates(None), "", None).desired


def test_every_declared_stream_has_a_live_publisher(box: Box, desired: Desired) -> None:
    streams = [key.name for key in desired.keys if key.type is KeyType.STREAM]
    assert len(streams) >= ENOUGH_STREAMS
    now = int(box.sh("date +%s%3N"))
    asked = box.sh("\n".join(f"redis-cli --json XREVRANGE {name} + - COUNT 1" for name in streams))
    last = {name: int(line.split('"')[1].split("-")[0]) for name, line in zip(streams, asked.splitlines(), strict=True)}
    assert {name: now - at for name, at in last.items() if now - at > ALIVE_MS} == {}


def test_every_declared_group_has_a_live_consumer(box: Box, desired: Desired) -> None:
    groups = sorted({(each.stream, each.group) for service in desired.services for each in service.consumes})
    assert len(groups) >= ENOUGH_GROUPS
    asked = box.sh("\n".join(f"redis-cli --json XINFO CONSUMERS {stream} {group}" for stream, group in groups))
    idle = {
        group: min((consumer["idle"] for consumer in json.loads(line)), default=None)
        for group, line in zip(groups, asked.splitlines(), strict=True)
    }
    assert {group: ms for group, ms in idle.items() if ms is None or ms > ALIVE_MS} == {}


def test_every_health_url_answers_as_declared(box: Box, desired: Desired) -> None:
    ports = [port for each in desired.services if each.state == "running" for port in each.ports]
    ports += [port for each in desired.externals if each.running for port in each.ports]
    urls = {
        f"http://{_near(port)}:{port.port}{port.health_path}": port.health_status for port in ports if port.health_path
    }
    assert len(urls) >= ENOUGH_URLS
    assert json.loads(box.sh(f"python3 -c '{ASK_URLS}' '{json.dumps(list(urls))}'")) == urls


def test_enough_services_run_what_was_rendered(box: Box, desired: Desired) -> None:
    running = [service.unit for service in desired.services if service.state == "running"]
    assert len(running) >= ENOUGH_SERVICES
    shown = box.sh(f"systemctl show -p ActiveState --value {' '.join(running)}").split()
    assert set(shown) == {"active"}


def test_a_reboot_keeps_the_disk_and_all_comes_back_by_itself(box: Box) -> None:
    box.sh("echo kept > /root/kept-over-a-reboot")
    before = box.sh(ON_DISK)
    booted = _booted(box)
    try:
        ran = qtctl("lab", "reboot", box.name)
        assert (ran.code, ran.out) == (0, f"{box.name} is up again\n"), ran.err
        assert box.sh("cat /root/kept-over-a-reboot") == "kept\n"
    finally:
        box.sh("rm -f /root/kept-over-a-reboot")
    assert _booted(box) > booted
    assert box.sh(ON_DISK) == before
    healthy = box.until_healthy()
    assert (healthy.code, healthy.json()["findings"], healthy.json()["unknowns"]) == (0, [], [])


def _near(port: Listener) -> str:
    """Where the host itself reaches it."""
    return "127.0.0.1" if port.address in EVERYWHERE else port.address


def _booted(box: Box) -> int:
    """When its PID 1 started, microseconds of the machine's own clock."""
    shown = box.sh("systemctl show -p UserspaceTimestampMonotonic")
    found = re.search(r"[0-9]+", shown)
    assert found, shown
    return int(found[0])
