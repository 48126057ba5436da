"""When somebody else's deploy is changing a host: no backup is taken of half of it."""

from dataclasses import replace

import pytest

from qtctl.model.deploy_facts import HostDeploys
from qtctl.plan.under_way import find_change
from tests.plan.test_control import DEPLOYED, host

STATES = {"idle": False, "staged": False, "armed": True, "applying": True, "gating": True, "confirmed": True,
          "restoring": True, "broken": False, "damaged": False}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_what_changes_the_host_is_found(state: str) -> None:
    status: HostDeploys = replace(DEPLOYED, state=state)
    found = find_change("h1", host(status=status))
    assert (found is not None) is STATES[state]
    if found is not None:
        assert "ann@desk is deploying to it now" in found.reason


def test_a_host_that_was_never_deployed_to_is_at_rest() -> None:
    assert find_change("h1", host()) is None
