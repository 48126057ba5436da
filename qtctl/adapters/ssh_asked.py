"""Asks `ssh -G` for the settings of a destination: one process, with names and output checked and bounded."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from qtctl.adapters import ssh_config, ssh_errors, ssh_options
from qtctl.adapters.ssh_config import Settings
from qtctl.errors import Unreachable

INSTALL_HINT = "install openssh-client: qtctl reads SSH settings through `ssh -G`"
_MOST = 1 << 20
"""Bytes of output; ssh prints 6 kB."""
_PIECE = 1 << 16
_NOT_IN_HOSTS = set("'`\"$\\;&<>|(){},")
_NOT_IN_USERS = set("'`\";&<>|(){}")


class Asked(NamedTuple):
    """An `ssh -G` under way for `target`; `config` names the files that it reads."""

    process: "subprocess.Popen[bytes]"
    target: str
    config: str


def start(target: str, *, config: Path | None, user: str | None, port: int | None) -> Asked:
    """Begin `ssh -G`; pass the result to `finish`.

    Unreachable if there is no ssh, or for a name that ssh would refuse.
    """
    if not is_valid_host(target):
        raise ssh_errors.explain_bad_name(target, "host name", target)
    if user and not is_valid_user(user):
        raise ssh_errors.explain_bad_name(target, "user name", user)
    try:
        process = subprocess.Popen(
            ssh_config.make_command(target, config=config, user=user, port=port),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise Unreachable("no ssh command on this machine", host=target, hint=INSTALL_HINT) from error
    return Asked(process, target, str(config) if config else ssh_config.DEFAULT_FILES)


def finish(asked: Asked, address: str | None, timeout_s: float) -> Settings:
    """The settings that a `start`ed process prints. `address` replaces the host name.

    Unreachable if ssh cannot read them, or if they ask for something that cannot be honoured.
    """
    target = asked.target
    out, err = _read_output(asked, timeout_s)
    if asked.process.returncode != 0:
        said = " ".join(err.decode("utf-8", "replace").split())
        raise Unreachable(f"ssh settings cannot be read: {said}", host=target, hint=f"try `ssh -G {target}`")
    values = ssh_config.parse_values(out)
    settings = ssh_config.make_settings(values, target, ssh_config.read_local(), asked.config)
    check(settings, values)
    if address is None:
        return settings
    if not is_valid_host(address):
        raise ssh_errors.explain_bad_name(target, "address", address)
    return replace(settings, hostname=address)


def is_valid_host(name: str) -> bool:
    """As in OpenSSH (ssh_valid_hostname): nothing that a shell or an option parser could misread."""
    return bool(name) and name[0] != "-" and _is_printable(name) and " " not in name and _NOT_IN_HOSTS.isdisjoint(name)


def is_valid_user(name: str) -> bool:
    """As in OpenSSH (ssh_valid_ruser)."""
    if not name or name[0] == "-" or not _is_printable(name) or name[-1] == "\\":
        return False
    return _NOT_IN_USERS.isdisjoint(name) and " -" not in name


def _is_printable(name: str) -> bool:
    return all(letter.isprintable() for letter in name)


def check(settings: Settings, values: Mapping[str, Sequence[str]]) -> None:
    """Unreachable if an option cannot be honoured, or if a name could be misread on its way. `values`: as printed."""
    if found := ssh_options.find_refused(values):
        option, value = found
        raise ssh_errors.explain_cannot_honour(settings, option.name, value, option.why)
    if not is_valid_host(settings.hostname):
        raise ssh_errors.explain_bad_name(settings.target, "HostName", settings.hostname)
    if not settings.user or not _is_printable(settings.user):
        raise ssh_errors.explain_bad_name(settings.target, "User", settings.user)
    if settings.proxy_command:
        _check_for_shell(settings)


def _check_for_shell(settings: Settings) -> None:
    """What %r and %k put into a ProxyCommand, which a shell reads; %h and %n are checked for every connection."""
    if not is_valid_user(settings.user):
        raise ssh_errors.explain_bad_name(settings.target, "User", settings.user)
    if settings.host_key_alias and not is_valid_host(settings.host_key_alias):
        raise ssh_errors.explain_bad_name(settings.target, "HostKeyAlias", settings.host_key_alias)


def _read_output(asked: Asked, timeout_s: float) -> tuple[bytes, bytes]:
    """Both streams to their end, and the process gone, whatever happens."""
    process = asked.process
    try:
        out, err = _read_streams(asked, time.monotonic() + timeout_s)
        process.wait(timeout_s)
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        raise Unreachable(
            f"`ssh -G` gave no answer in {timeout_s:g} s", host=asked.target, hint="look at Match exec"
        ) from error
    finally:
        _end_process(process)
    return out, err


def _read_streams(asked: Asked, until: float) -> tuple[bytes, bytes]:
    process = asked.process
    assert process.stdout is not None  # noqa: S101 - both are pipes
    assert process.stderr is not None  # noqa: S101
    read: dict[int, bytearray] = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    out, err = read.values()
    with selectors.DefaultSelector() as waiting:
        for descriptor in read:
            waiting.register(descriptor, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                piece = os.read(key.fd, _PIECE)
                read[key.fd] += piece
                if not piece:
                    waiting.unregister(key.fd)
            if len(out) + len(err) > _MOST:
                raise ssh_errors.explain_too_much(asked.target)
    return bytes(out), bytes(err)


def _end_process(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
