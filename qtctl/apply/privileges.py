"""How an account becomes root on a host: it is root, the host's helper acts for it, or sudo gives it a shell."""

import re
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from shlex import join

from qtctl.dialects import terminal
from qtctl.errors import Refused
from qtctl.remote.helper_place import HELPER
from qtctl.remote.scripts import read_script

_FOLDERS = tuple(map(str, reversed(PurePosixPath(HELPER).parents)))
_AT = re.compile(r"at ([0-9a-f]{1,8}) ([0-9]{1,10}) (\S+) (/.*)")
_VERSION = re.compile(r"# Version ([0-9a-f]{16}), written by qtctl (\S{1,40})")
PREPARE = "`qtctl host prepare --host HOST --apply`, as root or as an account with sudo for everything, installs it"


class Way(Enum):
    """How the login account becomes root."""

    ROOT = "root"
    HELPER = "helper"
    SUDO = "sudo"


@dataclass(frozen=True, slots=True)
class Seen:
    """What an account saw of the helper: `version` '' if there is none; `writable`: what others could change."""

    uid: int
    there: bool
    version: str
    qtctl_version: str
    writable: str = ""


def look_script() -> str:
    return f"{read_script('helper_look.sh')}helper_look {join((HELPER, *_FOLDERS))}\n"


def read_seen(stdout: bytes) -> Seen:
    """ValueError if it is not an answer."""
    lines = stdout.decode("utf-8", "replace").split("\n")
    uid = int(lines[0].removeprefix("uid "))
    rows = [found for line in lines if (found := _AT.fullmatch(line))]
    there = any(row[4] == HELPER for row in rows)
    writable = next((why for row in rows if (why := _explain_writable(row))), "") if there else ""
    version = next((found for line in lines if (found := _VERSION.match(line))), None)
    known = (version[1], terminal.show_line(version[2])) if version else ("", "")
    return Seen(uid, there, *known, writable)


def _explain_writable(row: re.Match[str]) -> str:
    mode, uid, owner, path = int(row[1], 16), int(row[2]), terminal.show_line(row[3]), row[4]
    if stat.S_ISLNK(mode) and path == HELPER:
        return f"{path} is a link"
    if uid != 0:
        return f"{path} can be changed by {owner.partition(':')[0]} (its owner)"
    if mode & 0o022 and not stat.S_ISLNK(mode):
        who = "every user" if mode & 0o002 else f"group {owner.partition(':')[2]}"
        return f"{path} can be changed by {who} (mode {stat.S_IMODE(mode):04o})"
    return ""


def choose(seen: Seen) -> Way:
    """If a host has the helper, every account except root goes through it."""
    if seen.uid == 0:
        return Way.ROOT
    return Way.HELPER if seen.there else Way.SUDO


def check_helper(host: str, seen: Seen, version: str) -> None:
    """Refused if others could have changed the helper, or if it belongs to another version of qtctl."""
    if seen.writable:
        hint = "chown root:root and chmod go-w that, look at what is in it, then prepare the host again"
        raise Refused(f"not root: the helper is not trusted: {seen.writable}", host=host, hint=hint)
    if not seen.version:
        raise Refused(f"not root: {HELPER} is not a helper of qtctl, or could not be read", host=host, hint=PREPARE)
    if seen.version != version:
        theirs = f"helper {seen.version} of qtctl {seen.qtctl_version}"
        raise Refused(f"not root: the host has {theirs}, and helper {version} is needed", host=host, hint=PREPARE)
