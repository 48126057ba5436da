"""Who listens on unix sockets (fact `unix.socket`), from `ss -H -lnx`, without root.

The kernel names no unit for a unix socket, and shows only those in the host's own network namespace.
"""

from collections.abc import Iterable, Sequence

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.facts import UnixSocket
from qtctl.probes.answer import (
    COMMAND_NOT_FOUND,
    TIMED_OUT,
    Answer,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    find_first_line,
)
from qtctl.probes.batch import Frame, Frames, Probe, make_command
from qtctl.probes.family import Family

ARGV = ("ss", "-H", "-lnx")
AGAIN = "ss -H -lnx | awk '{print $5}'"
WITHIN_S = 10
KINDS = {"u_str": "stream", "u_dgr": "datagram", "u_seq": "seqpacket"}
_COLUMNS = 6


def probe(needs: Sequence[Need]) -> Probe:
    wanted = sorted(set(needs), key=lambda need: need.subject)
    return Probe((make_command(ARGV, AGAIN, within_s=WITHIN_S),), lambda frames: _parse(wanted, frames))


def make_canonical(path: str) -> str:
    """/var/run is /run on every host with systemd, and programs bind whichever name they were given."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path


def read_kinds(stdout: str) -> dict[str, set[str]]:
    """Path as it was bound, `*` for none → kinds of the sockets there. ValueError for a line that ss does not print."""
    found: dict[str, set[str]] = {}
    for line in split_lines(stdout):
        words = line.split()
        if not words:
            continue
        if len(words) < _COLUMNS or not words[0].startswith("u_"):
            raise ValueError(f"not a line of ss: {line[:80]}")
        # A path may contain spaces; after it come an inode, and the peer as `*` and its inode.
        path = " ".join(words[4:-3])
        if words[0] in KINDS and not path.startswith("@"):
            found.setdefault(make_canonical(path), set()).add(KINDS[words[0]])
    return found


def _parse(needs: Sequence[Need], frames: Frames) -> list[Answer]:
    frame = frames[0]
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off", again=AGAIN) for need in needs]
    if why := _explain_refusal(frame):
        return [answer_refused(need, why, again=AGAIN) for need in needs]
    try:
        found = read_kinds(decode_text(frame.stdout))
    except ValueError as error:
        return [answer_unparseable(need, str(error), again=AGAIN) for need in needs]
    names = {path.rpartition("/")[2] for path in found}
    return [_answer(need, found, names) for need in needs]


def _answer(need: Need, found: dict[str, set[str]], names: Iterable[str]) -> Answer:
    kinds = sorted(found.get(make_canonical(need.subject), ()))
    alike = need.subject.rpartition("/")[2] in names
    return answer_observed(need, UnixSocket(kinds, alike), again=AGAIN, line=need.subject if kinds else "")


def _explain_refusal(frame: Frame) -> str:
    if frame.exit == COMMAND_NOT_FOUND:
        return "ss is not installed (package iproute2)"
    if frame.exit in TIMED_OUT:
        return f"ss did not end in {WITHIN_S} s"
    if frame.exit != 0 or frame.stderr.strip():
        return find_first_line(frame.stderr) or f"ss ended with exit status {frame.exit}"
    return ""


FAMILY = Family((UnixSocket,), lambda needs, _: probe(needs))
