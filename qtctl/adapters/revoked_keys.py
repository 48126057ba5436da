"""RevokedHostKeys: files of public keys, or key revocation lists (KRL), as OpenSSH reads them. Fails closed."""

import base64
import binascii
import subprocess
import tempfile
from pathlib import Path

from qtctl.adapters import bounded, host_certificates
from qtctl.adapters.ssh_wire import CERTIFICATE, Malformed, read_type
from qtctl.contained.looking import is_file

_KRL = b"SSHKRL\n\0"
_SECONDS = 10.0


class Unusable(Exception):
    """A file that cannot be used: then ssh refuses every host. `args[0]` says why, with the line."""


def list_files(named: str) -> list[str]:
    """The files that the option names: one, or since OpenSSH 10.3 several, separated by spaces."""
    return [named] if is_file(named) else named.split(" ")


def is_revoked(file: str, keys: tuple[bytes, ...]) -> bool:
    """Whether the file revokes one of `keys`, in wire format: a host's key, its certificate and its authority's key."""
    try:
        data = bounded.read(file)
    except bounded.TooLarge as error:
        raise Unusable(str(error)) from error
    except (OSError, ValueError) as error:
        raise Unusable(getattr(error, "strerror", "") or str(error)) from error
    if data.startswith(_KRL):
        return any(_is_in_krl(file, key) for key in keys)
    return not _parse_list(data).isdisjoint(keys)


def _parse_list(data: bytes) -> set[bytes]:
    return {_parse_key(number, line) for number, line in enumerate(data.split(b"\n"), 1) if _is_entry(line)}


def _is_entry(line: bytes) -> bool:
    text = line.split(b"\0", 1)[0].strip(b" \t\r")
    return bool(text) and not text.startswith(b"#")


def _parse_key(number: int, line: bytes) -> bytes:
    fields = line.split(b"\0", 1)[0].replace(b"\t", b" ").split(b" ")
    given = [field for field in fields if field]
    try:
        blob = base64.b64decode(given[1].strip(), validate=True)
        if read_type(blob).encode() != given[0]:
            raise Malformed("another type")
        return host_certificates.parse(blob).plain if given[0].endswith(CERTIFICATE.encode()) else blob
    except (IndexError, binascii.Error, ValueError) as error:
        raise Unusable(f"line {number} is not a public key") from error


def _is_in_krl(file: str, key: bytes) -> bool:
    """ssh-keygen exits with 0 if it could read the list and the key is not in it."""
    with tempfile.TemporaryDirectory(prefix="qtctl-") as folder:
        public = Path(folder, "key.pub")
        public.write_bytes(read_type(key).encode() + b" " + base64.b64encode(key) + b"\n")
        argv = ["ssh-keygen", "-Q", "-f", file, str(public)]
        try:
            ran = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)
        except FileNotFoundError as error:
            raise Unusable("it is a KRL, and there is no ssh-keygen on this machine to read it") from error
        except subprocess.TimeoutExpired as error:
            raise Unusable("it is a KRL, and ssh-keygen did not read it in time") from error
    if ran.returncode == 0:
        return False
    if b"REVOKED" in ran.stdout:
        return True
    raise Unusable(" ".join(ran.stderr.decode("utf-8", "replace").split())[:200] or "ssh-keygen cannot read it")
