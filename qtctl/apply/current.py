"""Read the current content of unit files on a host, for those whose diff is shown."""

import base64
import binascii
from collections.abc import Sequence
from shlex import join

from qtctl.errors import HostError
from qtctl.interfaces.host import Host
from qtctl.probes.answer import find_last_line
from qtctl.probes.files import DIGEST_KIB
from qtctl.remote.request import Request, Verb, encode_calls
from qtctl.remote.scripts import read_script


def read_current_files(host: Host, paths: Sequence[str], deadline_s: float) -> dict[str, bytes]:
    """Path → content, read as root. Files that could not be read are left out. HostError if the connection is lost."""
    if not paths:
        return {}
    # Larger files have no digest in the evidence, and are refused.
    script = f"most={DIGEST_KIB}\n{read_script('current.sh')}read_current {join(paths)}\n"
    request = Request(script, Verb.READ, encode_calls([("read_current", *paths)]))
    done = host.start(request, root=True, attached=True).finish(deadline_s)
    if done.exit != 0:
        raise HostError("unit files could not be read", host=host.address, hint=find_last_line(done.stderr))
    rows = (_parse_row(line, len(paths), host.address) for line in done.stdout.split(b"\n") if line)
    return {paths[number]: content for number, content in rows}


def _parse_row(line: bytes, count: int, host: str) -> tuple[int, bytes]:
    number, _, text = line.partition(b" ")
    try:
        return range(count)[int(number)], base64.b64decode(text, validate=True)
    except (ValueError, IndexError, binascii.Error) as error:
        raise HostError("its answer about its unit files is garbled", host=host, hint="try again") from error
