"""The law of adoption: adopting a folder and rendering it gives units that systemd reads the same."""

from pathlib import Path

import pytest

from qtctl.lab import lab
from qtctl.model.adoption import Found
from tests.adopt import law
from tests.adopt.found import ALONE, CORPUS, SHARED, SHARED_FOLDERS, THEMES, why_no_shared
from tests.adopt.strategies import all_texts

pytestmark = pytest.mark.lab

NO_SHARED = pytest.mark.skipif(why_no_shared() is not None, reason=str(why_no_shared()))


INSTANCES_OWN = {("systemd-user-sessions.service", "Unit.Before")}
"""The other end of user@0.service's After=, which the report explains: a drop-in of that instance hid one of its
template's, and cannot hide what is merged."""


def check(outcome: law.Outcome) -> None:
    assert outcome.unexplained == ()
    assert [each for each in outcome.adoption.differences if not each.because] == []


@pytest.mark.parametrize("theme", [*THEMES, *ALONE])
def test_a_folder_of_units(host: str, theme: str) -> None:
    check(law.judged(host, law.folder(CORPUS / theme)))


def test_what_systemd_keeps_is_kept(host: str) -> None:
    """The same on the host in everything: no reason of a report is needed for any property."""
    outcome = law.judged(host, law.folder(CORPUS / "kept"))
    assert outcome.explained == ()
    check(outcome)


def test_all_folders_at_once(host: str) -> None:
    check(law.judged(host, law.folder(CORPUS)))


@NO_SHARED
@pytest.mark.parametrize("folder", SHARED_FOLDERS)
def test_a_real_fleets_units_folder_by_folder(host: str, folder: str) -> None:
    found = [each for each in law.folder(SHARED / folder) if "/" not in each.path]
    outcome = law.judged(host, found)
    check(outcome)
    assert len(outcome.compared) == len(found)


@NO_SHARED
def test_a_real_fleets_units_as_a_whole(host: str) -> None:
    outcome = law.judged(host, law.folder(SHARED))
    check(outcome)
    assert len(outcome.compared) == 72


def test_odd_texts(host: str) -> None:
    texts = all_texts(services=50, others=8)
    outcome = law.judged(host, [Found(name, text.encode()) for name, text in texts.items()])
    check(outcome)
    assert len(outcome.compared) > len(texts) * 0.9


def test_the_units_of_a_distribution(host: str) -> None:
    known = lab.find(host)
    assert known is not None
    outcome = law.judged(host, law.folder(Path(f"/proc/{known.leader}/root/usr/lib/systemd/system")), hosts_own=True)
    found = {(each.unit, each.property) for each in outcome.unexplained}
    assert found == INSTANCES_OWN
    assert len(outcome.compared) > 150
