"""Units of user managers (fact `user.units`): only those with names of the fleet are kept."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.inquiry import Inquiry
from qtctl.model.plausible import LONGEST_LINE
from qtctl.model.user_unit_facts import UserUnits
from qtctl.probes.answer import Answer, answer_observed, answer_unparseable, decode_text
from qtctl.probes.batch import ArgumentKind, Frame, Library, Probe
from qtctl.probes.family import Family

AGAIN = "ls /etc/systemd/user ~/.config/systemd/user; find /sys/fs/cgroup/user.slice -type d -name '*.service'"
MOST_USERS = 1000

SCRIPTS = Library("user_units", ("user_units.sh",), {"list_user_units": ArgumentKind.NOTHING})


def probe(needs: Sequence[Need], patterns: Sequence[str]) -> Probe:
    argv = ("find", "/etc/systemd/user", "/sys/fs/cgroup/user.slice")
    tools = ("getent", "find", "tr", "sed", "head")
    command = SCRIPTS.make_command([("list_user_units",)], argv, AGAIN, tools)
    return Probe((command,), lambda frames: [_answer(need, frames[0], patterns) for need in dict.fromkeys(needs)])


def _answer(need: Need, frame: Frame | None, patterns: Sequence[str]) -> Answer:
    if frame is None:
        return answer_unparseable(need, "the answer was cut off", again=AGAIN)
    said: dict[str, list[str]] = {}
    for line in split_lines(decode_text(frame.stdout)):
        if len(line) <= LONGEST_LINE:
            said.setdefault(line[:1], []).append(line[2:])
    lingering = {*said.get("l", ())}
    closed = [each.partition(" ")[0] for each in said.get("s", ())][:MOST_USERS]
    value = UserUnits(
        _list_ours(said.get("f", ()), patterns), _list_ours(said.get("r", ()), patterns),
        {user: user in lingering for user in sorted(closed)},
    )  # fmt: skip
    return answer_observed(need, value, again=AGAIN, line=next(iter((*value.files, *value.running)), ""))


def _list_ours(paths: Sequence[str], patterns: Sequence[str]) -> list[str]:
    named = ((path, path.rpartition("/")[2]) for path in paths if "\1" not in path)
    return sorted(path for path, name in named if any(fnmatchcase(name, pattern) for pattern in patterns))


def _make_probe(needs: Sequence[Need], inquiry: Inquiry) -> Probe:
    return probe(needs, (*inquiry.unit_patterns, *(name for name in inquiry.unit_names if "." in name)))


FAMILY = Family((UserUnits,), _make_probe)
