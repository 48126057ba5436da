"""Fuzzing in every test run: the same inputs each time, so that it fails for whoever broke something.

Others are looked for where QTCTL_FUZZ_SEED says what they begin with: a number, or "random". QTCTL_FUZZ_SECONDS is how
long that takes for all targets together. For longer searches there is `python -m tests.fuzz`.
"""

import os
import subprocess
import sys
from pathlib import Path
from random import SystemRandom

import pytest

from tests.fuzz import search
from tests.fuzz.search import at_random, within
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

INPUTS = 400
"""Of each target."""
SECONDS = float(os.environ.get("QTCTL_FUZZ_SECONDS", "20")) / len(TARGETS)
SEED = os.environ.get("QTCTL_FUZZ_SEED", "")
BEGIN = SystemRandom().randrange(2**32) if SEED == "random" else int(SEED or 0)


@pytest.mark.parametrize("name", TARGETS)
def test_the_same_inputs(name: str) -> None:
    _, found = at_random(TARGETS[name], 0, lambda tried: tried < INPUTS)
    assert found is None, f"{found.why}\nkept as {found.path}"


@pytest.mark.skipif(not SEED, reason="inputs that nobody has tried are looked for on demand: docs/fuzzing.md")
@pytest.mark.parametrize("name", TARGETS)
def test_other_inputs(name: str) -> None:
    _, found = at_random(TARGETS[name], BEGIN, within(SECONDS))
    assert found is None, f"{found.why}\nkept as {found.path}; QTCTL_FUZZ_SEED={BEGIN} finds it again"


DIGEST = """
import hashlib, random, sys
if sys.argv[1] == "more":
    import qtctl.adopt.judge, qtctl.plan.plan
from tests.fuzz.inputs import maker
from tests.fuzz.targets import TARGETS
made = (make(random.Random(n)) for make in map(maker, TARGETS.values()) for n in range(20))
print(hashlib.sha256(b"|".join(made)).hexdigest())
"""


def test_they_are_the_same_whatever_else_is_loaded() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST, loaded],
            capture_output=True, text=True, check=True, cwd=search.ROOT, env={**os.environ, "PYTHONHASHSEED": order},
        ).stdout
        for loaded, order in (("less", "1"), ("more", "2"))
    }  # fmt: skip
    assert len(digests) == 1


def test_what_is_found_is_made_smaller_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "CASES", tmp_path)

    def law(data: bytes) -> None:
        assert not (b"(" in data and b")" in data), "both"

    target = Target("x", law, lambda: [b"a" * 100], ("(", ")", "words between"))
    tried, found = at_random(target, 0, lambda tried: tried < INPUTS)
    assert found is not None
    assert sorted(found.path.read_bytes()) == sorted(b"()")
    assert found.why.startswith("AssertionError: both")
    assert [path.read_bytes() for path in target.cases()] == []
    assert at_random(target, 0, lambda before: before < tried - 1) == (tried - 1, None)
