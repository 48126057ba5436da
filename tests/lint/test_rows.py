"""What people read of lint: the same finding in many places is one line with a count, and all with --verbose."""

from qtctl.flows.lint import lint, list_declared
from qtctl.formats.catalogue import write_text
from qtctl.reports.lint import Report
from qtctl.reports.lint_view import build_view
from tests.builders.registry import SMALL
from tests.lint.case import TEMPLATES

MANY = 188
ONE = 'summary = "One"\nstate = "running"\nlimits.memory_max = "infinity"\n[run]\nkind = "command"\nargv = ["/bin/x"]\n'


def report(*, verbose: bool) -> Report:
    files = {**SMALL, **{f"services/x{number:03}.toml": ONE for number in range(MANY)}}
    linted = lint({path: content.encode() for path, content in files.items()}, TEMPLATES)
    assert linted.registry is not None
    return Report("r", (), linted.findings, list_declared(linted.registry), linted.gate, verbose=verbose)


def test_the_same_finding_of_many_services_is_one_line() -> None:
    short = write_text(build_view(report(verbose=False), str), "md")
    assert short.count("no memory cap") == 1
    assert f"services/x000.toml:3 and {MANY - 1} more" in short
    assert f"x000 and {MANY - 1} more: has no memory cap" in short
    assert f"{MANY} warnings" in short


def test_all_of_them_are_shown_with_verbose() -> None:
    assert write_text(build_view(report(verbose=True), str), "md").count("no memory cap") == MANY


def test_programs_always_get_all_of_them() -> None:
    for name in ("json", "sarif", "github"):
        assert write_text(build_view(report(verbose=False), str), name).count("no memory cap") == MANY
