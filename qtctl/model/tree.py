"""A tree of files to write over a root: shared by verify, deploy and the lab."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TreeFile:
    path: str
    content: bytes
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    yields: bool = False
    """Not written if the root file system has its own file: programs that the host itself needs."""


@dataclass(frozen=True, slots=True)
class TreeLink:
    path: str
    target: str


@dataclass(frozen=True, slots=True)
class TreeDir:
    """`owner` and `group`: names or numbers."""

    path: str
    mode: int = 0o755
    owner: str = "root"
    group: str = "root"


@dataclass(frozen=True, slots=True)
class Account:
    """A user and its group.

    `login` accounts get a shell and the lab's key; `sudo`: may run anything without a password.
    """

    name: str
    group: str
    home: str
    login: bool = False
    sudo: bool = False
    shell: str = ""
    """'' for what its `login` asks for."""
    uid: int | None = None
    gid: int | None = None
    """None: whichever is free."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """What the stand-in program of one unit does: listen, publish, consume, keep keys.

    Lists are of plain JSON values.
    """

    unit: str
    listen: tuple[tuple[str, int, str, int], ...] = ()
    """address, port, health path ('' for none), status"""
    publishes: tuple[str, ...] = ()
    consumes: tuple[tuple[str, str], ...] = ()
    """stream, group"""
    writes: tuple[tuple[str, str], ...] = ()
    """key, type"""
    oneshot: bool = False
    udp: tuple[tuple[str, int], ...] = ()
    """address, port"""
    redis: tuple[str, int] = ("127.0.0.1", 6379)
    """address, port of the store that it uses"""
    forks: bool = False
    pid_file: str = ""
    bodies: tuple[tuple[str, str], ...] = ()
    """health path, and its answer if the registry declares what the answer must contain"""


@dataclass(frozen=True, slots=True)
class Tree:
    """Sorted by path; parents before children. Accounts are created before files get their owners."""

    accounts: tuple[Account, ...] = ()
    dirs: tuple[TreeDir, ...] = ()
    files: tuple[TreeFile, ...] = ()
    links: tuple[TreeLink, ...] = ()
    enable: tuple[str, ...] = ()
    """Units that the host itself enables before its first boot."""
