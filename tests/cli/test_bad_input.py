"""Whole commands on bad input: a line for each error, exit 2, nothing on stdout, and every file as it was."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.inputs import AUDIT, GROUPS, LINT, OWN_TEMPLATES, PARITY, RENDER, REPORT, Case
from tests.cli.world import listing, qtctl

CASES = [pytest.param(case, id=f"{group}: {case.name}") for group, cases in GROUPS.items() for case in cases]


def fill(line: str, given: Mapping[str, str]) -> str:
    """`{folder}`: of the case. `{end}`: the last line of its evidence."""
    for name, value in given.items():
        line = line.replace(name, value)
    return line


@pytest.mark.parametrize("case", CASES)
def test_bad_input(case: Case, world: Path) -> None:
    case.edit(world)
    before = listing(world)
    ran = qtctl(world, *case.argv, env=dict(case.env))
    end = (world / "evidence.json").read_bytes().count(b"\n") + 1
    given = {"{folder}": str(world), "{end}": str(end)}
    assert ran.err.splitlines() == [f"error: {fill(line, given)}" for line in case.says]
    assert (ran.code, ran.out) == (2, "")
    assert listing(world) == before


@pytest.mark.parametrize("argv", [LINT, RENDER, OWN_TEMPLATES, PARITY, AUDIT, REPORT], ids=lambda argv: argv[0])
def test_the_same_commands_take_good_input(argv: tuple[str, ...], world: Path) -> None:
    """So it is what a case breaks that broke them. The evidence is of a host that did not answer: exit 3."""
    assert qtctl(world, *argv).code == (3 if argv[0] in ("audit", "report", "parity") else 0)
