"""The report of what was changed by hand on a host: what it concludes, and how a change of the registry is shown."""

from dataclasses import replace

import pytest

from qtctl.findings.verdict import Conclusion
from qtctl.model.drift import Drift, DriftFate
from qtctl.reports.drift import DriftReport, build_file, build_report, conclude
from qtctl.reports.drift_view import build_page

NICE = Drift("shop-api.service", "[Service] Nice=", ("/etc/x.conf",), DriftFate.ADOPTED, ("services/api.toml: nice",))
SECRET = replace(NICE, fate=DriftFate.HIDDEN, keys=(), why="it holds a secret (TOKEN)")
BEFORE, AFTER = {"services/api.toml": b"nice = 1  # why\n"}, {"services/api.toml": b"nice = 5  # why\n"}


def report(
    *drifts: Drift, written: bool = False, unread: tuple[str, ...] = (), generation: int | None = 3
) -> DriftReport:
    files = tuple(build_file(path, BEFORE, AFTER) for path in AFTER if NICE in drifts)
    return build_report(drifts, files, host="h1", address="lab1", generation=generation, written=written, unread=unread)


DRIFTED = report(NICE, SECRET, unread=("/etc/systemd/system/x: permission denied",))
ENDS = {
    "nothing": (report(), Conclusion.AS_DECLARED),
    "something to write": (report(NICE), Conclusion.NOT_AS_DECLARED),
    "all of it written": (report(NICE, written=True), Conclusion.AS_DECLARED),
    "something left": (report(NICE, SECRET, written=True), Conclusion.NOT_AS_DECLARED),
    "not all of it read": (report(unread=("x",)), Conclusion.INCOMPLETE),
    "declared already": (report(replace(NICE, fate=DriftFate.DECLARED)), Conclusion.AS_DECLARED),
}


@pytest.mark.parametrize("case", ENDS)
def test_what_it_concludes(case: str) -> None:
    found, conclusion = ENDS[case]
    assert conclude(found) is conclusion
    assert build_page(found)


def test_a_change_is_a_unified_diff() -> None:
    shown = DRIFTED.files[0].diff.split("\n")
    assert shown[2:] == ["@@ -1 +1 @@", "-nice = 1  # why", "+nice = 5  # why"]
    assert build_file("new.toml", {}, {"new.toml": b"a = 1\n"}).diff.startswith("--- /dev/null\n+++ new.toml\n")


def test_a_host_without_a_generation_says_so() -> None:
    assert "keeps no generation" in repr(build_page(report(generation=None)))
