"""How programs are started on a host: by one line that no setting of the login account affects.

`env -i` removes everything that the account's shell files set: PATH, LD_PRELOAD, PYTHONPATH. The folders of PATH belong
to packages; /usr/local may belong to a group. Output of shell files before our first word is skipped. What they run
cannot be prevented: sshd's shell reads them before it reads us.
"""

from qtctl.errors import HostError
from qtctl.remote.scripts import read_script

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
LIMIT_S = 60
"""No script of an audit runs longer, even if the connection is lost and neither side is told."""
STDOUT_MARK = b"qtctl: begins\n"
"""Printed before the first byte of a program whose output has no frames of its own."""
MOST_NOISE = 65536

CLEAN = f"/usr/bin/env -i PATH={PATH} LC_ALL=C"
SHELL = f"{CLEAN} /bin/sh -s"
ATTACHED = (
    f"{CLEAN} /bin/sh -c 'if command -v timeout >/dev/null; then exec timeout -k 1 {LIMIT_S} /bin/sh -s; fi; "
    "exec /bin/sh -s'"
)
"""On a host without timeout, only the end of its input ends it."""
BRIDGE = f"{CLEAN} /bin/sh -c 'printf \"qtctl: begins\\n\"; exec systemd-stdio-bridge'"


def attach(script: str) -> str:
    """`script`, to be ended with the connection, for `ATTACHED`: the sender leaves its input open.

    The whole text is read before any of it runs, so that a truncated script does nothing.
    """
    return f"{{\n{read_script('attached.sh')}{script}\nexit\n}}\n"


class AfterMark:
    """Removes everything up to and including `STDOUT_MARK` from a stream. It is fed with data."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._before = b""
        self._found = False

    @property
    def found(self) -> bool:
        """Whether the mark has come."""
        return self._found

    def take_after(self, data: bytes) -> bytes:
        """The part of `data` after the mark. HostError if too much came without one."""
        if self._found:
            return data
        self._before += data
        noise, mark, after = self._before.partition(STDOUT_MARK)
        if mark:
            self._found, self._before = True, b""
            return after
        if len(noise) > MOST_NOISE:
            raise HostError(
                "the account's shell never stops printing",
                host=self._host,
                hint="its startup files may print only in interactive shells",
            )
        return b""
