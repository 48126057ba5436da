"""A host that can be neither as declared nor as it was: it says so, takes no further deploys, and a person ends it."""

import json
import os

import pytest

from qtctl.apply.transaction import recover
from qtctl.errors import DeployRefused
from qtctl.model.events import Event, Stage
from qtctl.model.transaction import TransactionEnd, TransactionState
from qtctl.plan.outcome import DeployStatus, ReasonKind
from tests.flows.ground import THREE, Ground, ends, fleet, said

pytestmark = pytest.mark.lab

MAY = "/run/may-run"
WHILE = f"/bin/sh -c 'test -e {MAY} && exec sleep inf'"
OLD = fleet({**THREE, "a": WHILE})
NEW = fleet({**THREE, "a": WHILE}, env=b"A=2\n")


@pytest.fixture
def broken(ground: Ground) -> Ground:
    """Neither the new definition of a nor the old one comes up."""
    ground.run(f"touch {MAY}")
    assert ground.deploy(OLD).status is DeployStatus.DEPLOYED
    ground.run(f"rm {MAY}")
    outcome = ground.deploy(NEW)
    assert outcome.status is DeployStatus.FAILED
    assert outcome.worse == ("quantum-a.service",)
    assert outcome.reason is not None
    assert "qtctl recover" in outcome.reason.hint
    return ground


def test_it_is_refused_until_a_person_has_seen_to_it(broken: Ground) -> None:
    for wanted in (NEW, OLD):
        again = broken.deploy(wanted)
        assert again.status is DeployStatus.REFUSED
        assert again.reason is not None
        assert again.reason.kind is ReasonKind.IN_THE_WAY
        assert "could not be rolled back" in again.reason.what
        assert "`qtctl recover --host qtdeploy1`" in again.reason.hint
    host = broken.connect()
    broken.run(f"echo x >/var/lib/qtctl/tx/broken; touch {MAY}")
    damaged = broken.deploy(OLD)
    assert ends(damaged) == (DeployStatus.REFUSED, ReasonKind.IN_THE_WAY)
    assert "/var/lib/qtctl/tx is damaged" in said(damaged)
    found = recover(host, accept=False, by="ann@desk")
    assert found is not None
    assert found.end is TransactionEnd.RESTORED
    assert recover(host, accept=False, by="ann@desk") is None
    assert broken.run("cat /etc/quantum/a.env").endswith("A=1\n")
    assert broken.run("systemctl is-active quantum-a").strip() == "active"
    trail = broken.run("tail -n 4 /var/lib/qtctl/trail")
    assert [json.loads(line)["event"] for line in trail.splitlines()] == [
        "restoring",
        "broken",
        "restoring",
        "restored",
    ]
    assert '"why":"recover by ann@desk, logged in as ops"' in trail


class _Gone(BaseException):
    """The caller is killed."""


def test_what_nobody_watches_any_more_is_taken_back_by_a_person(ground: Ground) -> None:
    before = ground.contents()

    def vanish(event: Event) -> None:
        if event.stage is Stage.VERIFY:
            ground.run("systemctl stop 'qtctl-deploy-*'")
            raise _Gone

    with pytest.raises(_Gone):
        ground.deploy(fleet(THREE, env=b"A=3\n"), progress=vanish)
    assert ground.contents() != before
    refused = ground.deploy(fleet(THREE))
    assert ends(refused) == (DeployStatus.REFUSED, ReasonKind.LOCKED)
    assert "is deploying to it now" in said(refused)
    host = ground.connect()
    with pytest.raises(DeployRefused, match="can be rolled back"):
        recover(host, accept=True, by="ann@desk")
    found = recover(host, accept=False, by="ann@desk")
    assert found is not None
    assert found.end is TransactionEnd.RESTORED
    assert ground.contents() == before


@pytest.mark.skipif("QTCTL_LARGE" not in os.environ, reason="takes 35 s: set QTCTL_LARGE=1")
def test_what_is_there_may_be_accepted(broken: Ground) -> None:
    found = recover(broken.connect(), accept=False, by="ann@desk")
    assert found is not None
    assert (found.state, found.worse) == (TransactionState.BROKEN, ("quantum-a.service",))
    found = recover(broken.connect(), accept=True, by="ann@desk")
    assert found is not None
    assert found.end is TransactionEnd.ACCEPTED
    broken.run(f"touch {MAY}")
    assert broken.deploy(NEW).status is DeployStatus.DEPLOYED


def test_nothing_to_recover_while_it_is_under_way(ground: Ground) -> None:
    """It ends by itself."""
    assert recover(ground.connect(), accept=False, by="ann@desk") is None
    ground.run(f"rm -f {MAY}")
    refused: list[DeployRefused] = []

    def ask(_event: object) -> None:
        if refused or not ground.run("ls /var/lib/qtctl/tx").strip():
            return
        with pytest.raises(DeployRefused, match="it ends by itself") as caught:
            recover(ground.connect(), accept=False, by="ann@desk")
        refused.append(caught.value)

    assert ground.deploy(fleet(THREE, env=b"A=3\n"), progress=ask).status is DeployStatus.DEPLOYED
    assert refused
