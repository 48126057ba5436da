"""What the disk has if the power goes right after the end of a transaction.

It is an ext4 of its own, in a file that is copied before anything but the scripts has synced it.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.remote.host_script import run_script, write_generation, write_script

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mkfs.ext4") is None, reason="it mounts an ext4: needs root and mkfs.ext4"
)
PARTS = ("trail.sh", "damaged.sh", "transaction.sh", "find.sh", "restore.sh", "switch.sh")
STUBS = """
apply() { :; }
record_units() { echo unit a.service >$base/units; }
unit_folder=$base lease_s=15 gone=''
use_generation 2
"""


@contextmanager
def mount(image: Path, at: Path) -> Iterator[Path]:
    at.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-o", "loop", image, at], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no file can be mounted here: {done.stderr.strip()}")
    try:
        yield at / "qtctl"
    finally:
        subprocess.run(["umount", at], check=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Generation 2 replaces generation 1."""
    made = tmp_path / "image"
    with made.open("wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mkfs.ext4", "-q", made], check=True)
    with mount(made, tmp_path / "at") as base:
        for name in ("tx", "objects", "gen", "replaced"):
            (base / name).mkdir(parents=True)
        write_generation(base, 1, "web")
        (base / "current").symlink_to("gen/1")
        write_generation(base, 2, "web", outcome="")
        (base / "lock").touch()
    return made


@pytest.mark.parametrize(
    ("state", "commands", "outcome", "current"),
    [
        ("applying", "work; run_locked move gating confirmed; run_locked finish", "confirmed", "gen/2"),
        ("restoring", "run_locked end_restored", "restored", "gen/1"),
    ],
)
def test_how_it_ended_is_on_the_disk(image: Path, state: str, commands: str, outcome: str, current: str) -> None:
    at = image.parent / "at"
    with mount(image, at) as base:
        (base / "tx" / state).write_text("2\n")
        (base / "gen/2/word").write_text("abc\n")
        (base / "gen/2/files").write_text(f"/etc/a\t{'0' * 64}\n")
        (base / "content").write_text("content\n")
        (base / "content").rename(base / "objects" / ("0" * 64))
        script = write_script(base, PARTS, "").partition("\nverb=$1\n")[0]
        done = run_script(f"{script}\nlogger() {{ cat >/dev/null; }}\n{STUBS}{commands}\n")
        assert done.returncode == 0, done.stderr
        shutil.copyfile(image, image.parent / "cut")
    with mount(image.parent / "cut", at) as base:
        assert list((base / "tx").iterdir()) == []
        assert (base / "gen/2/outcome").read_text() == f"{outcome}\n"
        assert (base / "current").readlink() == Path(current)
        assert (base / "gen/2/journal").read_text().endswith(f"state\t{outcome}\n" if outcome == "restored" else "\n")
        assert "state idle\n" in (base / "status").read_text()
        assert (base / "units").read_text() == "unit a.service\n"
        if outcome == "confirmed":
            assert (base / "objects" / ("0" * 64)).read_text() == "content\n"
