"""How directives take several assignments, against the table of what each systemd knows."""

import pytest

from qtctl.dialects.systemd.directives import AssignmentRule, find_assignment_rule
from qtctl.dialects.systemd.table.lookup import find_kind, list_homes, list_keys, list_sections, list_versions


@pytest.mark.parametrize("version", list_versions())
def test_the_name_alone_says_it(version: int) -> None:
    """No list means another thing in another section. Where no section knows a directive, systemd reads none of it."""
    keys = {key for section in list_sections(version) for key in list_keys(section, version)}
    lists = sorted(key for key in keys if find_assignment_rule(key) is not AssignmentRule.SCALAR)
    kinds = {key: {find_kind(section, key, version) for section in list_homes(key, version)} for key in lists}
    assert len(lists) > 100
    assert {key: found for key, found in kinds.items() if len(found) > 1} == {}
