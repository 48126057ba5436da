"""A lab host is given to whoever deploys to it: its root tries to get at this machine. So does a local user here."""

import ctypes
import fcntl
import json
import os
import pty
import select
import shlex
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.errors import LabError
from qtctl.lab import capabilities, cgroups, disk, fence, inside, lab, network, private, rootfs, state, userns
from qtctl.lab.child_processes import list_children
from qtctl.lab.processes import Process, find_process
from qtctl.lab.state import HostState
from qtctl.model.events import Event
from qtctl.model.tree import Tree
from tests.live.box import ROOT, Box

ATTACKS = Path(__file__).with_name("lab_attacks.py")
INSIDE = "/root/attacks.py"
DEPLOYING = "ops"
NO = ("refused: Operation not permitted", "refused: Permission denied", "refused: Function not implemented")
UNREACHED = ("refused: timed out", "refused: No route to host", "refused: Network is unreachable")
TOO_EARLY = "refused: Cannot assign requested address"
"""For IPv6, while a host that has just booted still checks that nobody else has its address."""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="local users are played by root")
ADD_KEY = {"x86_64": 248, "aarch64": 217}


def known(box: Box) -> HostState:
    found = state.load(box.name)
    assert found is not None
    return found


def leader(box: Box) -> Process:
    found = lab.find(box.name)
    assert found is not None
    assert found.leader is not None
    first = find_process(found.leader)
    assert first is not None
    return first


@dataclass
class Listening:
    """Sockets of this machine on all its addresses."""

    port: int
    sockets: list[socket.socket]

    def heard(self) -> list[str]:
        ready = select.select(self.sockets, [], [], 0)[0]
        return [str(each) for each in ready]


@pytest.fixture(scope="module")
def listening() -> Iterator[Listening]:
    tcp = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    port = tcp.getsockname()[1]
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    udp.bind(("::", port))
    with tcp, udp:
        yield Listening(port, [tcp, udp])


def addresses(device: str = "") -> list[tuple[str, str, str]]:
    """(device, family, address) of this machine."""
    out = subprocess.run(["ip", "-json", "address", "show"], capture_output=True, check=True).stdout
    links = [
        (link["ifname"], info) for link in json.loads(out) for info in link.get("addr_info", ()) if "local" in info
    ]
    return [(name, info["family"], info["local"]) for name, info in links if device in ("", name)]


def disk_of_the_machine() -> str:
    """MAJOR:MINOR of a block device that root can open here: a disk or, if those are held back, a loop device."""
    for found in sorted(Path("/sys/block").glob("*/dev"), key=lambda path: "loop" in str(path)):
        numbers = found.read_text().strip()
        with node(numbers) as path, suppress(OSError), path.open("rb"):
            return numbers
    pytest.skip("this machine has no block device")


def arguments(box: Box, listening: Listening) -> list[str]:
    device = network.name_device(box.name)
    here6 = next((address for _, family, address in addresses(device) if family == "inet6"), "fe80::1")
    ours = (address for name, family, address in addresses() if family == "inet" and not name.startswith(("lo", "qt-")))
    return [disk_of_the_machine(), known(box).gateway, str(listening.port), here6, next(ours, "")]


@pytest.fixture
def marker() -> Iterator[None]:
    sleeping = subprocess.Popen(["sleep", "98765"])
    yield
    sleeping.kill()
    sleeping.wait()


def have_a_key() -> None:
    """In the session keyring, as a login may have: found from here, so the search inside could find it."""
    libc = ctypes.CDLL(None, use_errno=True)
    added = libc.syscall(ADD_KEY[os.uname().machine], b"user", b"qtctl-canary", b"x", 1, -3)
    assert added > 0, os.strerror(ctypes.get_errno())


@pytest.mark.lab
@pytest.mark.usefixtures("marker")
@pytest.mark.parametrize("by", ["lab exec", "sudo over ssh"])
def test_root_of_a_host_gets_nothing_of_this_machine(by: str, box: Box, listening: Listening) -> None:
    lab.execute(box.name, ["sh", "-c", f"cat > {INSIDE}"], stdin=ATTACKS.read_bytes())
    argv = ["python3", "-I", INSIDE, *arguments(box, listening)]
    if by == "lab exec":
        have_a_key()
        done = lab.execute(box.name, argv)
        out, err = done.stdout.decode(), done.stderr.decode()
    else:
        ran = box.ssh(DEPLOYING, shlex.join(["sudo", "-n", *argv]))
        out, err = ran.out, ran.err
    box.sh(f"rm {INSIDE}; ip route flush 0/0 || true")
    got = json.loads(out or json.dumps({"did not run": err}))
    nothing: dict[str, list[str]] = {"block_devices": [], "switches": [], "by_handle": [], "processes": []}
    assert {name: got[name] for name in nothing} == nothing
    assert got["keys_of_login"].startswith("refused")
    assert {got[name] for name in ("read_disk", "load_module", "load_kernel", "kernel_log")} <= set(NO), got
    reached = {answer for name, answer in got.items() if name.startswith("reach")}
    assert reached <= set(UNREACHED), got
    assert listening.heard() == []


@pytest.mark.lab
def test_without_the_fence_it_would_reach_this_machine(box: Box, listening: Listening) -> None:
    """So that the test above can fail."""
    device = network.name_device(box.name)
    connect = f"import socket; socket.create_connection(('{known(box).gateway}', {listening.port}), 2)"
    subprocess.run(["tc", "qdisc", "del", "dev", device, "clsact"], check=True)
    try:
        assert box.succeeds(f'python3 -c "{connect}"')
        assert listening.heard()
        listening.sockets[0].accept()[0].close()
    finally:
        assert fence.load_filter(device, known(box).gateway, known(box).address) == ""
    assert not box.succeeds(f'timeout 0.5 python3 -c "{connect}"')


@pytest.mark.lab
def test_forged_answers_and_pieces_of_requests_do_not_come_through(box: Box, listening: Listening) -> None:
    """Root inside writes its own frames: a first packet in fragments, with options, to a broadcast, from elsewhere."""
    here, there = known(box).gateway, known(box).address
    frames = f"""
import socket, struct
here, there = map(socket.inet_aton, ("{here}", "{there}"))
port = {listening.port}
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("host0", 0))
mac = bytes.fromhex(open("/sys/class/net/host0/address").read().strip().replace(":", ""))
def total(data):
    data += b"\\0" * (len(data) % 2)
    value = sum(struct.unpack(f"!{{len(data) // 2}}H", data))
    while value >> 16:
        value = (value & 0xffff) + (value >> 16)
    return ~value & 0xffff
def udp(source, target, options=b"", fragment=0, ethertype=b"\\x08\\x00"):
    body = struct.pack("!HHHH", 4000, port, 12, 0) + b"lab!"
    head = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 20 + len(options) + 12, 7, fragment, 64, 17, 0,
        source, target)
    sum_ = total(head + options)
    out.send(b"\\xff" * 6 + mac + ethertype + head[:10] + struct.pack("!H", sum_) + head[12:] + options + body)
udp(there, here)
udp(there, here, options=b"\\x01" * 4)
udp(there, here, fragment=0x2000)
udp(there, here, ethertype=b"\\x81\\x00\\x00\\x00\\x08\\x00")
udp(there, socket.inet_aton("255.255.255.255"))
udp(socket.inet_aton("127.0.0.1"), here)
"""
    box.sh(f"python3 - <<'END'\n{frames}\nEND")
    assert listening.heard() == []
    assert box.ssh(DEPLOYING, "true").code == 0


@pytest.mark.lab
def test_sudo_and_su_work_inside(box: Box) -> None:
    assert box.ssh(DEPLOYING, "sudo -n id -u; sudo -n -u nobody id -un").out.split() == ["0", "nobody"]
    assert box.sh("su -s /bin/sh nobody -c 'id -un'").strip() == "nobody"
    assert box.sh("systemctl is-system-running").strip() == "running"


@pytest.mark.lab
def test_the_device_policy_holds_whatever_the_capabilities(box: Box) -> None:
    """A process of this machine's root in the host's cgroup cannot open a disk either."""
    if cgroups.detect() is cgroups.Hierarchy.HYBRID and not Path("/sys/fs/cgroup/unified").is_dir():
        pytest.skip("this machine has no unified hierarchy")
    with node(disk_of_the_machine()) as path:
        path.open("rb").close()
        enter = f"echo $$ > {cgroups.make_exec_cgroup(leader(box).pid)}/cgroup.procs;"
        tried = (
            f"{enter} head -c0 {path} || echo refused; head -c1 /dev/urandom | wc -c; mknod {path}2 b 1 1 || echo no"
        )
        done = subprocess.run(["sh", "-c", tried], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["refused", "1", "no"]


@contextmanager
def node(disk_: str) -> Iterator[Path]:
    major, minor = map(int, disk_.split(":"))
    path = Path("/dev", f"qtctl-test-{os.getpid()}")
    os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(major, minor))
    try:
        yield path
    finally:
        path.unlink()


@pytest.mark.lab
def test_processes_of_a_host_are_no_account_of_this_machine(box: Box) -> None:
    if not userns.is_possible():
        pytest.skip("this machine makes no user namespaces")
    pids = cgroup_pids(leader(box).pid)
    uids = {Path(f"/proc/{pid}").stat().st_uid for pid in pids}
    assert len(uids) > 2
    assert all(userns.BASE <= uid < userns.BASE + userns.IDS for uid in uids)
    owners = {path.lstat().st_uid for path in (state.locate_host(box.name) / "upper").rglob("*")}
    assert all(uid >= userns.BASE for uid in owners)


def cgroup_pids(first: int) -> list[int]:
    entrance = cgroups.make_exec_cgroup(first)
    assert entrance is not None
    folder = entrance.parent
    return [int(pid) for procs in folder.rglob("cgroup.procs") for pid in procs.read_text().split()]


@pytest.mark.lab
def test_exec_has_what_the_host_has_and_nothing_of_the_caller(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_TOKEN", "hunter2")
    with tempfile.TemporaryFile() as open_file:
        os.set_inheritable(open_file.fileno(), True)
        box.sh("true")
        said = box.sh(
            "grep CapBnd /proc/1/status; grep -E 'CapBnd|CapInh|NoNewPrivs' /proc/self/status; ls /proc/self/fd"
        )
        variables = box.sh("tr '\\0' '\\n' < /proc/self/environ | cut -d= -f1").split()
    of_first, *own = said.splitlines()
    assert box.sh("echo there > /dev/stdout") == "there\n"
    assert own[:2] == ["CapInh:\t0000000000000000", of_first]
    assert own[2] == "NoNewPrivs:\t0"
    assert set(own[3:]) <= {"0", "1", "2", "3"}
    assert set(variables) <= {"PATH", "HOME", "LANG", "TERM", "PWD"}
    missing = [name for name in capabilities.DROPPED if not has(int(of_first.split()[1], 16), name)]
    assert missing == list(capabilities.DROPPED)


def has(bits: int, name: str) -> bool:
    numbers = {
        "CAP_LINUX_IMMUTABLE": 9, "CAP_NET_BROADCAST": 11, "CAP_IPC_OWNER": 15, "CAP_SYS_TTY_CONFIG": 26,
        "CAP_MKNOD": 27, "CAP_LEASE": 28, "CAP_AUDIT_WRITE": 29, "CAP_AUDIT_CONTROL": 30,
    }  # fmt: skip
    return bool(bits >> numbers[name] & 1)


@pytest.mark.lab
def test_exec_runs_in_the_host_s_cgroup(box: Box) -> None:
    own = f"{cgroups.PREFIX}{state.make_label(box.name)}"
    assert own in Path(f"/proc/{leader(box).pid}/cgroup").read_text()
    entered = subprocess.Popen([*inside.enter(leader(box)), "sleep", "30"])
    try:
        deadline = time.monotonic() + 10
        while not any(own in Path(f"/proc/{child.pid}/cgroup").read_text() for child in list_children(entered.pid)):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert "Input/output error" not in box.sh("systemctl status --no-pager 2>&1")
    finally:
        inside.end(entered)


PUSH = "import fcntl,termios;[fcntl.ioctl(0, termios.TIOCSTI, bytes([c])) for c in b'touch /tmp/pwned\\n']"


@pytest.mark.lab
def test_a_program_in_there_cannot_type_at_the_caller_s_terminal(box: Box) -> None:
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "qtctl", "lab", "exec", box.name, "--", "python3", "-c", f"print('begun');{PUSH}"]
    process_ = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, start_new_session=True)
    try:
        process_.wait(20)
        os.set_blocking(theirs, False)
        with pytest.raises(BlockingIOError):
            os.read(theirs, 100)
        assert b"begun" in os.read(ours, 4096)
    finally:
        os.close(ours)
        os.close(theirs)
        process_.kill()
        process_.wait()


def as_user(uid: int, *argv: str) -> "subprocess.CompletedProcess[str]":
    user = [
        "setpriv",
        f"--reuid={uid}",
        f"--regid={uid}",
        "--clear-groups",
        "--",
        "/usr/bin/env",
    ]  # the last: setpriv itself still finds its program as root
    return subprocess.run([*user, *argv], capture_output=True, text=True, check=False, cwd="/")


@pytest.mark.lab
def test_a_setuid_program_of_a_host_makes_nobody_root_here(box: Box) -> None:
    """uid 1000 here is an account in there: it once found its own setuid-root programs on this machine's disk."""
    box.sh("cp /usr/bin/python3 /usr/local/bin/root-maker; chmod 4755 /usr/local/bin/root-maker")
    ask = ("-c", "import os; print(os.geteuid())")
    try:
        at = disk.locate_root(box.name) / "usr/local/bin/root-maker"
        assert as_user(1000, str(at), *ask).returncode != 0
        shown = Path(tempfile.mkdtemp(prefix="qtctl-test-"))
        shown.chmod(0o755)
        drop = "setpriv --reuid=1000 --regid=1000 --clear-groups /usr/bin/env"
        program = f"{shown}/usr/local/bin/root-maker -I -S -c '{ask[1]}'"
        command = f"mount --bind {disk.locate_root(box.name)} {shown} && exec {drop} {program}"
        done = subprocess.run(["unshare", "--mount", "sh", "-c", command], capture_output=True, text=True, check=False)
        shown.rmdir()
        assert done.stdout == "1000\n", done.stderr
    finally:
        box.sh("rm /usr/local/bin/root-maker")


@pytest.mark.lab
@pytest.mark.usefixtures("box")
def test_no_local_user_gets_into_state_or_cache() -> None:
    for folder in (state.locate_state(), rootfs.locate_cache()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == 0
    for path in (
        rootfs.locate_cached(rootfs.choose_default_suite()) / "usr/bin/sudo",
        state.locate_state() / "ssh/id_ed25519",
    ):
        assert path.is_file()
        assert as_user(1000, "cat", str(path)).stdout == ""
    files = [path for path in state.locate_state().rglob("*") if "upper" not in path.parts and "root" not in path.parts]
    readable = [path for path in files if path.is_file() and path.stat().st_mode & 0o077 and path.suffix != ".pub"]
    assert readable == []


@pytest.mark.lab
def test_what_is_not_booted_is_mounted_without_setuid_and_devices(box: Box) -> None:
    """The disk of a host, and the root file system that hosts share."""
    options = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    for path in (disk.locate_root(box.name), rootfs.locate_cached(rootfs.choose_default_suite())):
        flags = [row[3].split(",") for row in options if row[1] == str(path)]
        assert flags
        assert {"nosuid", "nodev"} <= set(flags[-1])
    if userns.is_possible():
        tree = rootfs.locate_cached(rootfs.choose_default_suite())
        setuid = [
            path for path in (tree / "usr/bin").iterdir() if not path.is_symlink() and path.stat().st_mode & 0o4000
        ]
        assert setuid
        assert {path.stat().st_uid for path in setuid} == {userns.BASE}


@pytest.fixture
def open_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that every account can enter, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="qtctl-test-"))
    folder.chmod(0o755)
    monkeypatch.setenv("QTCTL_STATE", str(folder / "state"))
    yield folder
    shutil.rmtree(folder)


BLANK = HostState("lab1", "169.254.20.2", "169.254.20.1", "bookworm", "/x", "box", "ssh-ed25519 AAAA")


@needs_root
def test_a_folder_of_an_older_version_is_closed_at_the_first_use(open_folder: Path) -> None:
    old = open_folder / "state"
    (old / "hosts/lab1").mkdir(parents=True)
    (old / "ssh").mkdir()
    old.chmod(0o755)
    (old / "ssh/known_hosts").write_text("secret")
    assert as_user(1000, "cat", str(old / "ssh/known_hosts")).stdout == "secret"
    assert lab.list_hosts() == []
    assert stat.S_IMODE(old.stat().st_mode) == 0o700
    assert as_user(1000, "cat", str(old / "ssh/known_hosts")).stdout == ""


@needs_root
def test_a_new_folder_is_private_from_the_start(open_folder: Path) -> None:
    state.save(BLANK)
    for path in (open_folder / "state", state.locate_host("lab1")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((state.locate_host("lab1") / "host.json").stat().st_mode) == 0o600


def anothers(folder: Path) -> None:
    folder.mkdir()
    os.chown(folder, 1000, 1000)


def below_anothers(folder: Path) -> None:
    anothers(folder.parent / "theirs")
    (folder.parent / "theirs/state").mkdir()
    folder.symlink_to(folder.parent / "theirs/state")


def linked(folder: Path) -> None:
    (folder.parent / "real").mkdir(mode=0o700)
    folder.symlink_to(folder.parent / "real")


def writable(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def in_writable(folder: Path) -> None:
    folder.parent.chmod(0o777)
    folder.mkdir(mode=0o700)


def shared_with_other_things(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "www").mkdir()


def a_file(folder: Path) -> None:
    folder.touch()


UNSAFE = [anothers, below_anothers, linked, writable, in_writable, shared_with_other_things, a_file]


@needs_root
@pytest.mark.parametrize("unsafe", UNSAFE, ids=lambda each: each.__name__)
@pytest.mark.parametrize("variable", ["QTCTL_STATE", "QTCTL_CACHE"])
def test_a_folder_that_others_could_change_is_refused(
    unsafe: Callable[[Path], None], variable: str, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = open_folder / "state"
    unsafe(folder)
    mode = folder.stat().st_mode
    monkeypatch.setenv(variable, str(folder))
    with pytest.raises(LabError, match=r"is a link|belongs to|mode 0\d+|not a folder") as caught:
        lab.find("lab1") if variable == "QTCTL_STATE" else rootfs.ensure(rootfs.choose_default_suite(), lambda _: None)
    assert variable in str(caught.value) or "chmod" in caught.value.hint or "another" in caught.value.hint
    assert folder.stat().st_mode == mode


@needs_root
def test_root_file_systems_that_nothing_boots_from_are_mounted_without_setuid_too(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of other recipes and suites, and those whose owners are not shifted."""
    cache = open_folder / "cache"
    monkeypatch.setenv("QTCTL_CACHE", str(cache))
    suite = rootfs.choose_default_suite()
    made = [rootfs.locate_cached(suite), cache / "trixie-0123456789ab", cache / f"{suite}-0123456789ab"]
    for folder in made:
        folder.mkdir(parents=True)
    cache.chmod(0o700)
    program = made[1] / "id"
    shutil.copy("/usr/bin/id", program)
    program.chmod(0o4755)
    assert as_user(1000, "id", "-u").stdout == "1000\n"
    try:
        rootfs.ensure(suite, lambda _: None)
        cache.chmod(0o755)
        assert as_user(1000, str(program), "-u").stdout == "1000\n"
        rows = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
        flags = {row[1]: set(row[3].split(",")) for row in rows}
        assert all({"nosuid", "nodev"} <= flags[str(folder)] for folder in made)
    finally:
        for folder in made:
            subprocess.run(["umount", str(folder)], check=False)


@needs_root
def test_no_local_user_holds_a_lock_of_the_lab(open_folder: Path) -> None:
    """With flock on a file that everyone may open, any account could stop every lab."""
    with state.hold_host_lock("lab1"), private.hold_lock(network.LOCK):
        locks = [open_folder / "state/locks/lab1", network.LOCK]
    for lock in locks:
        assert as_user(1000, "flock", "--nonblock", str(lock), "true").returncode != 0
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@needs_root
def test_another_account_sees_no_lab_and_no_traceback(open_folder: Path) -> None:
    state.save(BLANK)
    look = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}]; from qtctl.lab.state import *; print(list_names(), load('lab1'))"
    )
    done = as_user(1000, f"QTCTL_STATE={open_folder}/state", "/usr/bin/python3", "-c", look)
    assert done.stdout == "() None\n", done.stderr


def test_capabilities_of_files_keep_their_meaning_in_a_shifted_root() -> None:
    """struct vfs_cap_data of `setcap cap_net_raw+ep`, revision 2; revision 3 names the root that it counts for."""
    plain = bytes.fromhex("0100000200200000000000000000000000000000")
    shifted = userns.shift_capability(plain, 0x6FFF0000)
    assert shifted == bytes.fromhex("0100000300200000000000000000000000000000") + (0x6FFF0000).to_bytes(4, "little")
    assert userns.shift_capability(shifted, 1) == shifted


def test_acls_name_the_same_accounts_in_a_shifted_root() -> None:
    """Of `setfacl -m g:4:rx`: the owner, the group, group 4, the mask, others."""
    entries = ((1, 7, 0xFFFFFFFF), (4, 5, 0xFFFFFFFF), (8, 5, 4), (16, 5, 0xFFFFFFFF), (32, 5, 0xFFFFFFFF))
    packed = [struct.pack("<HHI", *entry) for entry in entries]
    named = struct.pack("<HHI", 8, 5, userns.BASE + 4)
    changed = userns.shift_acl(b"\2\0\0\0" + b"".join(packed), userns.BASE)
    assert changed == b"\2\0\0\0" + b"".join([*packed[:2], named, *packed[3:]])


@pytest.mark.lab
def test_where_there_are_no_user_namespaces_it_says_so_and_keeps_what_it_can(
    listening: Listening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """devtmpfs can then be mounted, with every disk of the machine in it; opening one is still refused."""
    monkeypatch.setattr(userns, "is_possible", lambda: False)
    monkeypatch.setenv("QTCTL_STATE", str(tmp_path))
    if not rootfs.locate_cached(rootfs.choose_default_suite()).is_dir():
        pytest.skip("there is no root file system with uids of its own here, and making one takes a minute")
    said: list[str] = []

    def note(event: Event) -> None:
        said.append(event.detail)

    lab.up(["plain"], Tree(), stands_for="box", progress=note)
    box = Box("plain")
    try:
        assert [line for line in said if "WARNING: no user namespaces" in line]
        lab.execute(box.name, ["sh", "-c", f"cat > {INSIDE}"], stdin=ATTACKS.read_bytes())
        got = json.loads(box.sh(shlex.join(["python3", "-I", INSIDE, *arguments(box, listening)])))
        opened = [row for row in got["block_devices"] if isinstance(row, list)]
        assert (opened, got["by_handle"], got["processes"]) == ([], [], [])
        assert {got[name] for name in ("read_disk", "load_module", "load_kernel", "kernel_log")} <= set(NO), got
        assert {answer for name, answer in got.items() if name.startswith("reach")} <= {*UNREACHED, TOO_EARLY}, got
        assert listening.heard() == []
        assert box.sh("sudo -n id -u; systemctl is-system-running").split() == ["0", "running"]
    finally:
        lab.down([box.name])
