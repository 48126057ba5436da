"""The present content of unit files on a host: only of those whose difference is to be shown."""

import base64
import binascii
from collections.abc import Sequence
from shlex import quote

from qtctl.errors import HostError
from qtctl.ports.host import Host
from qtctl.probes.files import DIGEST_KIB

# A file that is swapped after the look, for a link or a pipe, is not followed and not waited for. Larger ones have no
# digest in the evidence, and are refused.
_SCRIPT = rf"""
one() {{
  [ ! -L "$2" ] && [ -f "$2" ] || return
  text=$(
    dd if="$2" iflag=nofollow,nonblock,fullblock,count_bytes count={DIGEST_KIB}K bs=64K status=none | base64 -w0
  ) && printf '%s %s\n' "$1" "$text"
}}
"""


def current_files(host: Host, paths: Sequence[str], deadline_s: float) -> dict[str, bytes]:
    """Path → content, read as root. A file that could not be read is not in it. HostError where the host is gone."""
    if not paths:
        return {}
    lines = "\n".join(f"one {number} {quote(path)}" for number, path in enumerate(paths))
    done = host.start(f"{_SCRIPT}{lines}\nexit 0\n", root=True, attached=True).finish(deadline_s)
    if done.exit != 0:
        raise HostError(f"{host.address}: unit files could not be read", hint=_last_line(done.stderr))
    rows = (_row(line, len(paths)) for line in done.stdout.split(b"\n") if line)
    return {paths[number]: content for number, content in rows}


def _row(line: bytes, count: int) -> tuple[int, bytes]:
    number, _, text = line.partition(b" ")
    try:
        return range(count)[int(number)], base64.b64decode(text, validate=True)
    except (ValueError, IndexError, binascii.Error) as error:
        raise HostError("the host's answer about its unit files is garbled", hint="try again") from error


def _last_line(text: bytes) -> str:
    return text.decode("utf-8", "replace").strip().rpartition("\n")[2]
