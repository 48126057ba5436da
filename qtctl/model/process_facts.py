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
    """Subject: a service. pid → what the process runs with. Only processes that no other process of it started.

    Each has `uids` and `gids` (real, effective, saved, file system), `groups`, `umask` (octal), `nice`,
    `oom_score_adj`, `state` (a letter, as ps prints it), `no_new_privs`, `cpus` (a list, as taskset prints it),
    `policy` (0: the usual one), and `limits`: soft and hard, -1 for no limit, of each limit that its unit sets (NOFILE)
    or that is lower than what services get. `program`: the first word of its command line, if that is an absolute path.
    `nice`, `oom_score_adj` and `cpus` of the fact itself: those of PID 1, which services inherit.
    """

    FACT: ClassVar[str] = "processes"
    rows: dict[str, JsonObject]
    nice: int
    oom_score_adj: int
    cpus: str = ""


@dataclass(frozen=True, slots=True)
class ProgramCopies:
    """Subject: `*`. Processes that run the same as a declared service, outside the control group of any such service.

    rows: [pid, unit of a service that runs the same, control group of the process], one row for each control group.
    """

    FACT: ClassVar[str] = "processes.copies"
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class ProcessPlaces:
    """Subject: a service. pid → working directory and program of each of its processes, as linked in /proc.

    A removed one ends in ` (deleted)`.
    """

    FACT: ClassVar[str] = "processes.places"
    rows: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class EnvText:
    """Subject: path of an env file, as systemd reads it. If a key is assigned several times, the last one counts.

    `digests`: key → sha256, in hexadecimal, of `nonce`, the value and a line end, if the registry declares the value (a
    backslash in it is doubled, a line end is `\\n`). `plain`: the keys among them whose value is written literally,
    after `KEY=` at the beginning of a line. `secrets`: key → whether it has a value. `others`: line and name of other
    assignments; the name is '' if it may be something else, as in a secrets file. `lines`: line and kind of what
    systemd ignores or misreads. `unusable`: why systemd uses nothing in the file, `nul` or `utf8`.
    """

    FACT: ClassVar[str] = "env"
    nonce: str
    digests: dict[str, str]
    plain: list[str]
    secrets: dict[str, bool]
    others: list[list[str]]
    lines: list[list[str]]
    unusable: str = ""
