"""QT111: directives that systemd does not know, or not there, or only by an old name; by the host's version."""

from collections.abc import Iterator

from qtctl.dialects.systemd.known import Trouble, directive_trouble, section_trouble
from qtctl.dialects.systemd.unitfile import Kind, Line
from qtctl.findings.finding import Severity
from qtctl.lint.found import Finding
from qtctl.lint.view import Unit, View
from qtctl.lint.where import spot


def directives(view: View) -> Iterator[Finding]:
    judged: dict[tuple[str, str, str], Trouble | None] = {}
    version = view.systemd
    for unit in view.units:
        suffix = unit.name[unit.name.rfind(".") :]
        for line in unit.parsed.lines:
            if line.kind is Kind.SECTION:
                problem = section_trouble(unit.name, line.section)
                if problem is not None:
                    yield _finding(view, unit, line, problem)
            elif line.kind is Kind.DIRECTIVE:
                at = (suffix, line.section, line.key)
                if at not in judged:
                    judged[at] = directive_trouble(unit.name, line.section, line.key, version)
                problem = judged[at]
                if problem is not None:
                    yield _finding(view, unit, line, problem)


def _finding(view: View, unit: Unit, line: Line, problem: Trouble) -> Finding:
    severity = Severity.WARNING if problem.honoured else Severity.ERROR
    return Finding("QT111", severity, unit.subject, problem.what, problem.remedy, spot(view, unit, line))
