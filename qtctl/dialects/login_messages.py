"""Messages of hosts that do not start a program: the cause, and what helps."""

import re
from typing import NamedTuple


class Cause(NamedTuple):
    """`what` completes "the host starts no program:"; `hint` is what to do."""

    what: str
    hint: str


FULL = Cause(
    "the host starts no further process: its process table or a limit of the account is full",
    "look at `ps -e | wc -l`, `ulimit -u` and TasksMax= of user-UID.slice on the host",
)
_NO_FORK = re.compile(
    r"(?m)^[\w./+-]{1,60}: (?:(?:line )?[0-9]{1,6}: )?(?:\w{1,20}: )?(?:can(?:not|'t) )?fork[^'\n]*$", re.IGNORECASE
)
"""A shell, `timeout` or `find` could not start a process. Paths are quoted there, so none is mistaken for this."""
_CAUSES = (
    (
        re.compile(r"password (has|is) expired|password change required|change your password", re.IGNORECASE),
        Cause(
            "the account's password has expired",
            "give the account a key and a password that never expires: `chage -M -1 -d -1 ACCOUNT` on the host as root",
        ),
    ),
    (
        re.compile(r"account has expired", re.IGNORECASE),
        Cause("the account has expired", "`chage -E -1 ACCOUNT` on the host as root"),
    ),
    (
        re.compile(r"account is (currently )?not available", re.IGNORECASE),
        Cause("the account has no shell", "give it /bin/sh: `usermod -s /bin/sh ACCOUNT` on the host as root"),
    ),
    (
        re.compile(r"fork|resource temporarily unavailable|can(not|'t) create (process|thread)", re.IGNORECASE),
        FULL,
    ),
    (
        re.compile(r"^/dev/null is not the device"),
        Cause(
            "/dev/null is not the null device",
            "as root on the host: rm -f /dev/null; mknod -m 666 /dev/null c 1 3",
        ),
    ),
    (
        re.compile(r"cannot allocate memory|out of memory", re.IGNORECASE),
        Cause("the host has no memory for another program", "free memory on the host, then audit again"),
    ),
    (
        re.compile(r"(?P<program>[\w./+-]+)'?: (command |inaccessible or )?(not found|No such file or directory)"),
        Cause("{program} is missing", "install {program} on the host, then audit again"),
    ),
)


def could_not_fork(said: str) -> bool:
    """Whether a program that was started could not start another one: then its output is incomplete."""
    return _NO_FORK.search(said) is not None


def find_cause(said: str) -> Cause | None:
    """Why no program was started, from what the host printed instead. None if it printed nothing of the kind."""
    for pattern, cause in _CAUSES:
        if found := pattern.search(said):
            return Cause(*(text.format(**found.groupdict()) for text in cause)) if found.groupdict() else cause
    return None
