"""A caller who misses what a real host answers is told afterwards how the deploy has ended there."""

import pytest

from qtctl.apply.generation import Generation
from qtctl.apply.transaction import Ticket, stage
from qtctl.errors import HostError
from qtctl.interfaces.host import Host
from qtctl.plan.outcome import DeployStatus, ReasonKind
from tests.flows.ground import THREE, Ground, ends, fleet, said

pytestmark = pytest.mark.lab


def test_a_deploy_that_was_rolled_back_meanwhile_is_not_said_to_have_changed_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer that it is armed is lost, and by the time that the host is reached again it has rolled back."""
    monkeypatch.setattr("qtctl.apply.generation.LEASE_S", 3)

    def lose_answer(host: Host, generation: Generation, ticket: Ticket, *, limit_s: int) -> int:
        stage(host, generation, ticket, limit_s=limit_s)
        ground.settle()
        raise HostError("the connection was lost")

    monkeypatch.setattr("qtctl.flows.deploy.stage", lose_answer)
    before = ground.contents()
    outcome = ground.deploy(fleet(THREE, descriptions={"a": "other"}))
    assert ends(outcome) == (DeployStatus.RESTORED, ReasonKind.HOST_LOST)
    assert "the host is as it was before: the connection was lost" in said(outcome)
    assert "nothing was changed" not in said(outcome)
    assert outcome.generation
    assert ground.contents() == before
