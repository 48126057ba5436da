"""How directives take several assignments, against the table of what each systemd knows."""

import pytest

from qtctl.dialects.systemd.directives import AssignmentRule, takes
from qtctl.dialects.systemd.table.lookup import homes, keys_of, known, sections, versions


@pytest.mark.parametrize("version", versions())
def test_the_name_alone_says_it(version: int) -> None:
    """No list means another thing in another section. Where no section knows a directive, systemd reads none of it."""
    keys = {key for section in sections(version) for key in keys_of(section, version)}
    lists = sorted(key for key in keys if takes(key) is not AssignmentRule.SCALAR)
    kinds = {key: {known(section, key, version) for section in homes(key, version)} for key in lists}
    assert len(lists) > 100
    assert {key: found for key, found in kinds.items() if len(found) > 1} == {}
