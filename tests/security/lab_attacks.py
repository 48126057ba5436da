"""What root of a lab host tries against the machine it runs on. Runs there, standard library only; prints JSON.

Arguments: MAJOR:MINOR of a disk of the machine, its address at the link, a port that listens there on all addresses,
its link-local IPv6 address, another IPv4 address of it ('' for none).
Each attack gives what it got, which must be nothing: "refused: …" says how it failed.
"""

import ctypes
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

MOUNTS = ("devtmpfs", "sysfs", "proc", "debugfs", "securityfs", "bpf", "tracefs", "configfs")
NUMBERS = {
    "x86_64": {"init_module": 175, "open_by_handle_at": 304, "keyctl": 250, "kexec_load": 246, "syslog": 103},
    "aarch64": {"init_module": 105, "open_by_handle_at": 265, "keyctl": 219, "kexec_load": 104, "syslog": 116},
}[os.uname().machine]
FRESH = ("sys/kernel/core_pattern", "sys/kernel/modprobe", "sysrq-trigger", "kernel/uevent_helper", "power/state")
"""In a /proc or /sys that was mounted anew."""
LIBC = ctypes.CDLL(None, use_errno=True)
KEYS_OF_LOGIN, SEARCH = -3, 10
SWITCHES = (
    "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/overcommit_memory",
    "/proc/sys/fs/file-max", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper", "/sys/power/state", "/proc/kcore",
    "/dev/mem", "/dev/kmsg",
)  # fmt: skip


def syscall(name: str, *arguments: Any) -> int:
    done: int = LIBC.syscall(NUMBERS[name], *arguments)
    if done < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return done


def read_disk(disk: str) -> str:
    """Make its node wherever a file can be made, and open it."""
    major, minor = map(int, disk.split(":"))
    last = OSError("not tried")
    for folder in ("/", "/dev", "/run", "/tmp", "/dev/shm", "/root"):
        node = Path(folder, "disk-of-the-machine")
        try:
            os.mknod(node, 0o60600, os.makedev(major, minor))
            with node.open("rb") as device:
                return device.read(16).hex()
        except OSError as error:
            last = error  # the name `error` ends with this block
        finally:
            node.unlink(missing_ok=True)
    raise last  # none of them could be made


def block_devices() -> list[Any]:
    """Nodes of disks that are there already, or in a file system that could be mounted."""
    at = Path("/tmp/attack-mount")
    at.mkdir(exist_ok=True)
    found: list[Any] = []
    for kind in ("", *MOUNTS):
        argv = ["mount", "-t", kind, kind, str(at)]
        mounted = bool(kind) and subprocess.run(argv, check=False, capture_output=True).returncode == 0
        names = (Path(where, name) for where, _, files in os.walk(at if kind else "/dev") for name in files)
        for path in names:
            try:
                mode = path.lstat().st_mode
                if stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and path.name in ("mem", "kmsg", "port")):
                    with path.open("rb") as device:
                        found.append([str(path), device.read(16).hex()])
            except OSError:
                continue
        if mounted:
            found += [name for name in FRESH if writable(at / name)]
        if mounted:
            subprocess.run(["umount", at], check=False)
    return found


def writable(path: str | Path) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY))
    except OSError:
        return False
    return True


def switches() -> list[str]:
    return [path for path in SWITCHES if writable(path)]


def load_module() -> int:
    return syscall("init_module", ctypes.c_char_p(b"\0" * 64), 64, b"")


def load_kernel() -> int:
    return syscall("kexec_load", 0, 0, None, 0)


def kernel_log() -> int:
    return syscall("syslog", 3, ctypes.create_string_buffer(64), 64)


def by_handle() -> list[Any]:
    """Open the root of the file system that / or a mount of the machine is on, whatever path leads there."""
    handle = ctypes.create_string_buffer(
        (8).to_bytes(4, "little") + (1).to_bytes(4, "little") + (2).to_bytes(8, "little")
    )
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        try:
            mount = os.open(line.split()[4], os.O_RDONLY)
            found.append(os.listdir(syscall("open_by_handle_at", mount, handle, os.O_RDONLY)))
        except OSError:
            continue
    return found


def keys_of_login() -> int:
    return syscall("keyctl", SEARCH, KEYS_OF_LOGIN, b"user", b"qtctl-canary", 0)


def processes() -> list[str]:
    """Processes that are none of this host's: the test starts `sleep 98765` outside."""
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    return [line.decode() for line in lines if b"98765" in line]


def reach(family: int, address: str, port: int, route: str = "") -> str:
    if route:
        subprocess.run(["ip", "route", "replace", f"{address}/32", "via", route], check=True)
    with socket.socket(family, socket.SOCK_STREAM) as tcp:
        tcp.settimeout(0.3)
        where: Any = (
            (address, port, 0, socket.if_nametoindex("host0")) if family == socket.AF_INET6 else (address, port)
        )
        with socket.socket(family, socket.SOCK_DGRAM) as udp:
            udp.sendto(b"from the lab", where)
        tcp.connect(where)
    return f"reached {address}"


def main(disk: str, here: str, port: str, here6: str, other: str) -> None:
    attacks: dict[str, tuple[Any, ...]] = {
        "read_disk": (read_disk, disk), "block_devices": (block_devices,), "switches": (switches,),
        "load_module": (load_module,), "load_kernel": (load_kernel,), "kernel_log": (kernel_log,),
        "by_handle": (by_handle,), "keys_of_login": (keys_of_login,), "processes": (processes,),
        "reach": (reach, socket.AF_INET, here, int(port)),
        "reach6": (reach, socket.AF_INET6, here6, int(port)),
    }  # fmt: skip
    if other:
        attacks["reach_by_route"] = (reach, socket.AF_INET, other, int(port), here)
    got: dict[str, Any] = {}
    for name, (attack, *arguments) in attacks.items():
        try:
            got[name] = attack(*arguments)
        except OSError as error:
            got[name] = f"refused: {error.strerror or error}"
    sys.stdout.write(json.dumps(got))


main(*sys.argv[1:])
