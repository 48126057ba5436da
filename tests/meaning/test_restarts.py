"""Whether a failed service was given up by systemd, or merely failed: a plain start works then."""

import pytest

from qtctl.meaning.restarts import RestartPolicy
from qtctl.meaning.units import Condition, LoopLimits, find_condition
from qtctl.model.facts import Unit

LIMITS = LoopLimits(restarts=3, up_us=60_000_000, now_us=0)
ON_FAILURE = RestartPolicy("on-failure")


def failed(status: int, restarts: int, result: str = "exit-code", code: int = 1) -> Unit:
    return Unit(
        load_state="loaded", active_state="failed", sub_state="failed", unit_file_state="enabled", result=result,
        n_restarts=restarts, exec_main_status=status, exec_main_code=code,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "policy", "means"),
    [
        (failed(1, 3), ON_FAILURE, Condition.GAVE_UP),
        (failed(1, 0, "start-limit-hit"), ON_FAILURE, Condition.GAVE_UP),
        # It crashed now and then, and ends at last with a status that is not to be restarted.
        (failed(42, 3), RestartPolicy("on-failure", prevent=frozenset(("42",))), Condition.FAILED),
        (failed(9, 3, "signal", 2), RestartPolicy("on-failure", prevent=frozenset(("SIGKILL",))), Condition.FAILED),
        (failed(9, 3, "signal", 2), RestartPolicy("on-failure", prevent=frozenset(("9x",))), Condition.GAVE_UP),
        # Restart=no ends for good at the first failure, and StartLimitBurst=0 counts nothing.
        (failed(7, 0), RestartPolicy("no"), Condition.FAILED),
        (failed(7, 3), RestartPolicy("on-failure", limited=False), Condition.FAILED),
        # An end that its Restart= never answers.
        (failed(1, 3), RestartPolicy("on-abnormal"), Condition.FAILED),
        (failed(1, 3), RestartPolicy("on-success", force=frozenset(("1",))), Condition.GAVE_UP),
        (failed(1, 3), None, Condition.FAILED),
    ],
)
def test_given_up_or_failed(unit: Unit, policy: RestartPolicy | None, means: Condition) -> None:
    assert find_condition(unit, LIMITS, policy) is means
