"""Facts of the code that services run: their entry points, and folders of code and virtual environments."""

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """Subject: a service. `found`: where each thing is that its program has to find, in the order of the question.

    '' if it is in none of the folders that Python searches. Then `shut` is a folder that could not be entered, and
    `hook` a .pth file that may make Python search elsewhere; '' for none. `empty`: those of them that are empty files.
    """

    FACT: ClassVar[str] = "entry"
    found: list[str]
    shut: str = ""
    hook: str = ""
    empty: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Checkout:
    """Subject: a folder. `git`: whether it is a git checkout. `head`: its commit, '' if there is none yet.

    `ref`: the branch that HEAD names, else ''. `changed`: the first tracked files that differ from the index → how, and
    the ids of the declared and the present content; `changes`: how many differ. `staged`: whether the index is another
    tree than the commit, None if the commit could not be read. `unsure`: why little or nothing is known about the
    files, '' if everything is. Untracked files are not examined.
    """

    FACT: ClassVar[str] = "checkout"
    git: bool
    owner: str
    head: str = ""
    ref: str = ""
    tracked: int = 0
    changed: dict[str, list[str]] | None = None
    changes: int = 0
    staged: bool | None = None
    submodules: int = 0
    unsure: str = ""
    folders: list[str] | None = None
    """Where HEAD and the index are, and where the branches: of a worktree these are two."""


@dataclass(frozen=True, slots=True)
class VenvPackages:
    """Subject: a virtual environment. Names of its package records, without `.dist-info`: `numpy-1.26.4`."""

    FACT: ClassVar[str] = "venv.packages"
    records: list[str]


@dataclass(frozen=True, slots=True)
class Folders:
    """Subject: a folder. Folder in it → which of the files it has that mark virtual environments and programs."""

    FACT: ClassVar[str] = "folders"
    marks: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class VenvCheck:
    """Subject: path of a venv.

    `resolved`: where bin/python leads. `ran`: the program that was run in its place, with -I -S -E -B; `exit` and
    `output`: of that run. If bin/python cannot be run (not a file, not executable), `exit` is what a shell would
    return. If `exit` is None, it was not run, for the reason in `not_run`; `looks` is then `program` (for this kind of
    host, with a name like Python's), `script`, or ''.

    `made_for`: the version that pyvenv.cfg names, '' for none. `libraries`: the names of its lib/python*. `installed`:
    the newest record of an installed package; `installed_at`: when it changed, in microseconds since the epoch.
    """

    FACT: ClassVar[str] = "venv"
    interpreter: str
    resolved: str
    exit: int | None
    output: str
    ran: str = ""
    not_run: str = ""
    looks: str = ""
    made_for: str = ""
    libraries: list[str] | None = None
    installed: str = ""
    installed_at: int = 0
