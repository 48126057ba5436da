"""A booted host: systemd over its bus, sudo, Redis, as an ordinary user and as root."""

import time
from collections.abc import Iterator

import pytest

from qtctl.errors import HostError, Refused
from qtctl.model.tree import TreeFile
from qtctl.ports.host import BusCall, JobResult
from tests.adapters.conftest import Booted

pytestmark = pytest.mark.lab

PATH = "/org/freedesktop/systemd1"
MANAGER = f"{PATH[1:].replace('/', '.')}.Manager"
PROPERTIES = "org.freedesktop.DBus.Properties"


def restart(unit: str) -> BusCall:
    return BusCall(PATH, MANAGER, "RestartUnit", "ss", (unit, "replace"))


@pytest.fixture(scope="module")
def units(booted: Booted) -> Iterator[None]:
    """job1 … job20 start, job-fails ends with 1, job-slow takes half a second to start."""
    script = "cd /run/systemd/system\n"
    for number in range(1, 21):
        script += f"printf '[Service]\\nType=exec\\nExecStart=/bin/sleep inf\\n' > job{number}.service\n"
    script += "printf '[Service]\\nType=oneshot\\nExecStart=/bin/false\\n' > job-fails.service\n"
    script += "printf '[Service]\\nType=oneshot\\nExecStart=/bin/sleep 3\\n' > job-slow.service\n"
    script += "printf '[Unit]\\nRequires=job-fails.service\\nAfter=job-fails.service\\n"
    script += "[Service]\\nExecStart=/bin/sleep inf\\n' > job-needs.service\n"
    booted.inside("sh", "-c", f"{script}\nsystemctl daemon-reload")
    yield
    booted.inside("sh", "-c", "systemctl stop 'job*'; rm /run/systemd/system/job*; systemctl daemon-reload")


def test_an_ordinary_user_reads_units(booted: Booted) -> None:
    with booted.connect("qtaudit") as host:
        bus = host.bus()
        began = time.monotonic()
        listed, version = bus.call(
            [BusCall(PATH, MANAGER, "ListUnits"), BusCall(PATH, PROPERTIES, "Get", "ss", (MANAGER, "Version"))], 5
        )
        assert time.monotonic() - began < 1
    assert isinstance(version.body[0], str)
    assert isinstance(listed.body[0], list)
    assert "ssh.service" in {unit[0] for unit in listed.body[0]}


def test_many_calls_and_none_refused(booted: Booted) -> None:
    """Sent all at once, dbus-daemon would refuse some: LimitsExceeded."""
    with booted.connect("qtaudit") as host:
        replies = host.bus().call([BusCall(PATH, PROPERTIES, "GetAll", "s", (MANAGER,))] * 700, 20)
    assert {reply.error for reply in replies} == {""}
    assert isinstance(replies[0].body[0], dict)
    assert isinstance(replies[0].body[0]["Features"], str)


def test_jobs_have_their_real_results(booted: Booted, units: None) -> None:  # noqa: ARG001
    names = [*(f"job{number}.service" for number in range(1, 21)), "job-fails.service"]
    with booted.connect("ops") as host:
        bus = host.bus(root=True)
        results = bus.jobs([restart(name) for name in [*names, "job-missing.service"]], 20)
        assert [(result.unit, result.result) for result in results[:-1]] == [
            *((name, "done") for name in names[:-1]),
            ("job-fails.service", "failed"),
        ]
        assert results[-1].unit == "job-missing.service"
        assert results[-1].result == "org.freedesktop.systemd1.NoSuchUnit"
        assert not results[-1].ok
        assert bus.jobs([restart("job-needs.service")], 10) == [JobResult("job-needs.service", "dependency")]
        assert bus.jobs([restart("job1.service")] * 3, 10)[-1].ok


def test_a_job_past_its_deadline(booted: Booted, units: None) -> None:  # noqa: ARG001
    with booted.connect("ops") as host:
        began = time.monotonic()
        fast, slow = host.bus(root=True).jobs([restart("job2.service"), restart("job-slow.service")], 0.7)
        assert time.monotonic() - began < 2
    assert (fast.result, slow.result) == ("done", "deadline")


def test_an_ordinary_user_starts_nothing(booted: Booted, units: None) -> None:  # noqa: ARG001
    with booted.connect("qtaudit") as host:
        (result,) = host.bus().jobs([restart("job1.service")], 5)
    assert not result.ok
    assert result.result.startswith("org.freedesktop.DBus.Error.")


def test_sudo(booted: Booted) -> None:
    with booted.connect("ops") as host:
        done = host.start("id -u; echo x >&2; exit 5", root=True).finish(10)
        assert (done.exit, done.stdout, done.stderr) == (5, b"0\n", b"x\n")
        assert host.start("id -un").finish(10).stdout == b"ops\n"


def test_no_sudo(booted: Booted) -> None:
    with booted.connect("qtaudit") as host:
        for asked in (lambda: host.start("id", root=True).finish(10), lambda: host.bus(root=True)):
            began = time.monotonic()
            with pytest.raises(Refused, match="not root"):
                asked()
            assert time.monotonic() - began < 5
        assert host.start("echo up").finish(5).exit == 0


def test_put_belongs_to_the_login_user(booted: Booted) -> None:
    with booted.connect("ops") as host:
        host.put("/tmp/adapters-put", [TreeFile("etc/x", b"1\n")])
        listed = host.start(
            "stat -c '%U %a' /tmp/adapters-put /tmp/adapters-put/etc/x; rm -r /tmp/adapters-put"
        ).finish(5)
        assert listed.stdout == b"ops 700\nops 600\n"
        with pytest.raises(Refused, match="/etc/adapters"):
            host.put("/etc/adapters", [])


def test_redis(booted: Booted) -> None:
    with booted.connect("qtaudit") as host:
        assert host.store("127.0.0.1", 6379, None).ask([("PING",)], 5)[0].value == "PONG"


def test_the_bus_is_stopped(booted: Booted) -> None:
    """Socket and service gone: told at once, mid-way and at the start; the host serves commands on."""
    with booted.connect("qtaudit") as host:
        bus = host.bus()
        booted.inside("sh", "-c", "systemctl stop dbus.socket dbus.service")
        try:
            began = time.monotonic()
            with pytest.raises(HostError, match="no system bus"):
                bus.call([BusCall(PATH, MANAGER, "ListUnits")], 5)
            with pytest.raises(HostError, match="no system bus"):
                host.bus()
            assert time.monotonic() - began < 4
            assert host.start("echo up").finish(5).exit == 0
        finally:
            booted.inside("sh", "-c", "systemctl start dbus.socket; systemctl start dbus.service")
        assert host.bus().call([BusCall(PATH, MANAGER, "ListUnits")], 5)[0].error == ""


def test_no_bridge(booted: Booted) -> None:
    bridge = "/usr/bin/systemd-stdio-bridge"
    booted.inside("mv", bridge, f"{bridge}.away")
    try:
        with booted.connect("qtaudit") as host, pytest.raises(HostError, match="no systemd-stdio-bridge"):
            host.bus()
    finally:
        booted.inside("mv", f"{bridge}.away", bridge)
