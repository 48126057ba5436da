"""Signatures made and checked by OpenSSH's own ssh-keygen -Y, with keys that people already have."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from qtctl.contained.looking import is_file, leads_somewhere, make_absent_error
from qtctl.contained.regular import MIB, check_regular
from qtctl.errors import InputError, Place

NAMESPACE = "snapshot@qtctl"
"""A signature made for another purpose does not count for a snapshot."""
PROGRAM = "ssh-keygen"
DEADLINE_S = 60.0
"""An agent may ask a person."""
_BEGINS = b"-----BEGIN SSH SIGNATURE-----"


def sign(content: bytes, key: Path) -> bytes:
    """By a private key, or by the agent for a public one. InputError if that fails."""
    if not leads_somewhere(key):
        raise make_absent_error(key, "there is no such key", "name a private key, or a public one of your agent")
    _check_size(key)
    done = _run(("-Y", "sign", "-f", str(key), "-n", NAMESPACE), content)
    if done.returncode or not done.stdout.startswith(_BEGINS):
        raise InputError(f"could not sign: {_read_error(done)}", hint="is it a key, and does the agent have it?",
                         place=Place(str(key)))  # fmt: skip
    return done.stdout


def check_signers(signers: Path) -> None:
    """InputError if it is no file of allowed signers, whatever is in it."""
    if not is_file(signers):
        raise make_absent_error(signers, "there is no such file", "one line a signer: NAME KEYTYPE KEY")
    _check_size(signers)


def _check_size(path: Path) -> None:
    """ssh-keygen would wait for a pipe, and read what has no end."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise InputError(what, hint="check the path", place=Place(str(path))) from error
    try:
        check_regular(os.fstat(handle), MIB, Place(str(path)))
    finally:
        os.close(handle)


def check(content: bytes, signature: bytes, signers: Path | None, taken_at: str) -> str:
    """Why the signature is not valid, or ''. Without `signers` (see ssh-keygen(1)) only that it fits, not by whom.

    `taken_at`: ISO 8601; a key must have been valid then.
    """
    with tempfile.TemporaryDirectory(prefix="qtctl-sig-") as folder:
        path = Path(folder) / "signature"
        path.write_bytes(signature)
        if signers is None:
            done = _run(("-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(path)), content)
            return "" if not done.returncode else f"its signature does not fit: {_read_error(done)}"
        return _check_signer(content, path, signers, taken_at)


def _check_signer(content: bytes, signature: Path, signers: Path, taken_at: str) -> str:
    check_signers(signers)
    when = f"-Overify-time={''.join(each for each in taken_at[:19] if each.isdigit())}Z"
    found = _run(("-Y", "find-principals", when, "-s", str(signature), "-f", str(signers)), b"")
    principals = found.stdout.decode(errors="replace").split("\n")[:-1]
    if found.returncode or not principals:
        return "its signer is not one of the allowed signers"
    arguments = ("-Y", "verify", when, "-n", NAMESPACE, "-I", principals[0], "-f", str(signers), "-s", str(signature))
    done = _run(arguments, content)
    return "" if not done.returncode else f"its signature is not good: {_read_error(done)}"


def _run(arguments: Sequence[str], content: bytes) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            (PROGRAM, *arguments), input=content, capture_output=True, timeout=DEADLINE_S, check=False
        )
    except FileNotFoundError as error:
        raise InputError(
            f"{PROGRAM} is not installed on this machine", hint="apt-get install openssh-client"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(
            f"{PROGRAM} could not be run, or did not end in {DEADLINE_S:.0f} s", hint="try it by hand"
        ) from error


def _read_error(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = (done.stderr or done.stdout).decode(errors="replace").strip().split("\n")
    return lines[-1][:200] if lines[-1] else f"exit {done.returncode}"
