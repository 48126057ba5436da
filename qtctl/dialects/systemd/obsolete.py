"""Values that systemd honours but calls obsolete, and what it makes of them (load-fragment.c, unit-printf.c)."""

import re

from qtctl.dialects.systemd.fatal import EXEC_SECTIONS
from qtctl.dialects.systemd.known import Trouble

_OUTPUTS = frozenset(("StandardOutput", "StandardError"))
_REWRITTEN = {"syslog": "journal", "syslog+console": "journal+console"}
_VAR_RUN = "/var/run/"
_RUNTIME_PATHS = frozenset(("PIDFile", "ListenStream", "ListenDatagram", "ListenSequentialPacket", "ListenFIFO"))
"""Directives whose paths systemd moves from /var/run to /run."""
_CGROUP = re.compile(r"(?<!%)(?:%%)*%([crR])")


def find_obsolete_value(section: str, key: str, value: str) -> Trouble | None:
    """What systemd 246 and later say about a value that they honour; None if they say nothing."""
    if section not in (*EXEC_SECTIONS, "Unit"):
        return None
    if key in _OUTPUTS and value in _REWRITTEN:
        new = _REWRITTEN[value]
        return Trouble(f"{key}={value} is obsolete: systemd takes it for {new}", f"write {new}", honoured=True)
    if key == "KillMode" and value == "none":
        what = "KillMode=none is deprecated: systemd loses track of what it leaves running"
        return Trouble(what, "write mixed or control-group", honoured=True)
    if section != "Unit" and make_runtime_path(key, value) != value:
        what = f"{key}= is below /var/run, which is obsolete: systemd takes it for the same below /run"
        return Trouble(what, "write /run", honoured=True)
    found = _CGROUP.search(value)
    if found:
        what = f"{key}= has %{found[1]}, which is deprecated and does not work as it was meant"
        return Trouble(what, "name the control group", honoured=True)
    return None


def make_runtime_path(key: str, value: str) -> str:
    """The value of a directive as systemd takes it: some paths below /var/run are moved to /run."""
    return f"/run/{value.removeprefix(_VAR_RUN)}" if key in _RUNTIME_PATHS and value.startswith(_VAR_RUN) else value
