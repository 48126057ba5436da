"""JUnit XML, which CI systems show as tests: a case for each check.

A finding is a failure, what is unknown an error, what is waived or was not asked is skipped; what holds has passed.
"""

from io import BytesIO

from junitparser import Attr, Error, Failure, IntAttr, JUnitXml, Skipped, TestCase, TestSuite

from qtctl.dialects import terminal
from qtctl.findings.finding import Finding, Outcome
from qtctl.formats.messages import describe_finding, find_place, list_judged, list_proofs
from qtctl.reports.view import Suite, View


class Case(TestCase):  # type: ignore[misc]  # mypy does not follow the library
    """Its place is where the check is declared, as pytest and GitLab write it."""

    file = Attr()
    line = IntAttr()


def write(view: View) -> str:
    """XML 1.0 has no control characters, even escaped: they are shown as on a terminal."""
    document = JUnitXml("qtctl")
    for each in view.suites() if view.suites is not None else (Suite("", list_judged(view)),):
        document.add_testsuite(_build_suite(each, view))
    document.update_statistics()
    written = BytesIO()
    document.write(written, pretty=True)
    return written.getvalue().decode().replace("\t", "  ")  # of its indent: no tab of a text is left


def _build_suite(part: Suite, view: View) -> TestSuite:
    suite = TestSuite(terminal.show_line(f"qtctl {view.name}{': ' * bool(part.name)}{part.name}"))
    suite.hostname = terminal.show_line(part.host or view.about)
    suite.add_testcases([_build_case(finding, view) for finding in part.findings])
    return suite


def _build_case(finding: Finding, view: View) -> Case:
    about = finding.host or view.about
    case = Case(
        terminal.show_line(f"{finding.id} {finding.subject or finding.title}"),
        terminal.show_line(f"qtctl.{view.name}.{about}"),
    )
    if (at := find_place(finding, view)) is not None:
        case.file = terminal.show_line(at.file)
        case.line = at.line or 1
    if finding.outcome is not Outcome.HOLDS:
        case.result = [_build_result(finding)]
    return case


def _build_result(finding: Finding) -> Failure | Error | Skipped:
    said = describe_finding(finding)
    if finding.outcome is Outcome.BROKEN and finding.waiver is not None:
        return Skipped(terminal.show_line(f"waived: {finding.waiver}; {said}"), finding.severity.value)
    if finding.outcome is Outcome.NOT_ASKED:
        return Skipped(terminal.show_line(said), "not asked")
    kind = Error if finding.outcome is Outcome.UNKNOWN else Failure
    result = kind(said, "unknown" if finding.outcome is Outcome.UNKNOWN else finding.severity.value)
    result.text = "\n".join((said, *list_proofs(finding)))
    return result
