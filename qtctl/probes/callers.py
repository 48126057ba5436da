"""What else on a host starts and stops declared units (fact `unit.callers`): by what other files say.

Only names of declared units, what is done to them, and where that is written leave the host.
"""

from collections.abc import Sequence

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.inquiry import Inquiry
from qtctl.model.plausible import LONGEST_LINE
from qtctl.model.setting_facts import UnitCallers
from qtctl.probes.answer import Answer, answer_observed, answer_unparseable, decode_text, needs_root
from qtctl.probes.batch import ArgumentKind, Frame, Library, Probe
from qtctl.probes.family import Family
from qtctl.probes.units import explain_odd_name
from qtctl.remote.scripts import read_script

AGAIN = "grep -rsE 'systemctl|service ' /etc/systemd/system /run/systemd/system /etc/cron* /etc/logrotate.d"
CRONTABS, OF_USERS = "crontabs", "/var/spool/cron"
TOOLS = ("awk", "find", "grep", "head", "sed", "sort", "tr")
_WORDS = 3

SCRIPTS = Library(
    "callers", ("callers.sh",), {"find_callers": ArgumentKind.UNITS}, (("called", read_script("callers.awk")),)
)


def probe(needs: Sequence[Need], units: Sequence[str]) -> Probe:
    """`units`: all that the registry names. One command for both subjects."""
    wanted = tuple(dict.fromkeys(needs))
    named = [unit for unit in units if not explain_odd_name(unit)]
    command = SCRIPTS.make_command([("find_callers", *named)], ("grep", "-r", "systemctl", "/etc"), AGAIN, TOOLS)
    return Probe((command,), lambda frames: [_answer(need, frames[0]) for need in wanted])


def _answer(need: Need, frame: Frame | None) -> Answer:
    said = [each for each in split_lines(decode_text(frame.stdout)) if len(each) <= LONGEST_LINE] if frame else []
    if "E" not in said:
        return answer_unparseable(need, "the answer was cut off", again=AGAIN)
    mine, downs = _read_rows(need, said, "K "), _read_rows(need, said, "D ")
    unread = [each[2:] for each in said if each.startswith("U ") and _is_of(need, each[2:])]
    if unread and not mine and not downs:
        return needs_root(need, f"{unread[0]} cannot be read by the auditing account", again=AGAIN)
    return answer_observed(need, UnitCallers(mine, unread, downs), again=AGAIN, line=str(len(mine)))


def _read_rows(need: Need, said: Sequence[str], tag: str) -> list[list[str]]:
    rows = [each.split(" ", _WORDS)[1:] for each in said if each.startswith(tag)]
    if any(len(row) != _WORDS for row in rows):
        raise ValueError("no line of a call")
    return [row for row in rows if _is_of(need, row[-1])]


def _is_of(need: Need, path: str) -> bool:
    return path.startswith(OF_USERS) == (need.subject == CRONTABS)


def _make_probe(needs: Sequence[Need], inquiry: Inquiry) -> Probe:
    return probe(needs, inquiry.unit_names)


FAMILY = Family((UnitCallers,), _make_probe)
