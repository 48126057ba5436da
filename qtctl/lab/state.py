"""The saved state of lab hosts: one folder with one JSON document per host, below the state folder."""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path

from qtctl.errors import LabError
from qtctl.lab import private
from qtctl.lab.processes import Process

SCHEMA = 1
NAME = re.compile(r"[a-z][a-z0-9-]{0,10}[a-z0-9]|[a-z]")
"""At most 12 characters: the network device's name is built from it."""


@dataclass(frozen=True, slots=True)
class HostState:
    """The saved state of a lab host. `gateway`: this machine's end of its /30; `host_key`: its public SSH key.

    `nspawn` is None if the host was stopped on purpose; `boot_id`: the boot of this machine in which it ran. `shift`:
    the offset of all uids and gids of its files, 0 for none.
    """

    name: str
    address: str
    gateway: str
    suite: str
    root: str
    stands_for: str
    host_key: str
    overlay: bool = True
    shift: int = 0
    nspawn: Process | None = None
    leader: Process | None = None
    boot_id: str = ""
    disk_mib: int = 0
    """Of a host whose disk is in memory: its size. 0: its disk is a folder of this machine."""

    @property
    def current(self) -> bool:
        """Whether its pids belong to the current boot of this machine."""
        return self.boot_id == read_machine_boot_id()

    @property
    def running(self) -> bool:
        return self.current and self.nspawn is not None and self.nspawn.alive

    def make_stopped(self) -> "HostState":
        return replace(self, nspawn=None, leader=None)


DEFAULT_STATE = "/var/lib/qtctl/lab"
THROWAWAY = "throwaway"
"""The subfolder of labs that last no longer than one command."""
FOLDERS = {"hosts", "locks", "ssh", THROWAWAY}
CONSOLE = ".console.log"
_other_folders: list[Path] = []


def locate_state() -> Path:
    return _other_folders[-1] if _other_folders else Path(os.environ.get("QTCTL_STATE") or DEFAULT_STATE)


@contextmanager
def use_state(folder: Path) -> Iterator[None]:
    """In here, all threads of this process use the lab with this state folder, and see no host of another one."""
    _other_folders.append(folder)
    try:
        yield
    finally:
        _other_folders.remove(folder)


def ensure_own_state() -> Path:
    """The state folder, mode 0700, created if missing. LabError if another account could change its contents."""
    return private.ensure_private_folder(locate_state(), _is_lab_file)


def _has_state() -> bool:
    """Whether this account has a lab. Call it before reading anything in the state folder."""
    return private.exists(locate_state(), _is_lab_file)


def _is_lab_file(name: str) -> bool:
    return name in FOLDERS or name.endswith(CONSOLE)


def make_label(name: str) -> str:
    """A name for host `name` that is unique among all labs on this machine; at most 12 characters."""
    where = str(locate_state().absolute())
    if where == DEFAULT_STATE:
        return name
    return blake2b(f"{where}\0{name}".encode(), digest_size=6).hexdigest()


def locate_host(name: str) -> Path:
    return locate_state() / "hosts" / name


def locate_log(name: str) -> Path:
    return locate_host(name) / "console.log"


def read_machine_boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise LabError(
            f"{name!r} is not a valid name for a lab host",
            hint="a letter, then up to eleven of a-z, 0-9 and -, as lab1",
        )


def save(state: HostState) -> None:
    text = json.dumps({"schema": SCHEMA, **asdict(state)}, indent=1, sort_keys=True) + "\n"
    write_atomically(locate_host(state.name) / "host.json", text.encode())


def load(name: str) -> HostState | None:
    """None if there is no such host. LabError if its document cannot be read."""
    path = locate_host(name) / "host.json"
    if not _has_state() or not path.is_file():
        return None
    try:
        fields = json.loads(path.read_text())
        if fields.pop("schema") != SCHEMA:
            raise LabError(f"{path}: written by another version of the lab", hint=f"qtctl lab down {name}")
        for key in ("nspawn", "leader"):
            fields[key] = Process(**fields[key]) if fields[key] else None
        return HostState(**fields)
    except (ValueError, TypeError, KeyError) as error:
        raise LabError(f"{path}: not a lab host's state: {error}", hint=f"qtctl lab down {name}") from error


def list_names() -> tuple[str, ...]:
    """All hosts that have a folder, incomplete ones too, sorted as lab1, lab2, … lab10."""
    hosts = locate_state() / "hosts"
    found = [path.name for path in hosts.iterdir() if path.is_dir()] if _has_state() and hosts.is_dir() else []
    return tuple(sorted(found, key=lambda name: (len(name), name)))


def hold_host_lock(name: str) -> AbstractContextManager[None]:
    """The lock that is held while a host is created, booted or stopped: one command at a time per host."""
    return hold_state_lock("locks", name)


def hold_state_lock(folder: str, name: str) -> AbstractContextManager[None]:
    """Wait for a lock in a subfolder of the state folder, and hold it."""
    return private.hold_lock(ensure_own_state() / folder / name)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file of the state folder, mode 0600, by renaming a temporary file."""
    ensure_own_state()
    private.ensure_private_folder(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).rename(path)
