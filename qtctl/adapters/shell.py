"""How programs are started on a host: by one line that no setting of the login account affects.

`env -i` leaves nothing of what the account's shell files set: no PATH, no LD_PRELOAD, no PYTHONPATH. The folders of
PATH belong to packages; /usr/local may belong to a group. What shell files print comes before our first word, which
is waited for. What they run cannot be helped: sshd's shell reads them before it reads us.
"""

from qtctl.errors import HostError
from qtctl.remote.scripts import read_script

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
LIMIT_S = 60
"""No script of an audit runs longer, even where the connection is lost and neither side is told."""
STDOUT_MARK = b"qtctl: begins\n"
"""What comes before the first byte of a program whose output has no frames of its own."""
MOST_NOISE = 65536

CLEAN = f"/usr/bin/env -i PATH={PATH} LC_ALL=C"
SHELL = f"{CLEAN} /bin/sh -s"
ATTACHED = (
    f"{CLEAN} /bin/sh -c 'if command -v timeout >/dev/null; then exec timeout -k 1 {LIMIT_S} /bin/sh -s; fi; "
    "exec /bin/sh -s'"
)
"""A host without timeout ends it with its input alone."""
BRIDGE = f"{CLEAN} /bin/sh -c 'printf \"qtctl: begins\\n\"; exec systemd-stdio-bridge'"


def attach(script: str) -> str:
    """`script`, to be ended with the connection, for `ATTACHED`: whoever sends it leaves its input open.

    The whole text is read before any of it runs, so that a script which was cut off does nothing.
    """
    return f"{{\n{read_script('attached.sh')}{script}\nexit\n}}\n"


class AfterMark:
    """Takes from a stream what comes before `STDOUT_MARK`, and the mark. Knows no stream: it is fed."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._before = b""
        self._found = False

    def take_after(self, data: bytes) -> bytes:
        """What of `data` comes after the mark. HostError if so much came that none can be expected."""
        if self._found:
            return data
        self._before += data
        noise, mark, after = self._before.partition(STDOUT_MARK)
        if mark:
            self._found, self._before = True, b""
            return after
        if len(noise) > MOST_NOISE:
            raise HostError(
                f"{self._place}: the account's shell never stops printing",
                hint="its startup files may print only in interactive shells",
            )
        return b""
