"""A deploy that is cut short ends by itself, as new and verified or as old and verified: each kind of blow once.

At other moments, at each rename and sync, of other commands, and as often as one likes: python -m tests.crash.
"""

from collections.abc import Iterator

import pytest

from tests.crash.ground import BLOWS, Blow, Ground
from tests.machine import own_lab

pytestmark = pytest.mark.lab

SLOW = ("the network is gone for 20 s", "it reboots", "PID 1 reloads all the time")
"""On demand alone: they take half a minute each."""
MOMENTS = {
    "the caller is killed": 0.6,
    "the caller is interrupted": 0.9,
    "sshd's sessions are killed": 0.5,
    "the bridge is killed": 1.2,
    "the watching service is killed": 0.4,
    "all that deploys on the host is killed": 0.7,
    "D-Bus is killed": 0.5,
    "PID 1 is executed anew": 0.6,
    "the power goes": 0.8,
}
"""Seconds after the caller began to connect."""
POINTS = (2, 4, 9, 16, 24, 33)
"""Renames and syncs of the host's scripts at which the script that does them is killed."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with own_lab(tmp_path_factory.mktemp("crash")):
        ground = Ground("qtcrash1")
        ground.boot()
        try:
            yield ground
        finally:
            ground.down()


@pytest.mark.parametrize("blow", [blow for blow in BLOWS if blow.name not in SLOW], ids=lambda blow: blow.name)
def test_a_blow(ground: Ground, blow: Blow) -> None:
    ended = ground.strike(blow, MOMENTS[blow.name])
    assert ended.wrong == (), ended.said


@pytest.mark.parametrize("point", POINTS)
def test_a_script_that_is_killed(ground: Ground, point: int) -> None:
    ended = ground.strike_at(point, "kill")
    assert ended is not None, "there are fewer points"
    assert ended.wrong == (), ended.said
