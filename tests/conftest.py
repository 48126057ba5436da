"""Tests that boot hosts: skipped with the reason where that cannot be, and a failure in CI."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.machine import cannot_boot, own_lab

if TYPE_CHECKING:
    from tests.live.box import Box

# So that their asserts show what differs, as those of tests do.
pytest.register_assert_rewrite("tests.live.box", "tests.live.faulty")
# How long an example takes is no matter of right and wrong: machines are busy.
# Whether a run fails is no matter of luck either: other examples are tried on demand (docs/fuzzing.md).
settings.register_profile(
    "qtctl",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("QTCTL_FUZZ_SEED") != "random",
)
settings.load_profile("qtctl")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    booting = [item for item in items if item.get_closest_marker("lab")]
    reason = cannot_boot() if booting else None
    if reason is None:
        return
    if os.environ.get("CI") == "true":
        pytest.exit(f"no host can be booted here, and CI=true does not let that pass: {reason}", returncode=1)
    for item in booting:
        item.add_marker(pytest.mark.skip(reason=f"no host can be booted here: {reason}"))


@pytest.fixture(autouse=True, scope="session")
def _nothing_is_kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Of one run of the tests, or of other runs of qtctl: what is kept goes to a folder of this run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QTCTL_KEEP", str(tmp_path_factory.mktemp("kept")))
        patch.setenv("QTCTL_TRAIL", str(tmp_path_factory.mktemp("trail") / "trail.jsonl"))
        yield


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Box]":
    """lab1, with the shipped registry deployed, for all tests that leave it as they found it."""
    from qtctl.lab import lab
    from tests.live.box import Box, qtctl

    with own_lab(tmp_path_factory.mktemp("lab")):
        up = qtctl("lab", "up")
        assert up.code == 0, up.err
        try:
            deployed = qtctl("deploy", "--host", "lab1", "--yes")
            assert deployed.code == 0, deployed.out + deployed.err
            yield Box("lab1")
        finally:
            lab.down(["lab1"])
