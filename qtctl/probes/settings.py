"""What is set for all services at once (fact `manager.settings`), and what replaces a package's program.

The latter is fact `unit.overrides`. Only names, keys and values of settings leave the host.
"""

from collections.abc import Sequence

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.inquiry import Inquiry
from qtctl.model.plausible import LONGEST_LINE
from qtctl.model.setting_facts import ManagerSettings, UnitOverrides
from qtctl.probes.answer import (
    Answer,
    answer_not_asked,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
)
from qtctl.probes.batch import ArgumentKind, Frame, Frames, Library, Probe
from qtctl.probes.family import Family
from qtctl.probes.units import explain_odd_name

SCRIPTS = Library(
    "manager_settings",
    ("manager_settings.sh",),
    {"list_manager_settings": ArgumentKind.NOTHING, "find_overrides": ArgumentKind.UNITS},
)
TOOLS = ("awk", "grep", "head", "sed")


ENVIRONMENT = "environment"
"""The subject for what systemd itself gives to every service."""


def make_again(name: str) -> str:
    if name == ENVIRONMENT:
        return "systemctl show-environment | cut -d = -f 1"
    return f"grep -s '^[A-Z]' /etc/systemd/{name}.conf /etc/systemd/{name}.conf.d/* /run/systemd/{name}.conf.d/*"


OVERRIDES_AGAIN = "grep -ls '^ExecStart=.' /etc/systemd/system/*.service.d/* /run/systemd/system/*.service.d/*"


def probe(needs: Sequence[Need]) -> Probe:
    wanted = tuple(dict.fromkeys(needs))
    units = [need.subject for need in wanted if need.fact == UnitOverrides.FACT and not explain_odd_name(need.subject)]
    names = [need for need in wanted if need.fact == ManagerSettings.FACT]
    commands = []
    if names:
        argv = ("grep", "/etc/systemd/system.conf", "/etc/systemd/journald.conf")
        commands.append(SCRIPTS.make_command([("list_manager_settings",)], argv, make_again("system"), TOOLS))
    if units:
        commands.append(
            SCRIPTS.make_command([("find_overrides", *units)], ("grep", "ExecStart", *units), OVERRIDES_AGAIN, TOOLS)
        )

    def parse(frames: Frames) -> list[Answer]:
        first, last = (frames[0] if names else None), (frames[-1] if units else None)
        return [
            *(_answer_settings(need, first) for need in names),
            *(_answer_overrides(need, last, len(commands) - 1) for need in wanted if need.fact == UnitOverrides.FACT),
        ]

    return Probe(tuple(commands), parse)


def _read_lines(frame: Frame | None) -> list[str] | None:
    said = [each for each in split_lines(decode_text(frame.stdout)) if len(each) <= LONGEST_LINE] if frame else []
    return said[: said.index("E")] if "E" in said else None


def _answer_settings(need: Need, frame: Frame | None) -> Answer:
    said = _read_lines(frame)
    if said is None:
        return answer_unparseable(need, "the answer was cut off", again=make_again(need.subject))
    if need.subject == ENVIRONMENT:
        return _answer_given(need, said)
    end = f"/systemd/{need.subject}.conf"
    mine = [row for each in said if each.startswith("S ") and end in (row := _read_row(each))[0]]
    unread = [each[2:] for each in said if each.startswith("U ") and end in each]
    return answer_observed(need, ManagerSettings(mine, unread), again=make_again(need.subject), line=str(len(mine)))


def _answer_given(need: Need, said: Sequence[str]) -> Answer:
    if "V" in said:
        return answer_refused(
            need, "systemctl did not say what systemd gives to services", again=make_again(ENVIRONMENT)
        )
    given = [each[2:].partition("=") for each in said if each.startswith("V ")]
    rows = [["", name, value if equals else "(not shown)"] for name, equals, value in given]
    return answer_observed(
        need, ManagerSettings(rows, []), again=make_again(ENVIRONMENT), line=rows[0][1] if rows else ""
    )


def _read_row(line: str) -> list[str]:
    path, _, assigned = line[2:].partition(":")
    key, _, value = assigned.partition("=")
    return [path, key, value]


def _answer_overrides(need: Need, frame: Frame | None, question: int) -> Answer:
    if why := explain_odd_name(need.subject):
        return answer_not_asked(need, why)
    said = _read_lines(frame)
    if said is None:
        return answer_unparseable(need, "the answer was cut off", again=OVERRIDES_AGAIN, question=question)
    files = sorted(each.split(" ", 2)[2] for each in said if each.startswith(f"X {need.subject} "))
    return answer_observed(need, UnitOverrides(files), again=OVERRIDES_AGAIN, line=str(len(files)), question=question)


def _make_probe(needs: Sequence[Need], _: Inquiry) -> Probe:
    return probe(needs)


FAMILY = Family((ManagerSettings, UnitOverrides), _make_probe, asks_systemd=True)
