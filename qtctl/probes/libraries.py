"""What programs load in addition to the files on their command lines (fact `libraries`): who else could change it."""

import re
from collections.abc import Sequence

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.inquiry import Inquiry
from qtctl.model.library_facts import LISTED, LibraryWriters
from qtctl.model.plausible import U32, parse_whole
from qtctl.probes.answer import Answer, answer_observed, answer_unparseable, decode_text
from qtctl.probes.batch import ArgumentKind, Frame, Library, Probe
from qtctl.probes.family import Family

HOST = "host"
AGAIN = "find -L /usr/lib /usr/lib/python3* /etc/ld.so.conf.d -maxdepth 1 ! -type l '(' ! -uid 0 -o -perm /022 ')' -ls"
MOST = 2000
TOOLS = ("awk", "find", "grep", "head", "ls", "sed", "tr", "xargs")
_MODE = re.compile("[0-7]{1,4}")
_KINDS = {"d": "folder", "f": "file"}
_PARTS = 4

SCRIPTS = Library("libraries", ("libraries.sh",), {"find_libraries": ArgumentKind.PATHS})


def probe(needs: Sequence[Need]) -> Probe:
    wanted = tuple(dict.fromkeys(needs))
    venvs = [need.subject for need in wanted if need.subject.startswith("/")]
    command = SCRIPTS.make_command(
        [("find_libraries", *venvs)], ("find", "/usr/lib", "/etc/ld.so.conf", *venvs), AGAIN, TOOLS
    )
    return Probe((command,), lambda frames: _answer_all(wanted, venvs, frames[0]))


def _answer_all(needs: Sequence[Need], venvs: Sequence[str], frame: Frame | None) -> list[Answer]:
    said = list(split_lines(decode_text(frame.stdout))) if frame else []
    if "E" not in said:
        return [answer_unparseable(need, "the answer was cut off", again=AGAIN) for need in needs]
    parts: dict[str, dict[str, list[str]]] = {}
    for line in said[: said.index("E")][:MOST]:
        if line.startswith(("W ", "L ")):
            number, rest = line[2:].split(" ", 1)
            kind, uid, gid, mode, path = rest.split(" ", _PARTS)
            subject = HOST if number == "0" else venvs[parse_whole(number, len(venvs)) - 1]
            if not _MODE.fullmatch(mode):
                raise ValueError("an invalid mode")
            row = [_KINDS.get(kind, "other"), str(parse_whole(uid, U32)), str(parse_whole(gid, U32)), mode.zfill(4)]
            parts.setdefault(subject, {})[path] = [*row, LISTED] if line.startswith("L ") else row
    late = {venvs[parse_whole(line[2:], len(venvs)) - 1] for line in said if line.startswith("T ")}
    missing = [line[2:] for line in said if line.startswith("M ")]
    return [
        answer_observed(
            need,
            LibraryWriters(
                parts.get(need.subject, {}), missing if need.subject == HOST else [], not_all=need.subject in late
            ),
            again=AGAIN,
            line=next(iter(parts.get(need.subject, {})), ""),
        )
        for need in needs
    ]


def _make_probe(needs: Sequence[Need], _: Inquiry) -> Probe:
    return probe(needs)


FAMILY = Family((LibraryWriters,), _make_probe)
