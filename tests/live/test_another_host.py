"""Whatever changes a host, or looks at it to change it, refuses a host of another name than expected_hostname."""

import shutil
from pathlib import Path

import pytest

from tests.live.box import ROOT, Box, qtctl

pytestmark = pytest.mark.lab

VERBS = (
    ("plan",),
    ("deploy", "--yes"),
    ("secrets", "status"),
    ("secrets", "put", "ai-engine/BINANCE_API_KEY"),
    ("backup", "take"),
    ("host", "prepare", "--user", "root", "--apply"),
    ("recover",),
)
STATE = "find /etc /opt /var/lib/qtctl -printf '%p %i %C@\\n' | sort | sha256sum"


@pytest.fixture
def misled(box: Box, tmp_path: Path) -> Path:
    """A registry whose host is called web-9, and whose address leads to the box."""
    folder = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", folder)
    for path in folder.rglob("*.toml"):
        text = path.read_text().replace("quantumtrader-prod-1", box.name)
        path.write_text(text.replace(f"[{box.name}]\n", f'[{box.name}]\nexpected_hostname = "web-9"\n', 1))
    return folder


def test_nothing_is_done_to_a_host_of_another_name(box: Box, misled: Path) -> None:
    before = box.sh(STATE)
    for verb in VERBS:
        ran = qtctl(*verb, "--host", box.name, "--registry", str(misled), stdin="value")
        assert (ran.code, "expected_hostname is web-9" in ran.err) == (4, True), (verb, ran)
    assert box.sh(STATE) == before
