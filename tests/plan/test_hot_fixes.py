"""An operator's drop-in that was adopted, and the process that was started before it."""

from dataclasses import replace

import pytest

from qtctl.model.desired import Desired
from qtctl.model.desired_original import DesiredOriginal
from qtctl.model.plan import StepKind
from qtctl.model.ran import Ran, RanState
from qtctl.plan.plan import list_unread, plan
from tests.builders.planned import BEFORE, ORIGIN, STARTED, UNITS, Ground, deployed, desired, digest, service, target

UNIT, FILE = "quantum-a.service", f"{UNITS}/quantum-a.service"
DROP_IN = f"{FILE}.d/hot.conf"
LATER = STARTED + 60_000_000


def adopted(text: bytes, mtime: int = LATER) -> tuple[Ground, Desired]:
    """A deployed host with this drop-in, and the registry into which it was adopted."""
    wanted = desired(service("a"), service("b"), target())
    ground = deployed(wanted)
    ground.put(DROP_IN, text, ours=False, mtime=mtime)
    ground.change_unit(UNIT, drop_in_paths=[DROP_IN])
    there = ((FILE, f"sha256:{digest(ground.contents[FILE])}"), (DROP_IN, f"sha256:{digest(text)}"))
    original = DesiredOriginal(FILE, "0" * 64, there, (), "", ORIGIN)
    return ground, replace(
        wanted, files=tuple(replace(each, original=original) if each.path == FILE else each for each in wanted.files)
    )


def restarted(ground: Ground, wanted: Desired, state: RanState = RanState.SAME) -> list[str]:
    facts = ground.facts(wanted)
    current = {path: ground.contents[path] for path in list_unread(wanted, facts) if path in ground.contents}
    found = plan(wanted, facts, current=current, ran={UNIT: Ran(state)})
    assert found.refusals == ()
    assert {step.kind for step in found.steps} <= {StepKind.RESTART}
    return [f"{step.subject}: {step.reason}" for step in found.steps]


def test_a_process_that_does_not_run_by_it_is_restarted() -> None:
    ground, wanted = adopted(b"[Service]\nUser=root\n")
    (step,) = restarted(ground, wanted)
    assert step.startswith(f"{UNIT}: {DROP_IN} (")
    assert "is newer than the process" in step


@pytest.mark.parametrize(
    ("text", "mtime", "state"),
    [
        (b"[Service]\nUser=root\n", BEFORE, RanState.SAME),
        (b"[Service]\nCPUWeight=50\n", LATER, RanState.SAME),
        (b"[Service]\nUser=root\n", LATER, RanState.NONE),
    ],
    ids=["it runs by it", "systemd applies it to what runs", "no deploy has started it"],
)
def test_what_was_just_adopted_is_left_alone_otherwise(text: bytes, mtime: int, state: RanState) -> None:
    assert restarted(*adopted(text, mtime), state) == []


def test_what_is_down_is_not_read() -> None:
    ground, wanted = adopted(b"[Service]\nUser=root\n")
    assert DROP_IN in list_unread(wanted, ground.facts(wanted))
    ground.change_unit(UNIT, active_state="inactive", sub_state="dead")
    ground.change_unit(UNIT, drop_in_paths=[])
    assert DROP_IN not in list_unread(wanted, ground.facts(wanted))
