"""A booted host: systemd over its bus, sudo, Redis, as an ordinary user and as root.

Its bus is reached over SSH and, by either library, as its own programs reach it.
"""

import threading
import time
from collections.abc import Iterator

import pytest

from qtctl.adapters import bridge
from qtctl.adapters.local_bus import LocalBus
from qtctl.errors import HostError, Refused
from qtctl.interfaces.host import BusCall, BusReply, JobResult
from qtctl.model.tree import TreeFile
from tests.adapters.conftest import Booted
from tests.machine import need_pydbus

pytestmark = pytest.mark.lab

PATH = "/org/freedesktop/systemd1"
MANAGER = f"{PATH[1:].replace('/', '.')}.Manager"
SERVICE = "org.freedesktop.systemd1.Service"
PROPERTIES = "org.freedesktop.DBus.Properties"
UNITS = (
    "ssh_2eservice", "redis_2dserver_2eservice", "dbus_2esocket", "multi_2duser_2etarget", "system_2eslice",
    "systemd_2dtmpfiles_2dclean_2etimer", "_2d_2emount",
)  # fmt: skip
GOES_ON = ("Memory", "CPUUsage", "Tasks", "IO", "IP", "Effective", "Available")
"""How properties begin that may differ from one look to the next."""


def restart(unit: str) -> BusCall:
    return BusCall(PATH, MANAGER, "RestartUnit", "ss", (unit, "replace"))


@pytest.fixture(params=["ssh", "jeepney", "pydbus"])
def root_bus(request: pytest.FixtureRequest, booted: Booted) -> Iterator[LocalBus]:
    """The bus as root: through sudo over SSH, and at its socket."""
    if request.param == "ssh":
        with booted.connect("ops") as host:
            yield host.bus(root=True)
        return
    bus = bridge.open_local(booted.name, booted.socket) if request.param == "jeepney" else _by_pydbus(booted)
    yield bus
    bus.close()


def _by_pydbus(booted: Booted) -> LocalBus:
    need_pydbus()
    from qtctl.adapters import dbus_pydbus

    return dbus_pydbus.open_local(booted.name, booted.socket)


@pytest.fixture(scope="module")
def units(booted: Booted) -> Iterator[None]:
    """job1 … job20 start, job-fails ends with 1, job-slow takes half a second to start."""
    often = "[Unit]\\nStartLimitIntervalSec=0\\n"
    script = "cd /run/systemd/system\n"
    for number in range(1, 21):
        script += f"printf '{often}[Service]\\nType=exec\\nExecStart=/bin/sleep inf\\n' > job{number}.service\n"
    script += f"printf '{often}[Service]\\nType=oneshot\\nExecStart=/bin/false\\n' > job-fails.service\n"
    script += f"printf '{often}[Service]\\nType=oneshot\\nExecStart=/bin/sleep 3\\n' > job-slow.service\n"
    script += f"printf '{often}Requires=job-fails.service\\nAfter=job-fails.service\\n"
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


def test_many_calls_and_none_refused(root_bus: LocalBus) -> None:
    """Sent all at once, dbus-daemon would refuse some: LimitsExceeded."""
    replies = root_bus.call([BusCall(PATH, PROPERTIES, "GetAll", "s", (MANAGER,))] * 700, 20)
    assert {reply.error for reply in replies} == {""}
    assert isinstance(replies[0].body[0], dict)
    assert isinstance(replies[0].body[0]["Features"], str)


def test_both_libraries_read_the_same(booted: Booted) -> None:
    """Every property of units of all kinds, but what goes on by itself: values and their Python types."""
    jeepney, pydbus = bridge.open_local(booted.name, booted.socket), _by_pydbus(booted)
    paths = [f"{PATH}/unit/{name}" for name in UNITS]
    kinds = [f"org.freedesktop.systemd1.{name.rpartition('_2e')[2].capitalize()}" for name in UNITS]
    calls = [
        BusCall(path, PROPERTIES, "GetAll", "s", (interface,))
        for path, kind in zip(paths, kinds, strict=True)
        for interface in ("org.freedesktop.systemd1.Unit", kind)
    ]
    calls += [BusCall(PATH, MANAGER, "ListUnitsByNames", "as", (["ssh.service", "no.service"],))]
    calls += [BusCall(PATH, MANAGER, "GetUnit", "s", ("no.service",))]
    mine, theirs = jeepney.call(calls, 20), pydbus.call(calls, 20)
    assert [repr(_steady(reply)) for reply in mine] == [repr(_steady(reply)) for reply in theirs]
    assert [reply.error for reply in mine] == [*[""] * (len(calls) - 1), "org.freedesktop.systemd1.NoSuchUnit"]
    assert {type(each) for reply in mine for each in _values(reply)} == {str, int, bool, bytes, list, tuple}
    jeepney.close()
    pydbus.close()


def _values(reply: BusReply) -> list[object]:
    return list(reply.body[0].values()) if reply.body and isinstance(reply.body[0], dict) else []


def _steady(reply: BusReply) -> object:
    if not _values(reply):
        return reply
    assert isinstance(reply.body[0], dict)
    return {name: each for name, each in reply.body[0].items() if not name.startswith(GOES_ON)}


def test_jobs_have_their_real_results(root_bus: LocalBus, units: None) -> None:  # noqa: ARG001
    names = [*(f"job{number}.service" for number in range(1, 21)), "job-fails.service"]
    results = root_bus.jobs([restart(name) for name in [*names, "job-missing.service"]], 20)
    assert [(result.unit, result.result) for result in results[:-1]] == [
        *((name, "done") for name in names[:-1]),
        ("job-fails.service", "failed"),
    ]
    assert results[-1].unit == "job-missing.service"
    assert results[-1].result == "org.freedesktop.systemd1.NoSuchUnit"
    assert "job-missing.service" in results[-1].message
    assert not results[-1].ok
    assert root_bus.jobs([restart("job-needs.service")], 10) == [JobResult("job-needs.service", "dependency")]
    assert root_bus.jobs([restart("job1.service")] * 3, 10)[-1].ok


def test_jobs_that_end_at_once(root_bus: LocalBus) -> None:
    """Who subscribes after the first would never hear of them."""
    targets = ["sysinit.target", "basic.target", "multi-user.target"]
    results = root_bus.jobs([BusCall(PATH, MANAGER, "StartUnit", "ss", (name, "replace")) for name in targets], 5)
    assert results == [JobResult(name, "done") for name in targets]


def test_a_job_past_its_deadline(root_bus: LocalBus, units: None) -> None:  # noqa: ARG001
    began = time.monotonic()
    fast, slow = root_bus.jobs([restart("job2.service"), restart("job-slow.service")], 0.7)
    assert time.monotonic() - began < 2
    assert (fast.result, slow.result) == ("done", "deadline")


def test_arguments_that_are_more_than_strings(root_bus: LocalBus, units: None) -> None:  # noqa: ARG001
    """Of every kind that a deploy sends, and a variant."""
    weight = ("job1.service", True, [("CPUWeight", ("t", 50))])
    unset = ("job1.service", True, [("CPUWeight", ("t", 2**64 - 1))])
    read = BusCall(f"{PATH}/unit/job1_2eservice", PROPERTIES, "Get", "ss", (SERVICE, "CPUWeight"))
    replies = root_bus.call(
        [
            BusCall(PATH, MANAGER, "SetUnitProperties", "sba(sv)", weight),
            read,
            BusCall(PATH, MANAGER, "SetUnitProperties", "sba(sv)", unset),
            read,
            BusCall(PATH, MANAGER, "EnableUnitFiles", "asbb", (["job1.service"], True, False)),
        ],
        10,
    )
    assert replies == [BusReply(()), BusReply((50,)), BusReply(()), BusReply((2**64 - 1,)), BusReply((False, []))]


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


@pytest.mark.parametrize("root_bus", ["jeepney", "pydbus"], indirect=True)
def test_the_bus_is_stopped_while_a_job_runs(root_bus: LocalBus, booted: Booted, units: None) -> None:  # noqa: ARG001
    stop = threading.Timer(0.3, booted.inside, ["sh", "-c", "systemctl stop dbus.socket dbus.service"])
    stop.start()
    try:
        began = time.monotonic()
        with pytest.raises(HostError, match="no system bus"):
            root_bus.jobs([restart("job-slow.service")], 20)
        assert time.monotonic() - began < 2.5
    finally:
        stop.join()
        booted.inside("sh", "-c", "systemctl start dbus.socket; systemctl start dbus.service")


def test_no_bridge(booted: Booted) -> None:
    bridge = "/usr/bin/systemd-stdio-bridge"
    booted.inside("mv", bridge, f"{bridge}.away")
    try:
        with booted.connect("qtaudit") as host, pytest.raises(HostError, match="no systemd-stdio-bridge"):
            host.bus()
    finally:
        booted.inside("mv", f"{bridge}.away", bridge)
