"""Which other account could decide what an account does at its login: through its home, its shell, or their files."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from qtctl.meaning.access import Change, Entry, Kind, find_first_change, walk
from qtctl.model.account_facts import Auditor

IN_HOME = (
    ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshenv", ".zshrc", ".zprofile", ".kshrc",
    ".cshrc", ".tcshrc", ".login", ".config/fish/config.fish", ".config/fish/conf.d", ".pam_environment", ".ssh/rc",
    ".ssh/environment", ".ssh/authorized_keys", ".ssh/authorized_keys2",
)  # fmt: skip
"""What sshd and the shells that it starts read from a home."""
SYSTEM = (
    "/etc/bash.bashrc", "/etc/bashrc", "/etc/profile", "/etc/profile.d", "/etc/environment", "/etc/ssh/sshrc",
    "/etc/zshenv", "/etc/zsh/zshenv", "/etc/csh.cshrc", "/etc/fish/config.fish",
)  # fmt: skip


class Found(NamedTuple):
    """`path` leads through something that another account could change."""

    path: str
    change: Change


def list_login_paths(home: str, shell: str) -> tuple[str, ...]:
    """What is read when the account logs in, as far as it exists."""
    own = (f"{home.rstrip('/')}/{name}" for name in IN_HOME)
    return tuple(path for path in (home, shell, *own, *SYSTEM) if path.startswith("/"))


def map_entries(rows: Iterable[tuple[str, str, int, int, int, str]]) -> dict[str, Entry]:
    """By path; rows are (path, kind, uid, gid, mode, link target)."""
    return {path: Entry(path, Kind(kind), uid, gid, mode, to) for path, kind, uid, gid, mode, to in rows}


def find_first_writable(login: Auditor) -> Found | None:
    """What anyone except the account itself and root could change; None if there is nothing."""
    known: Mapping[str, Entry] = map_entries(login.rows())
    for path in list_login_paths(login.home, login.shell):
        change = find_first_change(walk(path, known).entries, (login.uid,))
        if change is not None:
            return Found(path, change)
    return None
