"""A producer that a deploy restarts, and that writes nothing from then on: the deploy is rolled back, and says why.

On demand: QTCTL_WAYS=all. What is silent, and when: tests/plan/test_silent_streams.py.
"""

import os
import re
from pathlib import Path

import pytest

from tests.live.box import Box
from tests.live.registries import changed
from tests.live.test_deploy import _heal as heal
from tests.live.test_deploy import deploy

pytestmark = pytest.mark.lab

UNIT = "quantum-market-publisher.service"
OVERRIDE = "/etc/qtctl-lab/override.json"
MAX_AGE_S = 8
SHOWN = f"sha256sum /etc/quantum/market-publisher.env; systemctl cat {UNIT}"
SILENT = rf"quantum:stream:market\.tick has had no entry since {UNIT} restarted \d+ s ago \(max_age is {MAX_AGE_S} s\)"


@pytest.fixture
def faster(tmp_path: Path) -> Path:
    """A registry with another interval, and with streams that may not be silent for long."""
    registry = changed(
        tmp_path / "registry", "services/market-publisher.toml", 'INTERVAL_MS = "100"', 'INTERVAL_MS = "50"'
    )
    file = registry / "streams.toml"
    file.write_text(file.read_text().replace('max_age = "60s"', f'max_age = "{MAX_AGE_S}s"'))
    return registry


def test_a_deploy_that_silences_a_stream_is_taken_back(box: Box, faster: Path) -> None:
    if os.environ.get("QTCTL_WAYS") != "all":
        pytest.skip("QTCTL_WAYS=all runs every way to fail")
    before = box.sh(SHOWN)
    box.sh(f"""echo '{{"{UNIT}": {{"publish": false}}}}' >{OVERRIDE}""")
    try:
        ran = deploy(box, "--registry", str(faster), "--yes", "--deadline", "60")
        assert ran.code == 4, ran.out + ran.err
        assert "it was rolled back" in ran.err
        assert re.search(SILENT, ran.err), ran.err
        assert f"why: {UNIT}" in ran.err
        assert box.sh(SHOWN) == before
    finally:
        box.sh(f"rm {OVERRIDE}; systemctl restart {UNIT}")
    ran = deploy(box, "--registry", str(faster), "--yes", "--deadline", "60")
    assert ran.code == 0, ran.out + ran.err
    heal(box)
