"""Templates, sockets, paths, slices, mounts, drop-ins and credentials on a live host, deployed from a registry."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qtctl.lab import lab
from tests.live.box import Box, qtctl
from tests.live.faulty import check_fault
from tests.machine import own_lab

pytestmark = pytest.mark.lab

HERE = Path(__file__).parent
POOL = HERE / "pool"
FAULTS: dict[str, dict[str, Any]] = tomllib.loads((HERE / "pool_faults.toml").read_text())


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A host of its own, with the registry of `pool` deployed."""
    with own_lab(tmp_path_factory.mktemp("lab")):
        up = qtctl("lab", "up", "--registry", str(POOL))
        assert up.code == 0, up.err
        try:
            deployed = deploy()
            assert deployed.code == 0, deployed.out + deployed.err
            yield Box("lab1", POOL)
        finally:
            lab.down(["lab1"])


def deploy() -> Any:
    return qtctl("deploy", "--registry", str(POOL), "--host", "lab1", "--yes")


def test_it_is_as_declared_and_stays_so(pool: Box) -> None:
    assert "nothing to change" in deploy().out
    ran = pool.until_healthy()
    assert (ran.code, ran.json()["findings"], ran.json()["unknowns"]) == (0, [], [])


def test_each_instance_runs_with_its_own_name(pool: Box) -> None:
    one = r"tr '\0' ' ' < /proc/$(systemctl show -p MainPID --value pool-worker@$i)/cmdline; echo"
    shown = pool.sh(f"for i in 1 2 3 4; do {one}; done")
    assert [line.split("pool.worker ")[1].strip() for line in shown.splitlines()] == [
        f"--shard {each} --rate 50%" for each in "1234"
    ]


def test_instances_share_the_limits_of_their_slice(pool: Box) -> None:
    shown = pool.sh("systemctl show -p MemoryMax -p CPUQuotaPerSecUSec pool-work.slice")
    shown += pool.sh("systemctl show -p Slice pool-worker@1")
    assert shown.split() == ["CPUQuotaPerSecUSec=1.500000s", "MemoryMax=1073741824", "Slice=pool-work.slice"]


def test_a_credential_is_shown_to_the_service_alone(pool: Box) -> None:
    pid = pool.sh("systemctl show -p MainPID --value pool-worker@1").strip()
    folder = pool.sh(f"tr '\\0' '\\n' < /proc/{pid}/environ | sed -n s/^CREDENTIALS_DIRECTORY=//p").strip()
    # With its root: where hosts are booted in a chroot, the root of the namespace is what lies around that.
    beside = f"nsenter -t {pid} -m -r setpriv --clear-groups --reuid"
    assert pool.sh(f"{beside} pool ls {folder}").split() == ["token"]
    assert pool.sh(f"{beside} pool cat {folder}/token") == pool.sh("cat /etc/pool/token") != ""
    for as_nobody in ("setpriv --clear-groups --reuid nobody", f"{beside} nobody"):
        assert f"{folder}/token: Permission denied" in pool.sh(f"{as_nobody} cat {folder}/token 2>&1 || :")


def test_a_socket_starts_its_service_with_the_variables_of_its_unit(pool: Box) -> None:
    pool.sh("python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"/run/pool-echo.sock\")'")
    pool.wait("test -s /run/pool-echo")
    assert pool.sh("cat /run/pool-echo") == 'hello "50%" $HOME of pool-echo.service\n'
    assert pool.until_healthy().code == 0, "on demand: it may run or not"
    pool.sh("systemctl stop pool-echo.socket pool-echo.service; systemctl start pool-echo.socket")


def test_a_path_starts_its_service(pool: Box) -> None:
    pool.sh("mkdir -p /srv/pool/in; touch /srv/pool/in/a.csv")
    pool.wait("test -e /run/pool-swept -a ! -e /srv/pool/in/a.csv")


def test_a_service_that_forks_is_known_by_its_pid_file(pool: Box) -> None:
    main, parent = pool.sh("systemctl show -p MainPID --value pool-daemon; cat /run/pool-daemon/main.pid").split()
    assert main == parent
    assert pool.sh("python3 -c 'import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:8123/health\").status)'")


def test_a_drop_in_reaches_a_unit_of_somebody_else(pool: Box) -> None:
    assert pool.sh("systemctl show -p MemoryMax --value redis-server.service").strip() == "536870912"


@pytest.mark.parametrize("name", FAULTS)
def test_fault(pool: Box, name: str) -> None:
    check_fault(pool, FAULTS[name], "auditor")
