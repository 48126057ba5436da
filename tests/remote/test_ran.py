"""What is recorded of files that a service account turns into something else while root reads them."""

import shlex
import subprocess
import time
from hashlib import sha256
from pathlib import Path

import pytest

from qtctl.remote.scripts import read_script

KERNEL_LOG = Path("/proc/kmsg")
"""A regular file to whoever looks at it, and no end to whoever reads it, as one that becomes a pipe in between."""


def is_endless() -> bool:
    try:
        subprocess.run(["cat", str(KERNEL_LOG)], timeout=0.3, check=True, capture_output=True)
    except subprocess.TimeoutExpired:
        return True
    except subprocess.CalledProcessError:
        return False
    return False


@pytest.mark.skipif(not is_endless(), reason="there is no kernel log here that this account may read")
def test_a_file_without_an_end_is_not_waited_for_and_hides_no_other(tmp_path: Path) -> None:
    files = [tmp_path / "a.env", tmp_path / "b.env"]
    for file in files:
        file.write_text(file.name)
    (tmp_path / "room").mkdir()
    (tmp_path / "sees").write_text("\t".join(["a.service", str(files[0]), str(KERNEL_LOG), str(files[1])]) + "\n")
    given = f"base={shlex.quote(str(tmp_path))} most=1000 sees=$base/sees read_s=1\n"
    script = f"{given}{read_script('transaction.sh')}{read_script('ran.sh')}digest_seen $base/room\n"
    began = time.monotonic()
    subprocess.run(["sh", "-u"], input=script.encode(), check=True, timeout=20)
    assert time.monotonic() - began < 10
    rows = [line.split("\t") for line in (tmp_path / "room/digests").read_text().splitlines()]
    key = (tmp_path / "key").read_text().strip()
    wanted = {str(file): keyed(key, file) for file in files}
    assert {path: digest for digest, path, _ in rows} == {**wanted, str(KERNEL_LOG): "absent"}


def keyed(key: str, file: Path) -> str:
    return sha256(f"{key} {sha256(file.read_bytes()).hexdigest()}\n".encode()).hexdigest()
