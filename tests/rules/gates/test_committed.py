"""QT1301: what is wrong with a committed file, or that nothing is."""

import pytest

from qtctl.findings.finding import Outcome
from qtctl.rules.gates.committed import LEFT, QT1301, judge_file

PATH = "rendered/web-1/etc/systemd/system/shop-api.service"


@pytest.mark.parametrize("what", ["", "differs"])
def test_a_file_holds_or_says_what_is_wrong(what: str) -> None:
    found = judge_file("web-1", PATH, what, "render it")
    assert found.outcome is (Outcome.BROKEN if what else Outcome.HOLDS)
    assert (found.id, found.subject, found.title, found.remedy) == (
        "QT1301", PATH, QT1301.title, "render it" if what else ""
    )  # fmt: skip


def test_the_same_file_of_another_host_is_another_finding() -> None:
    one, other = (judge_file(host, PATH, "x", "y", LEFT) for host in ("web-1", "web-2"))
    assert one.fingerprint != other.fingerprint
    assert one.title == LEFT.title
