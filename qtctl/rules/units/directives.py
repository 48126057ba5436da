"""QT111: unknown directives, directives of another section, and old names, by the host's version of systemd."""

from collections.abc import Iterator

from qtctl.dialects.systemd.known import Trouble, find_directive_trouble, find_section_trouble
from qtctl.dialects.systemd.obsolete import find_obsolete_value
from qtctl.dialects.systemd.table.lookup import find_first_version
from qtctl.dialects.systemd.unitfile import Kind, Line
from qtctl.findings.finding import Finding, Severity
from qtctl.rules.locate import find_spot
from qtctl.rules.view import Unit, View, ViewRule


def judge_directives(view: View) -> Iterator[Finding]:
    judged: dict[tuple[str, str, str, str], Trouble | None] = {}
    for unit in view.units:
        suffix = unit.name[unit.name.rfind(".") :]
        for line in unit.parsed.lines:
            at = (suffix, line.kind.value, line.section, line.key)
            if at not in judged:
                judged[at] = _find_trouble(unit.name, line, view.systemd)
            problem = judged[at]
            if problem is not None:
                yield _make_finding(view, unit, line, problem)
            elif line.kind is Kind.DIRECTIVE and (old := find_obsolete_value(line.section, line.key, line.value)):
                yield _make_old_finding(view, unit, line, old)


def _find_trouble(unit: str, line: Line, version: int) -> Trouble | None:
    """Looks at the directive's name; the key of a line that begins a section is empty."""
    if line.kind is Kind.SECTION:
        return find_section_trouble(unit, line.section)
    return find_directive_trouble(unit, line.section, line.key, version) if line.kind is Kind.DIRECTIVE else None


def _make_old_finding(view: View, unit: Unit, line: Line, old: Trouble) -> Finding:
    return QT111.make_broken(unit.subject, old.what, old.remedy, find_spot(view, unit, line), severity=Severity.INFO)


def _make_finding(view: View, unit: Unit, line: Line, problem: Trouble) -> Finding:
    what, severity = problem.what, Severity.WARNING if problem.honoured else Severity.ERROR
    if view.is_guessed("systemd") and find_first_version(line.section, line.key) is not None and not problem.honoured:
        what, severity = f"{what}, if that is what the host has: its version was guessed", Severity.INFO
    return QT111.make_broken(unit.subject, what, problem.remedy, find_spot(view, unit, line), severity=severity)


QT111 = ViewRule(
    "QT111",
    "directive that the host's systemd ignores",
    Severity.ERROR,
    what="A directive or section that the `systemd` version in `hosts.toml` does not know in that place, according to "
    "that version's own list. As a warning: an old spelling that it still honours, or a directive that was added or "
    "removed between two versions whose lists are known. A value that it accepts but calls obsolete (`syslog` output, "
    "paths below /var/run, KillMode=none, %c) is mentioned.",
    why="An ignored setting is missing when it is needed: StartLimitIntervalSec= in [Service] limits nothing.",
    fix="The finding says where it belongs, what it is called now, or which versions know it.",
    look=judge_directives,
)
RULES = (QT111,)
