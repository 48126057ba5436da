"""An external that has left the fleet may stay installed, and must not run."""

from dataclasses import replace

import pytest

from qtctl.audit.judge import judge
from qtctl.findings.finding import Outcome
from qtctl.model.desired import RetiredUnit
from qtctl.model.origin import Origin
from tests.builders.audited import desired, evidence

NGINX = RetiredUnit("nginx", "nginx.service", "services answer for themselves", Origin("externals.toml", ("nginx",)))


@pytest.mark.parametrize(
    ("units", "outcome"),
    [
        ({}, Outcome.HOLDS),
        ({"nginx.service": ["loaded", "inactive", "dead"]}, Outcome.HOLDS),
        ({"nginx.service": ["loaded", "active", "running"]}, Outcome.BROKEN),
    ],
)
def test_it_may_be_installed_and_must_not_run(units: dict[str, list[str]], outcome: Outcome) -> None:
    want = replace(desired(), retired_externals=(NGINX,))
    load, active, sub = units.get(NGINX.unit, ["not-found", "inactive", "dead"])
    found = evidence(
        want,
        {
            "unit.listing *": {"units": {**units, "ssh.service": ["loaded", "active", "running"]}},
            f"unit {NGINX.unit}": {"load_state": load, "active_state": active, "sub_state": sub},
        },
    )
    checks = {check.id: check for check in judge(want, found) if check.subject == NGINX.unit}
    assert {id_: check.outcome for id_, check in checks.items()} == {"QT209": outcome}
