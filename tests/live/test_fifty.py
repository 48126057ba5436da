"""Of fifty services, five change: those five and what depends on them restart, and nothing else does.

On demand, with a host of its own: QTCTL_FIFTY=1. Each run of the tests has it with the shipped fleet (test_deploy.py).
"""

import os
from pathlib import Path

import pytest

from tests.bench.host import deployed
from tests.live.box import Box, qtctl
from tests.live.starts import DEPENDENTS, DEPENDENTS_COME, FIRST, FOUR, change_four, list_starts

pytestmark = pytest.mark.lab


def test_five_of_fifty(tmp_path: Path) -> None:
    if os.environ.get("QTCTL_FIFTY") != "1":
        pytest.skip("QTCTL_FIFTY=1 deploys fifty services to a host of its own")
    with deployed(tmp_path) as bench:
        assert len(bench.units) == 50
        box = Box(bench.name, bench.registry)
        box.sh(DEPENDENTS_COME)
        change_four(bench.registry)
        file = bench.registry / "services/clm.toml"
        file.write_text(file.read_text().replace('UPDATE_INTERVAL_S = "300"', 'UPDATE_INTERVAL_S = "600"'))
        before = list_starts(box)
        ran = qtctl("deploy", "--host", box.name, "--registry", str(bench.registry), "--yes", env=bench.env)
        assert ran.code == 0, ran.out + ran.err
        after = list_starts(box)
        assert {unit for unit in before if before[unit] != after.get(unit)} == {FIRST, *FOUR} | DEPENDENTS
