"""Workflow commands of GitHub Actions: an annotation for each finding, and the whole report as the step's summary.

Every line is one command, so no text of a host or a registry is read as another.
"""

from collections.abc import Mapping

from qtctl.dialects import terminal
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.formats.markdown import write_markdown
from qtctl.formats.messages import describe_finding, find_place, format_totals, list_judged, sort_by_importance
from qtctl.reports.blocks import Bullets, Title
from qtctl.reports.view import View

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
SUMMARY = "GITHUB_STEP_SUMMARY"
MOST = 1_000_000
"""Bytes of a summary. GitHub drops one of more than 1 MiB."""
CUT = "\n\nCut here: a step's summary may have 1 MiB. `--format md` writes all of it.\n"
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = {**_DATA, **str.maketrans({":": "%3A", ",": "%2C"})}


def write(view: View) -> str:
    """GitHub shows ten errors, warnings and notices of a step each: causes and the worst come first.

    What was not asked is counted in the last line.
    """
    findings = list_judged(view)
    shown = [finding for finding in findings if finding.outcome not in (Outcome.HOLDS, Outcome.NOT_ASKED)]
    lines = [_write_annotation(finding, view) for finding in sort_by_importance(shown)]
    title = f"qtctl {view.name}: {view.about}"
    return "\n".join([*lines, _write_command("notice", {"title": title}, format_totals(findings))]) + "\n"


def make_asides(view: View) -> Mapping[str, str]:
    """The report as a page; if it has none, as for a registry with errors, the findings."""
    page = view.page() or (
        Title(f"{view.name}: {view.about}"),
        Bullets(tuple(map(describe_finding, list_judged(view)))),
    )
    return {SUMMARY: _cut_lines(write_markdown(page))}


def _write_annotation(finding: Finding, view: View) -> str:
    at = find_place(finding, view)
    where = {"file": at.file, "line": str(at.line or 1)} if at is not None else {}
    level, prefix = _choose_level(finding)
    return _write_command(level, {**where, "title": f"{finding.id}{prefix}"}, describe_finding(finding))


def _choose_level(finding: Finding) -> tuple[str, str]:
    """The kind of annotation, and what its title says besides the id. Unknown is never a pass."""
    if finding.outcome is Outcome.UNKNOWN:
        return "warning", " unknown"
    if finding.waiver is not None:
        return "notice", f" waived, {finding.waiver}"
    return LEVELS[finding.severity], ""


def _write_command(name: str, properties: Mapping[str, str], data: str) -> str:
    said = ",".join(f"{key}={_escape(value, _PROPERTY)}" for key, value in properties.items())
    return f"::{name} {said}::{_escape(data, _DATA)}"


def _escape(text: str, escapes: Mapping[int, str]) -> str:
    return terminal.show_line(text).translate(escapes)


def _cut_lines(text: str) -> str:
    """Cut after a whole line."""
    content = text.encode("utf-8", "replace")
    if len(content) <= MOST:
        return text
    return content[:MOST].decode("utf-8", "ignore").rpartition("\n")[0] + CUT
