"""A host over one SSH connection: commands, files, its system bus and its Redis servers all go through it."""

import contextlib
import threading
import time
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from qtctl.adapters import elevate, light_paramiko, shared_jumps, shell, ssh_asked, ssh_config, ssh_errors, store, tcp
from qtctl.adapters.background_thread import BackgroundThread
from qtctl.adapters.bounds import shorten_output
from qtctl.adapters.shell import ATTACHED
from qtctl.errors import HostError, NoSession, Refused
from qtctl.interfaces.closing import Closing
from qtctl.model.desired_store import StoreTls
from qtctl.model.inquiry import HealthQuestion
from qtctl.model.secret import Secret
from qtctl.model.tree import TreeFile
from qtctl.remote.request import Request

if TYPE_CHECKING:
    import paramiko

    from qtctl.adapters.dbus import StreamBus
    from qtctl.adapters.http_get import Gets
    from qtctl.adapters.ssh_connect import Link
    from qtctl.adapters.ssh_exec import Exec
    from qtctl.adapters.streams import WireStream

_CONNECT_FAILED = 2
"""Why a channel was not opened, by RFC 4254."""
_ANSWER_DEADLINE_S = 10.0
"""For opening a channel, and for each request on it."""
_ANSWERS_WITHIN_S = 2.0
_LOGIN_S = 26.0
"""For the first session, for which the host opens a login session: PAM waits 25 s for a hanging D-Bus."""

_OF_UNIX_SOCKETS = (
    "does Redis listen there, may the account that audits connect (unixsocketperm, and the folder), and does sshd "
    "forward to unix sockets (AllowStreamLocalForwarding)? sshd does not say which"
)
_SESSION_TRIES, _SESSION_PAUSE_S = 3, 0.05

T = TypeVar("T")


def connect(
    target: str,
    *,
    user: str | None,
    config: Path | None,
    port: int | None = None,
    address: str | None = None,
    connect_timeout_s: float = 10.0,
) -> "SshHost":
    """Connect and log in with the settings of `ssh [-F config] target`; user, port and address override them.

    Host keys must be known, whatever StrictHostKeyChecking says. Unreachable otherwise, with a hint.
    """
    asked = ssh_asked.start(target, config=config, user=user, port=port)
    loading = threading.Thread(target=load, daemon=True)
    loading.start()
    try:
        settings = ssh_asked.finish(asked, address, connect_timeout_s)
        timeout_s = min(connect_timeout_s, settings.connect_timeout_s or connect_timeout_s)
        direct = not settings.proxy_jump and not settings.proxy_command
        sock = tcp.dial(settings, timeout_s) if direct else None
    finally:
        loading.join()
    from qtctl.adapters.ssh_connect import open_link, open_through  # noqa: PLC0415 - paramiko takes 0.16 s to import

    if settings.proxy_jump and shared_jumps.is_shared():
        through, held = shared_jumps.reach(settings, config, timeout_s)
        return SshHost(settings, open_through(settings, through, held, timeout_s))

    def jump(host: str, hop_user: str, hop_port: int) -> ssh_config.Settings:
        hop = ssh_asked.start(host, config=config, user=hop_user or None, port=hop_port or None)
        return ssh_asked.finish(hop, None, connect_timeout_s)

    link = open_link(settings, timeout_s, jump, sock)
    return SshHost(settings, link)


class SshHost(Closing):
    """qtctl.interfaces.host.Host over SSH. Calls are made from one thread; paramiko's own thread moves the bytes."""

    transport = "ssh"

    def __init__(self, settings: ssh_config.Settings, link: "Link") -> None:
        self._settings = settings
        self._link = link
        self._shell: paramiko.Channel | HostError | None = None
        self._bus: BackgroundThread[StreamBus] | None = None
        self._privileges = elevate.Privileges(settings.target, self.start, is_root=settings.user == "root")

    def prepare(self, *, shell: bool = True) -> None:
        """Open now what a look needs first, a shell (if `shell`) and the bus; errors are kept until it is asked for.

        The bus opens while the shell is used: if it hangs, nothing else waits for it.
        """
        if shell:
            try:
                self._shell = self._start_command(ATTACHED, _LOGIN_S)
            except HostError as error:
                self._shell = error
        self._bus = BackgroundThread(partial(self._open_bus, root=False, deadline_s=_LOGIN_S))

    @property
    def has_helper(self) -> bool | None:
        """Whether the host's helper acts for this account; None if that was not asked."""
        return self._privileges.known

    def prepare_root(self, *, helped: bool | None = None) -> None:
        """Begin to ask how this account becomes root, unless `helped`, from an earlier connection, tells."""
        self._privileges.known = helped
        with contextlib.suppress(HostError):
            self._privileges.ask_ahead()

    @property
    def address(self) -> str:
        return self._settings.target

    @property
    def user(self) -> str:
        return self._settings.user

    def start(self, script: str | Request, *, root: bool = False, attached: bool = False) -> "Exec":
        """Run a POSIX sh script, given on standard input (as root: directly, or through `sudo -n`), or a request.

        `attached`: its input stays open until it is finished with, and its end there is the script's own.
        """
        from qtctl.adapters.ssh_exec import Exec  # noqa: PLC0415

        started = self._privileges.prepare(script, root=root, attached=attached)
        channel = _hand_out(self._shell) if attached and not started.root else None
        if channel is None:
            channel = self._start_command(started.command)
        else:
            self._shell = None
        refuse = self._explain_no_root if started.root else None
        return Exec(channel, started.stdin, refuse, self.address, hold=attached)

    def stream(self, script: str) -> "WireStream":
        """qtctl.interfaces.stream.StreamingHost. One exec channel; closing the stream ends what it started."""
        from qtctl.adapters.ssh_bounds import close_channel  # noqa: PLC0415
        from qtctl.adapters.streams import WireStream  # noqa: PLC0415

        channel = self._start_command(f"{shell.SHELL} 2>/dev/null")
        found = WireStream(channel, self.address, self._explain_end, partial(close_channel, channel))
        try:
            found.begin(script.encode())
        except BaseException:
            found.close()
            raise
        return found

    def signal_bus(self) -> "StreamBus":
        return self.bus()

    def _explain_end(self) -> HostError | None:
        """Why a channel ended, if it was not by itself."""
        return None if self._link.transport.is_active() else ssh_errors.explain_lost(self.address)

    def put(self, directory: str, files: Sequence[TreeFile]) -> None:
        """Write files (0600) below a new directory (0700) owned by the login user; paths relative to it."""
        from qtctl.adapters.sftp import Tree  # noqa: PLC0415
        from qtctl.adapters.ssh_bounds import await_answer, close_channel  # noqa: PLC0415

        channel = self._open_checked_session()
        try:
            with await_answer(channel, _ANSWER_DEADLINE_S):
                channel.invoke_subsystem("sftp")
            Tree(channel, self.address).write(directory, files)
        except _list_failures() as error:
            if self._link.transport.is_active():
                raise HostError(
                    f"no SFTP: {shorten_output(str(error))}", host=self.address, hint="is `Subsystem sftp` set there?"
                ) from error
            raise ssh_errors.explain_lost(self.address, error) from error
        finally:
            close_channel(channel)

    def bus(self, *, root: bool = False, deadline_s: float = _ANSWER_DEADLINE_S) -> "StreamBus":
        """The system bus through `systemd-stdio-bridge`. Refused or HostError if there is none.

        A host's helper gives nobody the bus as root: whoever has it is root.
        """
        root = root and not self._privileges.has_helper()
        prepared, self._bus = (None, self._bus) if root else (self._bus, None)
        if prepared is None:
            return self._open_bus(root=root, deadline_s=deadline_s)
        try:
            return prepared.result(deadline_s)
        except TimeoutError as error:
            what = "no system bus: no answer in time: is it hanging?"
            raise HostError(what, host=self.address, hint="is dbus running there? `systemctl status dbus`") from error

    def _open_bus(self, *, root: bool, deadline_s: float) -> "StreamBus":
        from qtctl.adapters.bridge import open_over_channel  # noqa: PLC0415

        channel = self._start_command(elevate.make_command(shell.BRIDGE, root=root), deadline_s)
        return open_over_channel(channel, self.address, self._explain_no_root if root else None, deadline_s)

    def store(
        self,
        address: str,
        port: int,
        password: Secret | None,
        user: str = "",
        db: int = 0,
        *,
        tls: StoreTls | None = None,
    ) -> store.RedisStore:
        """A Redis server that the host reaches at `address`, or at a unix socket of that path.

        Through a forwarded channel; TLS is spoken inside it.
        """
        place = f"Redis at {store.place_of(address, port)}"
        return store.RedisStore(
            lambda timeout_s: self._forward(address, port, place, timeout_s),
            place,
            password,
            user,
            db,
            tls=tls,
            host=self.address,
        )

    def get(self, questions: Sequence[HealthQuestion]) -> "Gets":
        """GET requests from the host's own loopback, each through a forwarded channel."""
        from qtctl.adapters.http_get import Gets  # noqa: PLC0415

        return Gets(self._forward_to_program, questions, self._explain_close)

    def _explain_close(self) -> str:
        transport = self._link.transport
        if not transport.is_active():
            return "the connection to the host was lost"
        return "" if transport.answers(_ANSWERS_WITHIN_S) else f"sshd gave no answer in {_ANSWERS_WITHIN_S:g} s"

    def close(self) -> None:
        self._link.close()

    def _explain_no_root(self, said: str) -> Refused:
        return elevate.make_refusal(self.address, said)

    def _open_checked_session(self, deadline_s: float | None = None) -> "paramiko.Channel":
        deadline_s = _ANSWER_DEADLINE_S if deadline_s is None else deadline_s
        try:
            return self._open_session(deadline_s)
        except _load_channel_refused() as error:
            raise NoSession(
                "no session: sshd opens no further one on this connection",
                host=self.address,
                hint="raise MaxSessions in the host's sshd_config (its default is 10), then reload sshd",
            ) from error
        except _list_failures() as error:
            if self._link.transport.is_active():
                raise ssh_errors.explain_no_login(self.address, deadline_s) from error
            raise ssh_errors.explain_lost(self.address, error) from error

    def _open_session(self, deadline_s: float) -> "paramiko.Channel":
        """sshd counts a session for a moment after it has ended."""
        for _ in range(_SESSION_TRIES - 1):
            try:
                return self._link.transport.open_session(timeout=deadline_s)
            except _load_channel_refused():
                time.sleep(_SESSION_PAUSE_S)
        return self._link.transport.open_session(timeout=deadline_s)

    def _start_command(self, command: str, deadline_s: float | None = None) -> "paramiko.Channel":
        from qtctl.adapters.ssh_bounds import await_answer, close_channel  # noqa: PLC0415

        deadline_s = _ANSWER_DEADLINE_S if deadline_s is None else deadline_s
        channel = self._open_checked_session(deadline_s)
        try:
            with await_answer(channel, deadline_s):
                channel.exec_command(command)
        except _list_failures() as error:
            close_channel(channel)
            if not self._link.transport.is_active():
                raise ssh_errors.explain_lost(self.address, error) from error
            raise Refused(
                f"it cannot run a command: {shorten_output(str(error))}",
                host=self.address,
                hint="is it a shell account?",
            ) from error
        return channel

    def _forward_to_program(self, address: str, port: int, timeout_s: float) -> "paramiko.Channel":
        """TimeoutError: not connected in time. HostError: nothing accepts it. Refused: the host forwards nothing."""
        transport = self._link.transport
        try:
            return transport.open_channel("direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=timeout_s)
        except _load_channel_refused() as error:
            if error.code == _CONNECT_FAILED:
                raise HostError("it accepts no connection", host=self.address) from error
            raise Refused(
                f"forwarding refused: {shorten_output(error.text)}",
                host=self.address,
                hint="AllowTcpForwarding or PermitOpen in sshd_config",
            ) from error
        except _list_failures() as error:
            if transport.is_active():
                raise TimeoutError from error
            raise ssh_errors.explain_lost(self.address, error) from error

    def _forward(self, address: str, port: int, place: str, timeout_s: float) -> "paramiko.Channel":
        transport, unix = self._link.transport, address.startswith("/")
        try:
            if unix:
                return transport.open_unix_socket(address, timeout_s)
            return transport.open_channel("direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=timeout_s)
        except _load_channel_refused() as error:
            if error.code == 1:  # administratively prohibited
                raise Refused(
                    f"{place}: forwarding refused",
                    host=self.address,
                    hint="AllowTcpForwarding or PermitOpen in the host's sshd_config",
                ) from error
            hint = _OF_UNIX_SOCKETS if unix else "does Redis listen there?"
            raise HostError(
                f"{place}: not reached from the host: {shorten_output(error.text)}", host=self.address, hint=hint
            ) from error
        except _list_failures() as error:
            if self._link.transport.is_active():
                if self._link.transport.answers(_ANSWERS_WITHIN_S):
                    what, hint = "took no connection", "is it stopped, or does it hang?"
                else:
                    what, hint = "sshd gave no answer", ssh_errors.LOGIN_HANGS
                raise HostError(f"{place}: {what} in {timeout_s:.0f} s", host=self.address, hint=hint) from error
            raise ssh_errors.explain_lost(self.address, error) from error


def _hand_out(prepared: T | HostError | None) -> T | None:
    if isinstance(prepared, HostError):
        raise prepared
    return prepared


def _load_channel_refused() -> "type[paramiko.ChannelException]":
    import paramiko  # noqa: PLC0415 - loaded long before, by connect

    return paramiko.ChannelException


def _list_failures() -> tuple[type[BaseException], ...]:
    import paramiko  # noqa: PLC0415

    return (paramiko.SSHException, OSError, EOFError)


def load() -> None:
    """Import paramiko and everything on top of it: in the background, while ssh and the network are awaited."""
    light_paramiko.import_it()
    import_module("qtctl.adapters.ssh_exec")
    import_module("qtctl.adapters.ssh_connect")
