"""One deploy at a time per host: a root shell on the host holds a lock for as long as the deploy is connected.

Any account that can open a file can lock it. So the lock file is in a folder of root, and only root can open it.
"""

import getpass
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from shlex import quote

from qtctl.errors import DeployRefused, HostError
from qtctl.interfaces.host import Host, Running
from qtctl.remote.scripts import read_script

LOCK = "/var/lib/qtctl/lock"
_ANSWER_S = 5.0


class NotLocked(DeployRefused):
    """The lock could not be taken. `holder`: who has it ('' if that could not be read), None if nobody does."""

    def __init__(self, what: str, *, hint: str = "", holder: str | None = None) -> None:
        super().__init__(what, hint=hint)
        self.holder = holder


class Lock:
    """A deploy lock that this process holds."""

    def __init__(self) -> None:
        self.host_is_gone = False

    def host_gone(self) -> None:
        """Do not try to release the lock on a host that does not answer: it is released there without us."""
        self.host_is_gone = True


@contextmanager
def deploy_lock(host: Host, *, hold_s: float, path: str = LOCK) -> Iterator[Lock]:
    """Hold the host's deploy lock. Raises NotLocked, a DeployRefused, if it cannot be taken.

    The host releases the lock when the connection is lost, and at the latest after `hold_s` seconds.
    """
    mark = f"{getpass.getuser()}@{platform.node()} {secrets.token_hex(8)}"
    names = f"lock={quote(path)} mark={quote(mark)} ttl={int(hold_s) + 1}\n"
    try:
        holder = host.start(names + read_script("way.sh") + read_script("lock.sh") + "hold\n", root=True)
        answer = host.start(names + read_script("lock.sh") + "ask\n", root=True).finish(_ANSWER_S)
    except HostError as error:
        raise NotLocked(f"the deploy lock could not be taken: {error.what}", hint=error.hint) from error
    if answer.stdout != b"held":
        raise _explain_refusal(host, holder, answer.stdout)
    lock = Lock()
    try:
        yield lock
    finally:
        if not lock.host_is_gone:
            _release(host, holder, names)


def _explain_refusal(host: Host, holder: Running, owner: bytes) -> NotLocked:
    try:
        done = holder.finish(_ANSWER_S)
    except HostError as error:
        return NotLocked(f"the deploy lock could not be taken: {error.what}", hint=error.hint)
    if done.stdout != b"busy":
        why = done.stderr.decode("utf-8", "replace").strip() or f"exit status {done.exit}"
        return NotLocked(
            f"the deploy lock could not be taken: {why}", hint=f"see to that on {host.address}, then deploy again"
        )
    who = owner.decode("utf-8", "replace").partition(" ")[0].strip()
    what = f"{host.address}: {who or 'somebody'} is deploying to it now"
    return NotLocked(what, hint="wait until that is done", holder=who)


def _release(host: Host, holder: Running, names: str) -> None:
    """If the connection is lost, there is nothing to do: the host releases the lock itself."""
    try:
        host.start(names + read_script("lock.sh") + "release\n", root=True).finish(_ANSWER_S)
        holder.finish(_ANSWER_S)
    except HostError:
        return
