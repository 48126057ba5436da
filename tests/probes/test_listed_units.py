"""The list of unit files: read as systemctl prints it, refused where it prints none."""

import pytest

from qtctl.model.evidence import Need, State
from qtctl.model.setting_facts import UnitFiles
from qtctl.probes.answer import Answer
from qtctl.probes.listed_units import MOST, probe
from tests.probes.host import frame

NEED = Need("unit.files", "*")


def answer(stdout: bytes | None) -> Answer:
    (found,) = probe([NEED, NEED]).parse([None if stdout is None else frame(stdout)])
    return found


def test_names_and_states() -> None:
    assert answer(b"F cron.service enabled\nF a@.timer disabled\nE\n").value == UnitFiles(
        {"a@.timer": "disabled", "cron.service": "enabled"}
    )


def test_what_is_no_row_is_left_out() -> None:
    odd = b"F x\nG y enabled\nF " + b"z" * 600 + b" enabled\nF cron.service enabled\nE\n"
    assert answer(odd).value == UnitFiles({"cron.service": "enabled"})


@pytest.mark.parametrize(
    ("stdout", "state"),
    [
        (None, State.UNPARSEABLE),
        (b"F cron.service enabled\n", State.UNPARSEABLE),
        (b"F a.service enabled\n" * MOST + b"E\n", State.UNPARSEABLE),
        (b"V\nE\n", State.REFUSED),
        (b"E\n", State.REFUSED),
    ],
)
def test_no_list_is_not_an_empty_one(stdout: bytes | None, state: State) -> None:
    assert answer(stdout).state is state
