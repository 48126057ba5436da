"""What keeps units from being started and stopped by hand: the deploy that is in the way, in words."""

import shlex
import subprocess
from pathlib import Path

import pytest

from qtctl.remote.scripts import read_script

SAID = {
    ("gating", "7"): "a deploy is under way on the host (gating)",
    ("broken", "7"): "an earlier deploy could not be rolled back: see its units, then `qtctl recover`",
    ("gating", "x"): "the record of a deploy is damaged: `qtctl recover`",
    ("gating", ""): "the record of a deploy is damaged: `qtctl recover`",
}


@pytest.mark.parametrize("record", SAID)
def test_it_is_named(tmp_path: Path, record: tuple[str, str]) -> None:
    (tmp_path / "tx").mkdir()
    (tmp_path / "tx" / record[0]).write_text(f"{record[1]}\n")
    given = f"base={shlex.quote(str(tmp_path))} control_verb=restart control_signal=0 control_why=''\n"
    script = f"{read_script('control.sh')}{given}control_units shop-a.service\n"
    done = subprocess.run(["dash"], input=script, capture_output=True, text=True, check=False, timeout=20)
    assert (done.stdout, done.stderr, done.returncode) == (f"qtctl stopped {SAID[record]}\n", "", 1)
