"""The present content of unit files on a host: only of those whose difference is to be shown."""

import base64
import binascii
from collections.abc import Sequence
from shlex import join

from qtctl.errors import HostError
from qtctl.interfaces.host import Host
from qtctl.probes.answer import last_line
from qtctl.probes.files import DIGEST_KIB
from qtctl.remote.scripts import read_script


def current_files(host: Host, paths: Sequence[str], deadline_s: float) -> dict[str, bytes]:
    """Path → content, read as root. A file that could not be read is not in it. HostError where the host is gone."""
    if not paths:
        return {}
    # Larger files have no digest in the evidence, and are refused.
    script = f"most={DIGEST_KIB}\n{read_script('current.sh')}current {join(paths)}\n"
    done = host.start(script, root=True, attached=True).finish(deadline_s)
    if done.exit != 0:
        raise HostError(f"{host.address}: unit files could not be read", hint=last_line(done.stderr))
    rows = (_row(line, len(paths)) for line in done.stdout.split(b"\n") if line)
    return {paths[number]: content for number, content in rows}


def _row(line: bytes, count: int) -> tuple[int, bytes]:
    number, _, text = line.partition(b" ")
    try:
        return range(count)[int(number)], base64.b64decode(text, validate=True)
    except (ValueError, IndexError, binascii.Error) as error:
        raise HostError("the host's answer about its unit files is garbled", hint="try again") from error
