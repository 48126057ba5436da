"""Whatever directive of a unit is changed on a host, in whichever way: an audit finds it, at that unit and no other.

A few directives of each shape in every run of the tests; all that the registry can express where QTCTL_DIRECTIVES=all.
"""

import os
from collections.abc import Iterator

import pytest

from tests.live.box import Box
from tests.matrix.directives import Change, Declared, Found, changed_line, declare, remove

pytestmark = pytest.mark.lab

CORE = (
    "Description", "After", "Wants", "PartOf", "ConditionPathExists", "StartLimitBurst", "Type", "User", "ExecStart",
    "ExecStartPre", "EnvironmentFile", "WorkingDirectory", "Restart", "RestartSec", "KillSignal", "MemoryMax",
    "CPUQuota", "TasksMax", "LimitNOFILE", "Nice", "UMask", "ProtectSystem", "ReadWritePaths", "SystemCallFilter",
    "CapabilityBoundingSet", "RestrictAddressFamilies", "OnCalendar", "OnUnitActiveSec", "Persistent", "AccuracySec",
)  # fmt: skip
ALL = os.environ.get("QTCTL_DIRECTIVES") == "all"
ENOUGH, ENOUGH_SET = (250, 40) if ALL else (25, 4)


ALWAYS_STALE = {"dx-unit-sourcepath.service"}
"""systemd wants a reload for as long as the file that SourcePath= names is not there."""


@pytest.fixture(scope="module")
def declared(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Declared]:
    try:
        yield declare(box, tmp_path_factory.mktemp("directives"), () if ALL else CORE)
    finally:
        remove(box)


def subjects(found: Found, *ids: str) -> set[str]:
    return {subject for id_, subject in found if id_ in ids}


def units(changes: tuple[Change, ...]) -> set[str]:
    return {each.unit for each in changes}


def test_as_rendered_nothing_is_found(declared: Declared) -> None:
    assert len(declared.changes) >= ENOUGH
    assert subjects(declared.audit()) <= ALWAYS_STALE


def test_changed_in_the_file(declared: Declared) -> None:
    declared.write(changed_line)
    try:
        found = declared.audit()
    finally:
        declared.write(lambda _, text: text)
    assert units(declared.changes) - subjects(found, "QT210") == set()
    assert subjects(found) - units(declared.changes) == set()


@pytest.mark.parametrize("folder", ["/run/systemd/system", "/etc/systemd/system"])
def test_changed_by_a_drop_in(declared: Declared, folder: str) -> None:
    declared.drop_ins(folder)
    try:
        found = declared.audit()
    finally:
        declared.remove_drop_ins()
    assert units(declared.changes) - subjects(found, "QT211", "QT201") == set()
    assert subjects(found, "QT210") == set()


def test_set_as_a_property(declared: Declared) -> None:
    taken = declared.set_properties()
    try:
        found = declared.audit()
    finally:
        declared.remove_drop_ins()
    assert len(taken) >= ENOUGH_SET
    assert units(taken) - subjects(found, "QT211") == set()
    assert subjects(found) - units(taken) <= ALWAYS_STALE
