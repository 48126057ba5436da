"""Tests that boot hosts: skipped with the reason where that cannot be, and a failure in CI."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.machine import cannot_boot

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
        yield
