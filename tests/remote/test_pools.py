"""Which units of a pool are restarted now, and which later: choose_part of pools.sh, with a systemctl of the test."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.remote.scripts import read_script
from tests.remote.test_scripts import SHELLS, shell

UP, DOWN, FAILED, STARTING = "active", "inactive", "failed", "activating"


@dataclass(frozen=True)
class Case:
    """`states`: of w@1, w@2 …. `rows`: units to restart. `anew`: those with another invocation than was known."""

    states: tuple[str, ...]
    part: tuple[str, ...]
    later: tuple[str, ...] = ()
    limit: int = 2
    rows: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()


EIGHT = tuple(f"w@{number}" for number in range(1, 9))
CASES = {
    "two of eight": Case((UP,) * 8, EIGHT[:2], EIGHT[2:]),
    "what is in no pool goes at once": Case((UP,) * 8, ("a", *EIGHT[:2]), EIGHT[2:], rows=("a", *EIGHT)),
    "one that is down counts, and is started": Case((UP, FAILED, *(UP,) * 6), ("w@1", "w@2"), EIGHT[2:]),
    "there is always an end": Case((DOWN, DOWN, DOWN, *(UP,) * 5), EIGHT[:4], EIGHT[4:]),
    "one that starts is not up yet": Case((UP, STARTING, *(UP,) * 6), ("w@1", "w@2"), EIGHT[2:]),
    "what was restarted along with another is done": Case((UP,) * 8, EIGHT[1:3], EIGHT[3:], anew=("w@1",)),
    "at most as many as there are": Case((UP, UP), ("w@1", "w@2"), limit=2),
    "no pool": Case((), ("a", "b"), rows=("a", "b")),
}


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_part(case: Case, name: str, tmp_path: Path) -> None:
    units = EIGHT[: len(case.states)]
    (tmp_path / "pools").write_text("".join(f"{unit}\tw@\t{case.limit}\t-\n" for unit in units))
    shown = "".join(
        f"{unit}\tloaded\t{state}\t-\t{'new' if unit in case.anew else 'old'}\texec\tno\n"
        for unit, state in zip(units, case.states, strict=True)
    )
    (tmp_path / "shown").write_text(shown)
    (tmp_path / "rows").write_text("".join(f"{number}\t{unit}\n" for number, unit in enumerate(case.rows or units)))
    (tmp_path / "known").write_text("".join(f"{unit}\told\n" for unit in units))
    script = (
        f"{read_script('pools.sh')}\nhome={tmp_path} tab='\t'\nshow_units() {{ cat {tmp_path}/shown; }}\n"
        'choose_part "$(cat $home/rows)" "$(cat $home/known)"\n'
        'for each in "$part" "$later" "$anew"; do printf "%s\\n" "$each" | cut -s -f 2 | tr "\\n" " "; echo; done\n'
    )
    done = subprocess.run(shell(name), input=script, capture_output=True, text=True, check=False, timeout=20)
    assert done.stderr == ""
    assert [tuple(line.split()) for line in done.stdout.splitlines()] == [case.part, case.later, case.anew]
