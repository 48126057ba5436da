"""Becoming root for one command without asking anyone: directly where the login user is root, else `sudo -n`."""

from collections.abc import Callable

from qtctl.adapters import shell
from qtctl.adapters.bounds import said as said_by
from qtctl.errors import Refused

MARK = b"qtctl: root\n"
"""What the elevated shell says on standard error first; where it is missing, sudo did not let us through."""

_SAY = "printf 'qtctl: root\\n' >&2; exec"


def command(program: str, *, root: bool) -> str:
    """The shell command that runs `program` (a line of `qtctl.adapters.shell`), as root where asked."""
    if not root:
        return program
    inner = f"{_SAY} {program}"
    # Double quotes only inside: the login shell of the host takes this as one single-quoted word.
    script = f'[ "$(id -u)" = 0 ] && {{ {inner}; }}; exec sudo -n -- /bin/sh -c "$1"'
    return f"{shell.CLEAN} /bin/sh -c " + _quoted(script) + " sh " + _quoted(inner)


def strip_mark(stderr: bytes, refuse: Callable[[str], Refused]) -> bytes:
    """What the command said after the mark; before it, it was sudo. `refuse` makes the error where there is no mark."""
    before, mark, after = stderr.partition(MARK)
    if not mark:
        raise refuse(said_by(before, limit=500))
    return after


def refused(place: str, said: str) -> Refused:
    """`sudo -n` did not let us through; `said` is what it gave as reason."""
    return Refused(
        f"{place}: not root: {said or 'sudo gave no reason'}",
        hint="connect as root, or as a user whom sudoers gives NOPASSWD",
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
