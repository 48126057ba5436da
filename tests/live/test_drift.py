"""qtctl adopt drift: hot fixes of an operator on a real host become a change of the registry, and the plan is empty."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry
from qtctl.adapters.templates import load_unit_templates
from qtctl.flows.lint import list_findings
from qtctl.registry.load import load
from tests.live.box import Box, Ran, qtctl

pytestmark = pytest.mark.lab

EDITED, TUNED, SET = "quantum-clm.service", "quantum-ceo-brain.service", "quantum-rl-agent.service"
DISABLED, MASKED, LEAKY = "quantum-rl-dashboard.service", "quantum-risk-brain.service", "quantum-rl-sizer.service"
UNITS = "/etc/systemd/system"
CANARY = "canary-hunter2-x9"
HOT_FIXES = rf"""
sed -i 's/^Restart=.*/Restart=on-failure/; s/^\[Service\]/[Service]\n# less\nMemoryMax=500M\nNice=4/' {UNITS}/{EDITED}
sed -i 's/^MemoryMax=512M//' {UNITS}/{EDITED}
mkdir -p {UNITS}/{TUNED}.d {UNITS}/{LEAKY}.d
printf '# why\n[Unit]\nAfter=network-online.target\n[Service]\nNice=3\nEnvironment=TRACE=1\nTimeoutStopSec=90\n' \
  > {UNITS}/{TUNED}.d/override.conf
printf '[Service]\nNice=3\nEnvironment=TRACE=1 API_PASSWORD={CANARY}\n' > {UNITS}/{LEAKY}.d/override.conf
systemctl daemon-reload
systemctl set-property {SET} CPUWeight=50
systemctl set-property --runtime {SET} TasksMax=77
systemctl restart {EDITED} {TUNED} {LEAKY}
systemctl disable -q --now {DISABLED}
systemctl stop -q {MASKED}; rm {UNITS}/{MASKED}; ln -s /dev/null {UNITS}/{MASKED}
systemctl daemon-reload
"""
HEAL = rf"""
rm -rf {UNITS}/{TUNED}.d {UNITS}/{LEAKY}.d /etc/systemd/system.control/{SET}.d /run/systemd/system.control/{SET}.d
[ ! -L {UNITS}/{MASKED} ] || rm {UNITS}/{MASKED}
systemctl daemon-reload
systemctl restart {TUNED} {LEAKY} {SET}
"""
FATES = {
    *((EDITED, f"[Service] {key}=", "adopted") for key in ("MemoryMax", "Nice", "Restart")),
    *((TUNED, f"[Service] {key}=", "adopted") for key in ("Environment", "Nice", "TimeoutStopSec")),
    (TUNED, "[Unit] After=", "adopted"),
    *((SET, f"[Service] {key}=", "adopted") for key in ("CPUWeight", "TasksMax")),
    *((LEAKY, f"[Service] {key}=", "adopted") for key in ("Environment", "Nice")),
    (LEAKY, "[Service] Environment=", "secret"),
    (DISABLED, "disabled", "adopted"),
    (MASKED, "masked", "adopted"),
}


@pytest.fixture
def registry(box: Box, tmp_path: Path) -> Path:
    return Path(shutil.copytree(box.registry, tmp_path / "registry"))


@pytest.fixture
def hot_fixed(box: Box) -> Iterator[Box]:
    # What another test deployed last, from a registry of its own, is no drift of this one.
    assert qtctl("deploy", "--host", box.name, "--yes", "--take-over").code == 0
    box.sh(HOT_FIXES)
    yield box
    box.sh(HEAL)
    healed = qtctl("deploy", "--host", box.name, "--yes", "--take-over")
    assert healed.code == 0, healed.err
    assert box.until_healthy().code == 0


def adopt(box: Box, registry: Path, *argv: str) -> Ran:
    return qtctl("adopt", "drift", "--host", box.name, "--registry", str(registry), "--format", "json", *argv)


def test_hot_fixes_become_a_change_of_the_registry_and_the_plan_is_empty(hot_fixed: Box, registry: Path) -> None:
    before = linted(registry)
    ran = adopt(hot_fixed, registry, "--write")
    assert ran.code == 1, ran.err
    assert {(row["unit"], row["what"], row["fate"]) for row in ran.json()["drifts"]} == FATES
    written = "".join(each.read_text() for each in registry.rglob("*.toml"))
    assert CANARY not in ran.out + ran.err + written
    assert linted(registry) == before
    plan = qtctl("plan", "--host", hot_fixed.name, "--registry", str(registry), "--format", "json")
    assert {step["subject"].rpartition("/")[2] for step in plan.json()["steps"]} == {LEAKY, "systemd"}
    assert CANARY not in plan.out
    left = {(row["unit"], row["fate"]) for row in adopt(hot_fixed, registry).json()["drifts"] if row["unit"] != LEAKY}
    assert left == set()


def linted(registry: Path) -> set[tuple[str, str, str]]:
    found = list_findings(load(read_registry(registry)), load_unit_templates(None))
    return {(each.id, each.subject, each.what) for each in found}
