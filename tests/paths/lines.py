"""Every option and argument that names a file or a folder of this machine, and a line of its command that is good."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from qtctl.adapters.files import locate_shipped
from qtctl.cli.main import build_command


class Role(Enum):
    """What a command does with the path."""

    FILE = "a file that is read"
    FOLDER = "a folder that is read"
    OUT = "a file that is written"
    OUT_FOLDER = "a folder that is written to"
    NEW_FOLDER = "a folder that is made"
    STORE = "a folder of snapshots that is read"
    STORE_OUT = "a folder of snapshots that is written to"


RECORDED, SHIPPED = locate_shipped("recorded"), locate_shipped("registry")
OF_RECORDED = ("--registry", str(SHIPPED), "--store", "snapshots")
HOST = "nowhere.invalid"
ROLES = {
    "--registry": Role.FOLDER, "--templates": Role.FOLDER, "--clones": Role.FOLDER, "--wheels": Role.FOLDER,
    "--from": Role.FILE, "--evidence": Role.FILE, "--compose": Role.FILE, "--file": Role.FILE, "--env-file": Role.FILE,
    "--new-since": Role.FILE, "--plan": Role.FILE, "--sign": Role.FILE, "--signers": Role.FILE, "--channels": Role.FILE,
    "--save": Role.OUT, "--out": Role.OUT, "--svg": Role.OUT, "--textfile": Role.OUT, "--comment": Role.OUT,
    "--also": Role.OUT, "--state": Role.OUT, "--store": Role.STORE,
    "file": Role.FILE, "files": Role.FILE, "sources": Role.FILE, "number": Role.FILE,
}  # fmt: skip
OF_A_COMMAND = {
    ("render", "--out"): Role.OUT_FOLDER, ("demo", "--out"): Role.OUT_FOLDER,
    ("snapshot schedule", "--out"): Role.OUT_FOLDER,
    ("adopt units", "--out"): Role.NEW_FOLDER, ("adopt host", "--out"): Role.NEW_FOLDER,
    ("adopt compose", "--out"): Role.NEW_FOLDER, ("init", "folder"): Role.NEW_FOLDER,
    ("adopt units", "folder"): Role.FOLDER, ("snapshot take", "--store"): Role.STORE_OUT,
    ("snapshot show", "name"): Role.FILE, ("snapshot diff", "before"): Role.FILE, ("snapshot diff", "after"): Role.FILE,
}  # fmt: skip
NO_PATHS = {
    "ADDR", "USER", "N", "SIZES", "NAME", "COMMIT", "SECONDS", "ENGINE", "HOST", "LEVEL", "FORMAT", "PATTERN",
    "ADDR:PORT", "SIZE", "CALENDAR", "GLOB", "ID", "TEXT", "SIGNAL", "TIME", "SUITE", "VERSION", "FLEET", "COMMAND",
    "WHERE", "TAG", "TARGET", "[SERVICE|TARGET|@TAG]", "[N]...", "[UNIT]...", None,
}  # fmt: skip
"""What options take that name no path: their metavars."""
ELSEWHERE = {
    "--program", "--registry-there", "--registry-file", ("schedule notify", "--channels"),
    ("schedule notify", "--state"), ("schedule metrics", "--textfile"), ("schedule snapshot", "--store"),
    ("snapshot schedule", "--store"), ("snapshot schedule", "--sign"), ("snapshot schedule", "--registry"),
    ("gate", "--store"),
}  # fmt: skip
"""Paths of another machine, or inside a snapshot; and of a store that the gate here does not ask."""
CONTROL = ("start", "stop", "reload", "restart", "disable", "enable", "kill", "reset-failed")
ONE_HOST = ("--host", HOST)
ON = ("--on", "box", "--all-hosts")
LINES: dict[str, tuple[str, ...]] = {
    "list": (), "show": ("api",), "lint": (), "graph": (), "explain": ("QT901",), "verify": (), "gate": (),
    "render": ("--out", "out"), "demo": (), "schema": (),
    "init": ("shop", "--name", "shop", "--host", "box", "--address", HOST),
    "adopt units": ("units", "--out", "adopted"), "adopt host": (HOST, "--out", "adopted"),
    "adopt compose": ("docker-compose.yml", "--out", "adopted"), "adopt inventory": ("inventory.ini",),
    "adopt drift": ONE_HOST, "lab up": (), "rehearse": ("--host", "box", "--evidence", "evidence.json"),
    "host prepare": ONE_HOST, "plan": ONE_HOST, "deploy": (*ONE_HOST, "--yes"), "rollback": (*ONE_HOST, "--yes"),
    "recover": ONE_HOST, "generations": ONE_HOST, "backup take": ONE_HOST, "backup list": (),
    "backup show": ("box.qtbackup",), "backup restore": ("box.qtbackup", *ONE_HOST, "--yes"),
    "secrets status": ONE_HOST, "secrets put": ("api/TOKEN", *ONE_HOST),
    **dict.fromkeys(CONTROL, ("api", *ONE_HOST, "--yes")),
    "status": ONE_HOST, "audit": ("--from", "evidence.json"), "watch": ONE_HOST, "logs": ONE_HOST,
    **{f"report {name}": ("--from", "evidence.json") for name in ("registry", "overview", "catalogue", "flow")},
    "why": ("registry.json#/summary/running", "--from", "evidence.json"), "metrics": ("--from", "evidence.json"),
    "notify": ("--from", "evidence.json", "--channels", "notify.toml", "--state", "told.json"),
    "parity": ("--compose", "docker-compose.yml"), "check-claims": ("inventory.md", "--from", "evidence.json"),
    "comment": ("comment.md",), "snapshot take": ("--from", f"{RECORDED}/evidence.json", *OF_RECORDED),
    "snapshot list": ("--store", "snapshots"), "snapshot show": ("latest", "--store", "snapshots"),
    "snapshot verify": ("--all-hosts", *OF_RECORDED),
    "snapshot diff": ("docker-compose.yml", "latest", "--store", "snapshots"), "snapshot schedule": ONE_HOST,
    **{f"schedule {name}": ON for name in ("audit", "snapshot", "metrics", "notify")},
    "evolution": ("docker-compose.yml", "latest", "--store", "snapshots"),
}  # fmt: skip
"""Command → the rest of a line that is good in the folder of `tests.paths.ground`, but for that of UNFIT."""
UNFIT = {"explain", "comment", "backup show", "backup restore", "secrets put", "watch", "lab up", "rehearse"}
"""Refused even so, or without end: there is no own check, no pull request, no backup, no secret and no lab."""


@dataclass(frozen=True)
class Named:
    """A path that a command takes: as an option, or as the argument at this place among its arguments."""

    command: str
    name: str
    role: Role
    place: int | None

    @property
    def keeps_lock(self) -> bool:
        """Whether there is a lock beside what is written, which stays."""
        return self.role is Role.STORE_OUT or (self.command, self.name) == ("notify", "--state")

    def argv(self, path: str) -> tuple[str, ...]:
        """The command with this path, instead of what the good line has there."""
        given = {"--also": f"junit={path}", "number": f"{path}#/summary/running"}.get(self.name, path)
        rest = list(LINES[self.command])
        if self.place is not None:
            rest[self.place] = given
            return (*self.command.split(), *rest)
        if self.name in rest:
            rest[rest.index(self.name) + 1] = given
        else:
            rest += [self.name, given]
        return (*self.command.split(), *_fitting(self, rest))


def _fitting(named: Named, rest: list[str]) -> list[str]:
    """Without what the option cannot stand beside."""
    if named.name == "--file":
        return [each for each in rest if each != "docker-compose.yml"]
    if (named.command, named.name) == ("snapshot verify", "--store"):
        # With --all-hosts, a store that is not there is a finding for each host.
        return [each for each in rest if each not in ("--all-hosts", "--registry", str(SHIPPED))]
    if (named.command, named.name) == ("metrics", "--out"):
        return ["--rules", *rest[2:]]
    return rest


def list_named() -> list[Named]:
    """Of all commands. AssertionError for an option or argument of which nobody has said whether it names a path."""
    return [each for path, command in _leaves(build_command()) for each in _of_command(path, command)]


def _of_command(path: str, command: Any) -> Iterator[Named]:
    arguments = 0
    for param in command.params:
        name = param.opts[0]
        place = None if name.startswith("-") else arguments
        arguments += place is not None
        if getattr(param, "is_flag", False) or name in ELSEWHERE or (path, name) in ELSEWHERE:
            continue
        role = OF_A_COMMAND.get((path, name))
        if role is None and param.metavar not in NO_PATHS:
            role = ROLES.get(name)
            assert role is not None, f"qtctl {path} {name}: is it a path?"
        if role is not None:
            yield Named(path, name, role, place)


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, each in command.commands.items():
        if hasattr(each, "commands"):
            yield from _leaves(each, (*path, name))
        else:
            yield " ".join((*path, name)), each
