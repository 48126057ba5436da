"""Which change of a unit file a running process can see, and how a change is shown without showing secrets."""

import re
from difflib import unified_diff

from qtctl.dialects.lines import file_lines
from qtctl.dialects.systemd.unitfile import effective, parse
from qtctl.errors import InputError

# [Service] keys that only the manager reads, and reads again at a daemon-reload: the process has nothing of them.
_MANAGER_KEYS = frozenset(
    {
        "ExecReload", "ExecStop", "ExecStopPost", "FinalKillSignal", "KillMode", "KillSignal", "Restart",
        "RestartForceExitStatus", "RestartKillSignal", "RestartMaxDelaySec", "RestartPreventExitStatus", "RestartSec",
        "RestartSteps", "RuntimeMaxSec", "SendSIGHUP", "SendSIGKILL", "SuccessExitStatus", "TimeoutSec",
        "TimeoutStartSec", "TimeoutStopSec",
    }
)  # fmt: skip

_SECRET_KEYS = re.compile(r"^\s*(Environment|SetCredential|SetCredentialEncrypted)\s*=", re.IGNORECASE)
_EXEC_KEYS = re.compile(r"^\s*(Exec[A-Za-z]+)\s*=\s*(\S*)")
_HIDDEN = "(not shown)"


def process_sees(old: bytes, new: bytes, name: str) -> bool:
    """Whether a process started from `old` would be another one if started from `new`.

    A text that cannot be read as a unit file counts as different.
    """
    try:
        return _seen(old, name) != _seen(new, name)
    except (InputError, UnicodeDecodeError):
        return True


def _seen(content: bytes, name: str) -> dict[tuple[str, str], tuple[str, ...]]:
    values = effective(parse(content.decode(), name))
    return {key: tuple(value) for key, value in values.items() if _reaches_process(*key)}


def _reaches_process(section: str, key: str) -> bool:
    if section == "Unit":
        return key == "JoinsNamespaceOf"
    return section == "Service" and key not in _MANAGER_KEYS


def shown_diff(old: bytes, new: bytes, path: str) -> str:
    """Unified diff of two unit files. Values of Environment= and credentials are left out on both sides,

    and so are the arguments of commands that are only in the old file: people put passwords there.
    """
    after = file_lines(new.decode("utf-8", "replace"))
    before = file_lines(old.decode("utf-8", "replace"))
    known = frozenset(after)
    lines = unified_diff(_masked(before, known), _masked(after, known), f"host:{path}", path, lineterm="", n=1)
    return "\n".join(lines)


def _masked(lines: list[str], known: frozenset[str]) -> list[str]:
    shown: list[str] = []
    hiding = False
    for line in lines:
        text, hidden = _mask_line(line, known, continued=hiding)
        shown.append(text)
        hiding = hidden and line.endswith("\\")
    return shown


def _mask_line(line: str, known: frozenset[str], *, continued: bool) -> tuple[str, bool]:
    """The line as it may be shown, and whether something of it was hidden."""
    if continued:
        return _HIDDEN, True
    if _SECRET_KEYS.match(line):
        return f"{line.partition('=')[0]}={_HIDDEN}", True
    command = _EXEC_KEYS.match(line)
    if command and line not in known:
        return f"{command[1]}={command[2]} {_HIDDEN}", True
    return line, False
