"""Ask a host whether its processes have read the current files."""

import re
from collections.abc import Mapping, Sequence

from qtctl.apply.generation import make_input
from qtctl.errors import HostError, Refused
from qtctl.interfaces.host import Host, Running
from qtctl.model.ran import Ran, RanState
from qtctl.remote.request import Request, Verb
from qtctl.remote.scripts import read_script

_END = "END_OF_PATHS"
_TIME = re.compile("[0-9]{1,11}")


def start_reading(host: Host, seen: Mapping[str, Sequence[str]]) -> Running | None:
    """Begin to ask, as root, about units and the files that matter for each. None if the host opens no session."""
    rows = "".join("\t".join((unit, *paths)) + "\n" for unit, paths in sorted(seen.items()) if paths)
    scripts = "\n".join(map(read_script, ("damaged.sh", "transaction.sh", "ran.sh")))
    script = f"{make_input(30)}\n{scripts}\nread_ran <<'{_END}'\n{rows}{_END}\n"
    try:
        return host.start(Request(script, Verb.RAN, rows.encode()), root=True)
    except HostError:
        return None


def finish_reading(running: Running | None, deadline_s: float) -> dict[str, Ran]:
    """The answers by unit. What the host did not say is missing: then times must do."""
    if running is None:
        return {}
    try:
        return parse_ran(running.finish(deadline_s).stdout)
    except Refused:
        # An account that is not root does not see the rest of what the plan needs either, and the plan says so.
        return {}


def parse_ran(said: bytes) -> dict[str, Ran]:
    found = {}
    for line in said.decode("utf-8", "replace").split("\n"):
        match line.split("\t"):
            case ["ran", unit, "same"]:
                found[unit] = Ran(RanState.SAME)
            case ["ran", unit, "differs", *paths]:
                found[unit] = Ran(RanState.DIFFERS, tuple(paths))
            case ["ran", unit, "none", *pairs]:
                found[unit] = Ran(RanState.NONE, ctimes=_read_times(pairs))
    return found


def _read_times(pairs: Sequence[str]) -> dict[str, int]:
    """Path, time, path, time …"""
    even = pairs[: len(pairs) // 2 * 2]
    return {path: int(at) for path, at in zip(even[::2], even[1::2], strict=True) if _TIME.fullmatch(at)}
