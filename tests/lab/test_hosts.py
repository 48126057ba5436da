"""Real hosts: booted, logged in to, rebooted, cut off, ended. And the rendered units of a small fleet run there."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from qtctl.errors import LabError
from qtctl.interfaces.progress import silent
from qtctl.lab import cgroups, disk, lab, network, processes, rootfs, state
from qtctl.lab.lab import LabHost
from qtctl.model.events import Event
from qtctl.model.tree import Tree, TreeLink
from qtctl.stage.lab import make_lab_tree
from tests.builders.staged import AUDIT, DEPLOY, tiny
from tests.lab.conftest import host_name, run, ssh

pytestmark = pytest.mark.lab

TREE = make_lab_tree(tiny(), audit_user=AUDIT, deploy_user=DEPLOY)
ENABLED = "tiny-core.target tiny-api tiny-feed tiny-native tiny-sweep.timer"


def settled(what: Callable[[], object], within_s: float = 10) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + within_s
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="module")
def host(own_lab: Path) -> Iterator[LabHost]:
    """A host with the fleet's generated files installed and its services started."""
    assert own_lab.is_dir()
    steps: list[str] = []

    def note(event: Event) -> None:
        steps.append(event.detail)

    (booted,) = lab.up([host_name(1)], TREE, stands_for="box", progress=note)
    assert any("booting" in step for step in steps)
    for file in tiny().files:
        script = f'mkdir -p "$(dirname {file.path})"; cat > {file.path}; chmod {file.mode} {file.path}'
        done = lab.execute(booted.name, ["sh", "-euc", script], stdin=file.content)
        assert done.returncode == 0, done.stderr
    run(booted, f"systemctl daemon-reload; systemctl enable --quiet {ENABLED}; systemctl start {ENABLED}")
    yield booted
    if lab.find(booted.name) is not None:
        lab.down([booted.name])


def redis(host: LabHost, command: str) -> str:
    return run(host, f"redis-cli --raw {command}")


def test_it_is_a_healthy_system(host: LabHost) -> None:
    assert run(host, "systemctl is-system-running --wait || true") == "running"
    assert run(host, "hostname") == host.name
    assert run(host, "timedatectl show -p Timezone --value") == "Europe/Oslo"
    assert (host.stands_for, host.running) == ("box", True)


def unwanted(event: Event) -> None:
    pytest.fail(str(event))


def test_up_again_changes_nothing(host: LabHost) -> None:
    assert lab.up([host.name], TREE, stands_for="box", progress=unwanted) == [host]
    assert lab.list_hosts() == [host]


def test_the_auditing_account_logs_in_and_has_no_sudo(host: LabHost) -> None:
    assert ssh(host, AUDIT, "id -un; id -Gn").stdout.split() == [AUDIT, AUDIT]
    refused = ssh(host, AUDIT, "sudo -n id -u")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert ssh(host, AUDIT, "cat /etc/tiny/api.secret.env").returncode != 0


def test_the_deploying_account_is_root_by_sudo(host: LabHost) -> None:
    assert ssh(host, DEPLOY, "sudo -n id -u").stdout == "0\n"


def test_accounts_of_services_do_not_log_in(host: LabHost) -> None:
    assert ssh(host, "svc", "id").returncode == 255


def test_another_host_key_is_refused(host: LabHost) -> None:
    keys = "/etc/ssh/ssh_host_ed25519_key"
    run(host, f"cp -a {keys} /root/k; cp -a {keys}.pub /root/k.pub; rm {keys}*; ssh-keygen -qt ed25519 -N '' -f {keys}")
    run(host, "systemctl restart ssh")
    changed = ssh(host, AUDIT, "true")
    run(host, f"mv /root/k {keys}; mv /root/k.pub {keys}.pub; systemctl restart ssh")
    assert changed.returncode == 255
    assert "Host key verification failed" in changed.stderr
    assert ssh(host, AUDIT, "true").returncode == 0


def test_services_listen_and_answer_as_declared(host: LabHost) -> None:
    asked = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:%s').status)"
    assert settled(lambda: "127.0.0.1:8102" in run(host, "ss -Hlnt"))
    assert run(host, f'python3 -c "{asked % "8102/health"}"') == "200"
    assert run(host, f'python3 -c "{asked % "8101/ready"}"') == "204"
    assert run(host, f'python3 -c "{asked % "3000/api/health"}"') == "200"
    listening = run(host, "ss -Hlntu --cgroup")
    for port, unit in (("127.0.0.1:8125", "tiny-api"), ("*:3000", "grafana-server"), ("127.0.0.1:9100", "backup")):
        (line,) = [line for line in listening.splitlines() if f" {port} " in line]
        assert line.split()[-1] == f"cgroup:/system.slice/{unit}.service"


def test_processes_are_the_declared_accounts(host: LabHost) -> None:
    units = "tiny-api tiny-feed tiny-native"
    pids = run(host, f"systemctl show -p MainPID --value {units}").split()
    assert run(host, f"ps -o user= -p {','.join(pids)}").split() == ["svc", "svc", "native"]


def test_every_key_has_its_type_and_every_group_a_consumer(host: LabHost) -> None:
    for key in tiny().keys:
        assert settled(partial(has_type, host, key.name, key.type.value)), key.name
    assert settled(lambda: "api" in redis(host, "XINFO GROUPS t:tick"))
    for group in ("api", "off"):
        assert settled(partial(redis, host, f"XINFO CONSUMERS t:tick {group}")), group


def has_type(host: LabHost, key: str, expected: str) -> bool:
    return redis(host, f"TYPE {key}") == expected


def test_streams_move_and_are_read(host: LabHost) -> None:
    first = redis(host, "XREVRANGE t:tick + - COUNT 1")
    assert settled(lambda: redis(host, "XREVRANGE t:tick + - COUNT 1") != first)
    assert settled(lambda: _group(host, "api")["lag"] in ("0", "1"))
    assert settled(lambda: _group(host, "api")["pending"] == "0")


def _group(host: LabHost, name: str) -> dict[str, str]:
    words = redis(host, "XINFO GROUPS t:tick").splitlines()
    rows = [
        dict(zip(words[at : at + 12 : 2], words[at + 1 : at + 12 : 2], strict=True)) for at in range(0, len(words), 12)
    ]
    return next(row for row in rows if row["name"] == name)


def test_a_oneshot_writes_and_ends(host: LabHost) -> None:
    run(host, "systemctl start tiny-sweep")
    assert run(host, "systemctl show tiny-sweep -p Result --value") == "success"


def test_redis_away_and_back(host: LabHost) -> None:
    before = run(host, "systemctl show tiny-api tiny-feed -p MainPID -p NRestarts")
    run(host, "systemctl stop redis-server; sleep 1.5; systemctl start redis-server")
    since = redis(host, "TIME").split()[0]
    assert settled(lambda: int(redis(host, "XREVRANGE t:tick + - COUNT 1").split("-")[0]) >= int(since) * 1000)
    assert settled(lambda: int(_group(host, "api")["last-delivered-id"].split("-")[0]) >= int(since) * 1000)
    assert run(host, "systemctl show tiny-api tiny-feed -p MainPID -p NRestarts") == before


def test_a_group_that_was_deleted_is_not_made_again_until_a_restart(host: LabHost) -> None:
    redis(host, "XGROUP DESTROY t:tick api")
    time.sleep(1.5)
    assert "api" not in redis(host, "XINFO GROUPS t:tick").split()
    assert run(host, "systemctl is-active tiny-api") == "active"
    run(host, "systemctl restart tiny-api")
    assert settled(lambda: "api" in redis(host, "XINFO GROUPS t:tick").split())


def test_an_override_makes_a_crash_loop(host: LabHost) -> None:
    override = json.dumps({"tiny-native.service": {"exit": 7}})
    run(host, f"echo '{override}' > /etc/qtctl-lab/override.json; systemctl restart tiny-native || true")
    assert settled(lambda: run(host, "systemctl show tiny-native -p ExecMainStatus --value") == "7")
    run(host, "rm /etc/qtctl-lab/override.json; systemctl reset-failed tiny-native; systemctl restart tiny-native")
    assert settled(lambda: run(host, "systemctl is-active tiny-native || true") == "active")


def test_output_and_status_of_commands(host: LabHost) -> None:
    done = lab.execute(host.name, ["sh", "-c", "cat; echo no >&2; exit 3"], stdin=b"\x00\xff")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"\x00\xff", b"no\n")


def test_a_command_that_does_not_end_is_ended(host: LabHost) -> None:
    with pytest.raises(LabError, match="did not end"):
        lab.execute(host.name, ["sleep", "4242"], timeout=0.3)
    assert settled(lambda: "sleep 4242" not in run(host, "ps -eo args | grep -v grep"))


def test_a_pulled_cable(host: LabHost) -> None:
    lab.unplug(host.name)
    argv = ["ssh", "-F", str(lab.write_ssh_config()), "-o", "ConnectTimeout=1", f"{AUDIT}@{host.name}", "true"]
    cut = subprocess.run(argv, capture_output=True, check=False)
    lab.plug(host.name)
    assert cut.returncode == 255
    assert settled(lambda: ssh(host, AUDIT, "true").returncode == 0)


def test_a_reboot_keeps_the_disk(host: LabHost) -> None:
    run(host, "echo kept > /root/kept")
    machine_id = run(host, "cat /etc/machine-id")
    again = lab.reboot(host.name)
    assert (again.address, again.running) == (host.address, True)
    assert run(again, "cat /root/kept; cat /etc/machine-id").split() == ["kept", machine_id]
    units = "tiny-api tiny-feed tiny-native grafana-server backup"
    assert settled(lambda: run(again, f"systemctl is-active {units} || true").split() == ["active"] * 5)
    assert ssh(again, AUDIT, "true").returncode == 0


def test_a_host_that_reboots_itself_is_off_until_it_is_started(host: LabHost) -> None:
    lab.execute(host.name, ["systemctl", "reboot"])
    assert settled(lambda: not running(host))
    assert lab.start(host.name).running
    assert ssh(host, AUDIT, "true").returncode == 0


def running(host: LabHost) -> bool:
    found = lab.find(host.name)
    return found is not None and found.running


def test_a_power_cut_keeps_the_disk_too(host: LabHost) -> None:
    run(host, "echo cut > /root/cut; sync")
    lab.cut_power(host.name)
    off = lab.find(host.name)
    assert off is not None
    assert (off.running, off.leader) == (False, None)
    with pytest.raises(LabError, match="does not run"):
        lab.execute(host.name, ["true"])
    assert run(lab.start(host.name), "cat /root/cut") == "cut"


def test_hosts_boot_together_and_share_nothing(own_lab: Path) -> None:
    names = [host_name(2), host_name(3)]
    first, second = lab.up(names, TREE, stands_for="box", progress=silent)
    for path in ("/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub"):
        assert run(first, f"cat {path}") != run(second, f"cat {path}")
    assert first.address != second.address
    run(first, "touch /root/mine")
    assert lab.execute(second.name, ["test", "-e", "/root/mine"]).returncode == 1
    said = ssh(second, AUDIT, "hostname")
    assert (said.stdout.strip(), said.stderr) == (second.name, "")

    known = [state.load(name) for name in names]
    lab.down(names)
    assert not [each for each in lab.list_hosts() if each.name in names]
    for each in known:
        assert each is not None
        assert_nothing_left(each)
    assert not list((own_lab / "hosts").glob(f"{names[0]}*"))


def test_hosts_of_one_name_in_two_labs(own_lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = host_name(7)
    for folder in (own_lab, tmp_path):
        monkeypatch.setenv("QTCTL_STATE", str(folder))
        (booted,) = lab.up([name], TREE, stands_for="box", progress=silent)
        assert run(booted, "hostname") == name
    monkeypatch.setenv("QTCTL_STATE", str(own_lab))
    lab.down([name])
    monkeypatch.setenv("QTCTL_STATE", str(tmp_path))
    assert run(booted, "systemctl is-system-running") == "running"
    known = state.load(name)
    lab.down([name])
    assert known is not None
    assert_nothing_left(known)


SUITES = sorted(
    {rootfs.choose_default_suite(), *(suite for suite in rootfs.SUITES if rootfs.locate_cached(suite).is_dir())}
)
"""Those of systemd 247, 252, 255 and 257 for which this machine has root file systems; at least one."""


@pytest.mark.usefixtures("own_lab")
@pytest.mark.parametrize("suite", SUITES)
def test_every_systemd_boots(suite: str) -> None:
    (booted,) = lab.up([host_name(6)], TREE, stands_for="box", progress=silent, suite=suite)
    assert booted.suite == suite
    assert run(booted, "systemctl is-system-running --wait || true") == "running"
    assert ssh(booted, AUDIT, "systemd-stdio-bridge </dev/null; ss -Hlnt --cgroup").stdout.count("grafana-server") == 1
    lab.down([booted.name])


def assert_nothing_left(known: state.HostState) -> None:
    """No process, mount, cgroup, link or file of an ended host."""
    for each in (known.nspawn, known.leader):
        assert each is not None
        assert not each.alive
    assert not network.exists(known.name)
    assert not [folder for folder in cgroups.list_cgroups(known.name, cgroups.detect()) if folder.exists()]
    assert known.name not in Path("/proc/mounts").read_text()
    assert not list(Path("/run/systemd/nspawn").glob(f"*/{state.make_label(known.name)}"))
    assert not state.locate_host(known.name).exists()


@pytest.mark.usefixtures("own_lab")
def test_what_a_reboot_of_the_machine_left_is_cleared() -> None:
    name = host_name(4)
    (booted,) = lab.up([name], TREE, stands_for="box", progress=silent)
    lab.cut_power(name)
    disk.unmount(name)
    known = state.load(name)
    me = processes.find_process(1)
    assert known is not None
    state.save(replace(known, nspawn=me, leader=me, boot_id="an earlier boot"))
    stale = lab.find(name)
    assert stale is not None
    assert (stale.running, stale.leader) == (False, None)
    (again,) = lab.up([name], TREE, stands_for="box", progress=silent)
    assert again.running
    assert again.leader != booted.leader
    lab.down([name])


@pytest.mark.usefixtures("own_lab")
def test_a_host_that_cannot_boot_leaves_nothing() -> None:
    name = host_name(5)
    broken = Tree(links=(TreeLink("/usr/lib/systemd/systemd", "/nonexistent"),))
    with pytest.raises(LabError, match="ended while booting") as caught:
        lab.up([name], broken, stands_for="box", progress=silent)
    assert "console" in caught.value.hint
    assert lab.find(name) is None
    assert not network.exists(name)
    assert not disk.is_mounted(name)


def test_an_unknown_host_is_one_clear_error_and_leaves_nothing(own_lab: Path) -> None:
    """Neither state nor a lock."""
    before = sorted(own_lab.rglob("*"))
    attempts: tuple[Callable[[], object], ...] = (
        lambda: lab.down(["nohost"]),
        lambda: lab.execute("nohost", ["true"]),
        lambda: lab.reboot("nohost"),
        lambda: lab.start("nohost"),
        lambda: lab.cut_power("nohost"),
    )
    for attempt in attempts:
        with pytest.raises(LabError, match="there is no lab host nohost"):
            attempt()
    assert sorted(own_lab.rglob("*")) == before
