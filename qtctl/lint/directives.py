"""QT111: directives that systemd does not know, or not there, or only by an old name; by the host's version."""

from collections.abc import Iterator

from qtctl.dialects.systemd.old import new_spelling
from qtctl.dialects.systemd.table.lookup import Standing, homes, nearest, sections_of, since, standing, until
from qtctl.dialects.systemd.unitfile import Kind, Line
from qtctl.lint.view import Unit, View
from qtctl.lint.where import spot
from qtctl.model.checks import Severity
from qtctl.model.lint import Finding

_Problem = tuple[Severity, str, str]
"""How bad, what is wrong, what to do."""


def directives(view: View) -> Iterator[Finding]:
    judged: dict[tuple[str, str, str], _Problem | None] = {}
    version = view.systemd
    for unit in view.units:
        suffix = unit.name[unit.name.rfind(".") :]
        for line in unit.parsed.lines:
            if line.kind is Kind.SECTION:
                yield from _section(view, unit, line)
            elif line.kind is Kind.DIRECTIVE:
                at = (suffix, line.section, line.key)
                if at not in judged:
                    judged[at] = judge(unit.name, line.section, line.key, version)
                problem = judged[at]
                if problem is not None:
                    yield _finding(view, unit, line, problem)


def judge(unit: str, section: str, key: str, version: int) -> _Problem | None:
    """What systemd `version` makes of a directive in a unit of that name; None where all is well."""
    if section.startswith("X-") or key.startswith("X-") or section not in sections_of(unit):
        return None
    found = standing(section, key, version)
    if found is Standing.KNOWN:
        new = new_spelling(section, key)
        old = f"{key}= in [{section}] is an old spelling, which systemd still honours"
        return (Severity.WARNING, old, f"write {new}") if new else None
    if found is Standing.UNSURE:
        what = f"whether systemd {version} knows {key}= in [{section}] is not known: {_history(section, key)}"
        return Severity.WARNING, what, "check it in its documentation"
    return Severity.ERROR, f"systemd {version} ignores {key}= in [{section}]", _remedy(unit, section, key, version)


def _history(section: str, key: str) -> str:
    first, last = since(section, key), until(section, key)
    return f"of those asked, {first} to {last} do" if first else "none of those asked does, and this one is newer"


def _remedy(unit: str, section: str, key: str, version: int) -> str:
    if since(section, key):
        return f"{since(section, key)} to {until(section, key)} know it: take it out, or mend the host's systemd"
    elsewhere = [home for home in homes(key, version) if home in sections_of(unit)]
    if elsewhere:
        return f"it belongs in [{elsewhere[0]}]"
    near = nearest(section, key, version)
    if near:
        return f"did you mean {near}=?"
    others = [(home, name) for home in sections_of(unit) if (name := nearest(home, key, version))]
    return f"did you mean {others[0][1]}= in [{others[0][0]}]?" if others else "take it out"


def _section(view: View, unit: Unit, line: Line) -> Iterator[Finding]:
    known = sections_of(unit.name)
    if line.section in known or line.section.startswith("X-"):
        return
    folded = {name.lower(): name for name in known}
    near = folded.get(line.section.lower())
    remedy = f"did you mean [{near}]?" if near else f"this unit can have {', '.join(f'[{name}]' for name in known)}"
    yield _finding(view, unit, line, (Severity.ERROR, f"systemd ignores all of [{line.section}]", remedy))


def _finding(view: View, unit: Unit, line: Line, problem: _Problem) -> Finding:
    severity, what, remedy = problem
    return Finding("QT111", severity, unit.subject, what, remedy, spot(view, unit, line))
