"""What is said of a build that printed without end."""

import os
import subprocess
from pathlib import Path

from qtctl.remote.scripts import read_script


def test_of_a_log_without_an_end_its_end_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    os.truncate(log, 2 << 30)
    with log.open("ab") as end:
        end.write(b"x" * 1000 + b"\nERROR: no matching distribution\n")
    script = f"store=/opt/qtctl/store\n{read_script('store.sh')}ulimit -v 300000\nexplain failed 5 {log}\n"
    done = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=False, timeout=60)
    assert (done.stdout.strip(), done.stderr) == (b"ERROR: no matching distribution;", b"")
