"""A minute of fuzzing in every test run: the same inputs each time, and as many others as there is time for.

The first part fails for whoever broke something, the second for whoever is lucky; both leave the input as a case.
QTCTL_FUZZ_SECONDS is how long the second part of all targets takes, QTCTL_FUZZ_SEED what it begins with.
"""

import os
import random

import pytest

from tests.fuzz.search import one_round, with_hypothesis
from tests.fuzz.targets import TARGETS

SECONDS = float(os.environ.get("QTCTL_FUZZ_SECONDS", "20")) / len(TARGETS)
SEED = int(os.environ.get("QTCTL_FUZZ_SEED") or random.SystemRandom().randrange(2**32))


@pytest.mark.parametrize("name", TARGETS)
def test_the_same_inputs(name: str) -> None:
    found = one_round(TARGETS[name], seed=0)
    assert found is None, f"{found.why}\nkept as {found.path}"


@pytest.mark.parametrize("name", TARGETS)
def test_other_inputs(name: str) -> None:
    _, found = with_hypothesis(TARGETS[name], SECONDS, SEED)
    assert found is None, f"{found.why}\nkept as {found.path}; QTCTL_FUZZ_SEED={SEED} finds it again"
