"""The account that asks (fact `auditor`): who owns and may write its home, its shell and the files that they read.

Each part of each path is looked at, including links, in rounds: a link found in one round is followed in the next.
Nothing is read.
"""

from collections.abc import Iterable, Sequence

from qtctl.meaning.logins import IN_HOME, SYSTEM
from qtctl.model.account_facts import Auditor
from qtctl.model.evidence import Need
from qtctl.probes.answer import (
    Answer,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    find_first_line,
)
from qtctl.probes.batch import ArgumentKind, Command, Frame, Frames, Library, Probe
from qtctl.probes.family import Family
from qtctl.remote.scripts import read_script

NEED = Need(Auditor.FACT, "self")
AGAIN = 'getent passwd "$(id -u)"'
TOOLS = ("getent", "id", "awk", "find", "tr")
"""If one of them were missing, a path would end too early and look like a short one."""
ROUNDS = 8
_KINDS = {"f": "file", "d": "folder", "l": "link"}
_PASSWD_FIELDS = 7

_SHELLS = ("/usr/bin/bash", "/usr/bin/dash", "/usr/bin/sh")
"""The usual targets of /bin/sh: asking for them at once saves a round."""

SCRIPTS = Library(
    "logins",
    ("auditor.sh",),
    {"find_auditor": ArgumentKind.ANYTHING},
    (("walk", read_script("auditor.awk")), ("rounds", str(ROUNDS))),
)


def probe(needs: Iterable[Need]) -> Probe:
    wanted = sorted(set(needs), key=lambda need: need.subject)
    return Probe((_make_command(),), lambda frames: [_parse(need, frames) for need in wanted])


def _make_command() -> Command:
    call = ("find_auditor", *_SHELLS, *IN_HOME, *SYSTEM)
    return SCRIPTS.make_command([call], ("getent", "passwd", "$(id -u)"), AGAIN, TOOLS)


def _parse(need: Need, frames: Frames) -> Answer:
    frame = frames[0]
    if frame is None:
        return answer_unparseable(need, "the answer was cut off", again=AGAIN)
    if need != NEED or frame.exit != 0:
        return answer_refused(need, _explain(need, frame), again=AGAIN)
    first, *lines = decode_text(frame.stdout).split("\n")
    try:
        return answer_observed(need, _read_login(first.split(":"), lines), again=AGAIN, line=first)
    except (ValueError, IndexError) as error:
        return answer_unparseable(need, f"an answer that could not be read: {error}", again=AGAIN)


def _explain(need: Need, frame: Frame) -> str:
    if need != NEED:
        return f"an account is asked for itself, not for {need.subject}"
    return find_first_line(frame.stderr) or f"the host does not know its account: exit status {frame.exit}"


def _read_login(account: Sequence[str], lines: Iterable[str]) -> Auditor:
    if len(account) != _PASSWD_FIELDS:
        raise ValueError(f"an account of {len(account)} fields")
    parts: dict[str, list[str]] = {}
    names: dict[str, dict[str, str]] = {"u": {}, "g": {}}
    for line in filter(None, lines):
        tag, _, rest = line.partition(" ")
        if tag in names:
            number, _, name = rest.partition(" ")
            names[tag][number] = name
            continue
        if tag == "more":
            raise ValueError(f"links that had not ended after {ROUNDS} rounds")
        uid, gid, mode, way = rest.split(" ", 3)
        path, _, target = way.partition("//")
        parts[path or "/"] = [_KINDS.get(tag, "other"), uid, gid, mode.zfill(4), target if path else ""]
    name, _, uid, _, _, home, shell = account
    return Auditor(name, int(uid), home, shell, parts, names["u"], names["g"])


FAMILY = Family((Auditor,), lambda needs, _: probe(needs))
