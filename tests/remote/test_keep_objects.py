"""What a host keeps of a generation: the content of every file, whether it is written, in place, or sent along."""

import hashlib
import subprocess
from pathlib import Path

from qtctl.remote.scripts import read_script


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_content_of_every_file_is_kept_and_nothing_else(tmp_path: Path) -> None:
    """A power cut left one of them empty."""
    base, home = tmp_path, tmp_path / "gen/1"
    (base / "objects").mkdir()
    (home / "content").mkdir(parents=True)
    (base / "in-place").write_text("in place")
    (base / "objects" / digest("in place")).touch()
    (base / "original").write_text("by hand")
    (home / "content/7").write_text("as it would be written")
    (home / "content/8").write_text("of no file")
    wanted = {"in-place": "in place", "original": "as it would be written", "absent": "nowhere"}
    rows = (f"{base}/{name}\t{digest(text)}\troot:root\t0644\n" for name, text in wanted.items())
    (home / "files").write_text("".join(rows))
    script = f"base={base} home={home} tab='\t'\n{read_script('stage.sh')}keep_objects\n"
    done = subprocess.run(["sh"], input=script, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    kept = {path.name: path.read_text() for path in (base / "objects").iterdir()}
    assert kept == {digest(text): text for text in ("in place", "as it would be written")}
