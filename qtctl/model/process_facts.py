"""Facts of what services run by: their processes, and the contents of their env files."""

from dataclasses import dataclass
from typing import ClassVar

from qtctl.model.json import JsonObject

LIMIT_NAMES = {
    "cpu time": "CPU", "file size": "FSIZE", "data size": "DATA", "stack size": "STACK", "core file size": "CORE",
    "resident set": "RSS", "processes": "NPROC", "open files": "NOFILE", "locked memory": "MEMLOCK",
    "address space": "AS", "file locks": "LOCKS", "pending signals": "SIGPENDING", "msgqueue size": "MSGQUEUE",
    "nice priority": "NICE", "realtime priority": "RTPRIO", "realtime timeout": "RTTIME",
}  # fmt: skip
"""What /proc/PID/limits calls each limit of Limit…=."""


@dataclass(frozen=True, slots=True)
class Processes:
    """Subject: a service. pid → what a process of it runs with, of those that no other of its processes started.

    Each has `uids` and `gids` (real, effective, saved, of the file system), `groups`, `umask` (octal), `nice`,
    `oom_score_adj`, `state` (a letter, as ps prints it), `no_new_privs`, `cpus` (a list, as taskset prints it),
    `policy` (0: the usual one), and `limits`: of each that its unit sets (NOFILE), and that is lower than what services
    get, soft and hard, -1 for no limit. `program`: the first word of its command line, where that is an absolute path.
    `nice`, `oom_score_adj` and `cpus`: those of PID 1, which services inherit.
    """

    FACT: ClassVar[str] = "processes"
    rows: dict[str, JsonObject]
    nice: int
    oom_score_adj: int
    cpus: str = ""


@dataclass(frozen=True, slots=True)
class ProgramCopies:
    """Subject: `*`. Processes that run what a declared service runs, and are in the control group of no such service.

    rows: [pid, unit of a service that runs the same, control group of the process], a row for each control group.
    """

    FACT: ClassVar[str] = "processes.copies"
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class ProcessPlaces:
    """Subject: a service. pid → working directory and program of each of its processes, as /proc links to them.

    What has been removed ends in ` (deleted)`.
    """

    FACT: ClassVar[str] = "processes.places"
    rows: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class EnvText:
    """Subject: path of an env file, as systemd reads it. Of the last assignment of each key, if there are several.

    `digests`: key → sha256, in hexadecimal, of `nonce`, its value and a line end, where the registry declares the value
    (a backslash is doubled in it, a line end `\\n`). `plain`: those of them whose value stands there as it is, behind
    `KEY=` at the beginning of a line. `secrets`: key → whether it has a value. `others`: line and name of what else is
    assigned; the name is '' where it may be something else, as in a secrets file. `lines`: line and kind of what
    systemd ignores or misreads. `unusable`: why systemd takes nothing of the file, `nul` or `utf8`.
    """

    FACT: ClassVar[str] = "env"
    nonce: str
    digests: dict[str, str]
    plain: list[str]
    secrets: dict[str, bool]
    others: list[list[str]]
    lines: list[list[str]]
    unusable: str = ""
