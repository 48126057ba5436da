"""The parts of the lab that need no booted host."""

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.cli.exits import Exit
from qtctl.contained.folder import Folder, Links
from qtctl.errors import LabError
from qtctl.lab import cgroups, fence, network, ssh, state, userns
from qtctl.lab.apply_tree import Ids
from qtctl.lab.cgroups import Hierarchy
from qtctl.lab.processes import Process, find_process
from qtctl.lab.state import HostState
from qtctl.model.tree import Account
from tests.cli.world import environment

HOST = HostState("lab1", "169.254.20.2", "169.254.20.1", "bookworm", "/cache/x", "prod", "ssh-ed25519 AAAA root@lab1")


@pytest.mark.parametrize(
    ("files", "booted", "expected"),
    [
        ((), True, Hierarchy.SYSTEMD),
        (("cgroup.controllers",), False, Hierarchy.UNIFIED),
        (("systemd/cgroup.procs", "unified/cgroup.procs"), False, Hierarchy.HYBRID),
    ],
)
def test_every_hierarchy_is_recognised(
    tmp_path: Path, files: tuple[str, ...], booted: bool, expected: Hierarchy
) -> None:
    run = tmp_path / "run"
    for name in files:
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    if booted:
        run.mkdir()
    assert cgroups.detect(tmp_path / "cgroup", run) is expected


def test_cgroups_that_vanish_while_they_are_looked_through_do_not_matter(tmp_path: Path) -> None:
    """systemd in a host removes them at any moment."""
    done = Event()

    def churn() -> None:
        while not done.is_set():
            for number in range(40):
                (tmp_path / f"a{number}/b/c").mkdir(parents=True, exist_ok=True)
            for number in range(40):
                shutil.rmtree(tmp_path / f"a{number}")

    thread = Thread(target=churn)
    thread.start()
    try:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            assert list(cgroups._list_processes(tmp_path)) == []
    finally:
        done.set()
        thread.join()


def test_a_machine_without_cgroups_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="mount cgroup2"):
        cgroups.detect(tmp_path, tmp_path / "none")


def test_cgroups_by_hierarchy(tmp_path: Path) -> None:
    (tmp_path / "unified").mkdir()
    own = f"qtctl-lab-{state.make_label('lab1')}"
    assert cgroups.list_cgroups("lab1", Hierarchy.HYBRID, tmp_path) == (
        tmp_path / "systemd" / own,
        tmp_path / "unified" / own,
    )
    assert cgroups.list_cgroups("lab1", Hierarchy.UNIFIED, tmp_path) == (tmp_path / own,)
    assert cgroups.list_cgroups("lab1", Hierarchy.SYSTEMD, tmp_path) == ()
    assert "--property=Delegate=yes" in cgroups.build_launcher("lab1", Hierarchy.SYSTEMD)
    assert cgroups.build_launcher("lab1", Hierarchy.HYBRID) == ()


ENTRANCES = [
    ("9:name=systemd:/qtctl-lab-x/payload\n0::/qtctl-lab-x/payload/init.scope\n", "unified/qtctl-lab-x/payload"),
    ("0::/system.slice/qtctl-lab-x-7.scope/payload/init.scope\n", "system.slice/qtctl-lab-x-7.scope/payload"),
    ("0::/qtctl-lab-x/init.scope\n", "qtctl-lab-x"),
    ("0::/a/qtctl-lab-x/payload/system.slice/qtctl-lab-y/payload\n", "a/qtctl-lab-x/payload"),
    ("0::/user.slice\n", ""),
    ("8:pids:/\n", ""),
]
"""/proc/PID/cgroup of a host's PID 1, and the part of its cgroup below which commands from outside go."""


@pytest.mark.parametrize(("text", "home"), ENTRANCES)
def test_where_a_command_from_outside_goes(text: str, home: str, tmp_path: Path) -> None:
    (tmp_path / "proc/1").mkdir(parents=True)
    (tmp_path / "proc/1/cgroup").write_text(text)
    (tmp_path / "cgroup" / home).mkdir(parents=True)
    expected = tmp_path / "cgroup" / home / cgroups.EXEC if home else None
    assert cgroups.make_exec_cgroup(1, tmp_path / "cgroup", tmp_path / "proc") == expected
    assert expected is None or expected.is_dir()


def test_a_machine_that_cannot_filter_says_why() -> None:
    assert "no-such-device" in fence.load_filter("no-such-device", "169.254.20.1", "169.254.20.2")


def test_uids_of_hosts_must_be_uids_of_this_machine() -> None:
    assert userns._is_base_mapped("         0          0 4294967295\n")
    assert not userns._is_base_mapped("         0     100000      65536\n")
    assert userns._is_base_mapped("0 100000 65536\n65536 600000 4294901760\n")


@given(st.lists(st.text("abcdefghij0123456789-", min_size=1, max_size=12), unique=True, max_size=40))
def test_networks_never_overlap_and_stay_link_local(names: list[str]) -> None:
    taken: list[IPv4Network] = [IPv4Network("169.254.0.0/24")]
    for name in names:
        taken.append(network.pick_subnet(name, taken))
    assert all(not a.overlaps(b) for i, a in enumerate(taken) for b in taken[:i])
    assert all(each.is_link_local and IPv4Address("169.254.169.254") not in each for each in taken)


def test_a_host_gets_the_same_network_each_time() -> None:
    assert network.pick_subnet("lab1", []) == network.pick_subnet("lab1", [])


def test_no_free_network_is_an_error() -> None:
    with pytest.raises(LabError, match="no free"):
        network.pick_subnet("lab1", [IPv4Network("169.254.0.0/16")])


def test_device_names_fit_the_kernel_s_limit() -> None:
    assert len(network.name_device("a" * 12)) <= 15


@pytest.mark.parametrize("name", ["", "Lab1", "lab_1", "1lab", "lab-", "a" * 13, "../x", "lab 1"])
def test_names_that_cannot_be_hosts(name: str) -> None:
    with pytest.raises(LabError, match="is not a valid name for a lab host"):
        state.check_name(name)


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QTCTL_STATE", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("own_state")
def test_state_comes_back_as_it_was_saved() -> None:
    saved = replace(HOST, nspawn=Process(1, 2), leader=Process(3, 4), boot_id="x")
    state.save(saved)
    assert state.load("lab1") == saved
    assert state.load("lab2") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 0}', '{"schema": 1, "nspawn": 7, "leader": null}'])
def test_state_that_cannot_be_read_is_said(own_state: Path, text: str) -> None:
    path = own_state / "hosts/lab1/host.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(LabError, match="lab down lab1"):
        state.load("lab1")


@pytest.mark.usefixtures("own_state")
def test_hosts_are_listed_by_number() -> None:
    for name in ("lab10", "lab2", "lab1"):
        state.save(replace(HOST, name=name))
    assert state.list_names() == ("lab1", "lab2", "lab10")


def test_a_reboot_of_the_machine_makes_pids_stale() -> None:
    me = find_process(1)
    assert me is not None
    assert replace(HOST, nspawn=me, boot_id=state.read_machine_boot_id()).running
    assert not replace(HOST, nspawn=me, boot_id="an earlier boot").running
    assert not replace(HOST, nspawn=Process(me.pid, me.started + 1), boot_id=state.read_machine_boot_id()).running


def test_ssh_configuration_is_strict_and_names_no_user(tmp_path: Path) -> None:
    text = ssh.format_config([HOST], tmp_path)
    assert f'Host lab1\n  HostName 169.254.20.2\n  IdentityFile "{tmp_path}/id_ed25519"\n' in text
    assert "StrictHostKeyChecking yes" in text
    assert "User " not in text
    assert ssh.format_known_hosts([HOST]) == "169.254.20.2 ssh-ed25519 AAAA\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000::/home/old:/bin/sh\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nold:x:1000:\nextra:x:1001:\n")
    for name in ("shadow", "gshadow"):
        (tmp_path / "etc" / name).touch()
    return tmp_path


def test_accounts_are_added_once(root: Path) -> None:
    with Folder.open(root, Links.ROOTED) as folder:
        _add_accounts(root, folder)


def _add_accounts(root: Path, folder: Folder) -> None:
    ids = Ids.read(folder)
    for _ in range(2):
        assert ids.add_user(Account("new", "new", "/home/new", login=True)) == (1002, 1002)
        assert ids.add_user(Account("svc", "extra", "/srv/svc")) == (1001, 1001)
        assert ids.add_user(Account("old", "new", "/elsewhere")) == (1000, 1000)
    ids.write()
    assert (root / "etc/passwd").read_text().splitlines()[2:] == [
        "new:x:1002:1002::/home/new:/bin/bash",
        "svc:x:1001:1001::/srv/svc:/usr/sbin/nologin",
    ]
    assert (root / "etc/shadow").read_text() == "new:*:19000:0:99999:7:::\nsvc:*:19000:0:99999:7:::\n"
    assert Ids.read(folder).find_owner("svc", "new") == (1001, 1002)


def test_two_labs_of_one_machine_do_not_meet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    labels = set()
    for folder in (state.DEFAULT_STATE, str(tmp_path / "a"), str(tmp_path / "b")):
        monkeypatch.setenv("QTCTL_STATE", folder)
        labels |= {network.name_device("lab1"), network.name_device("lab2")}
    assert len(labels) == 6
    assert all(len(label) <= 15 for label in labels)


@pytest.mark.lab
def test_without_proc_nothing_is_booted_and_the_reason_is_named(tmp_path: Path) -> None:
    """A root that somebody entered with chroot alone. The mount is in a namespace that ends with the command."""
    script = 'mount -t tmpfs none /proc && exec "$@"'
    argv = ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-m", "qtctl", "lab", "up"]
    done = subprocess.run(argv, capture_output=True, text=True, env=environment(tmp_path), check=False, timeout=60)
    assert done.returncode == Exit.REFUSED
    reason = "/proc is not mounted here (mount -t proc proc /proc)"
    assert done.stderr == f"error: this machine cannot boot lab hosts: {reason}\n"
