"""Applying on this machine: what of it needs no systemd. The rest is in tests/flows."""

import hashlib
import os
import re
from pathlib import Path

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.local import LocalHost, Process
from qtctl.apply.apply import apply
from qtctl.apply.current import current_files
from qtctl.apply.journal import Journal
from qtctl.errors import DeployRefused
from qtctl.interfaces.progress import Progress
from qtctl.model.desired import DesiredFile
from qtctl.model.events import Event
from qtctl.model.origin import Origin
from qtctl.model.plan import Plan, Step, StepKind, StepResult, StepStatus

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="files are installed as root")


def step(path: Path, content: bytes, seen: str = "absent", owner: str = "root") -> Step:
    digest = hashlib.sha256(content).hexdigest()
    file = DesiredFile(str(path), content, "0600", owner, "root", digest, "env", "a.service", Origin("x"))
    return Step(StepKind.WRITE, str(path), "test", seen, file=file)


class Said:
    """Progress, kept."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, event: Event) -> None:
        self.lines.append(event.detail)


def run(host: LocalHost, *steps: Step, progress: Progress | None = None) -> tuple[StepResult, ...]:
    journal = Journal(Plan("h", steps), SystemClock())
    apply(host, journal, deadline_s=20, progress=progress or Said())
    return journal.results()


def staged() -> set[Path]:
    """Other commands have folders there too."""
    return {path for path in Path("/tmp").iterdir() if re.fullmatch("qtctl-[0-9a-f]{32}", path.name)}


def test_files_are_written_through_the_staging_directory(tmp_path: Path) -> None:
    before, said = staged(), Said()
    path = tmp_path / "new dir" / "it's.env"
    (result,) = run(LocalHost(), step(path, b"A=1\n"), progress=said)
    assert (result.status, result.detail, result.kept) == (StepStatus.DONE, "", "")
    assert path.read_bytes() == b"A=1\n"
    assert staged() == before
    assert said.lines == [f"staging {path}", f"installing {path}"]


def test_a_refused_write_changes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    before = staged()
    path = tmp_path / "a.env"
    steps = (step(tmp_path / "b.env", b"B=1\n"), step(path, b"A=1\n", owner="nobody-of-that-name"))
    with pytest.raises(DeployRefused, match=r"nothing was changed: .*a\.env cannot be given to nobody-of-that-name"):
        run(LocalHost(), *steps)
    assert list(tmp_path.iterdir()) == []
    assert staged() == before


class Edited(LocalHost):
    """This machine, with something that happens to the install script while it runs."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__()
        self._edit = old, new

    def start(self, script: str, *, root: bool = False, attached: bool = False) -> Process:
        assert not root or self._edit[0] in script
        return super().start(script.replace(*self._edit), root=root, attached=attached)


def test_a_script_that_fails_before_it_changes_anything_and_does_not_clean_up_says_where_to_look(
    tmp_path: Path,
) -> None:
    host = Edited("  say prepared", "  trap - EXIT; exit 3")
    with pytest.raises(DeployRefused, match=rf"nothing was changed: .*look for \.qtctl-\* in {tmp_path}, and for "):
        run(host, step(tmp_path / "a.env", b"A=1\n"))
    assert [path.name[:7] for path in tmp_path.iterdir()] == [".qtctl-"]


def test_a_script_that_is_killed_leaves_a_host_that_is_not_called_unchanged(tmp_path: Path) -> None:
    host = Edited("  replace 1", "  kill -9 $$\n  replace 1")
    first, second = run(host, *(step(tmp_path / name, b"A=1\n") for name in ("a.env", "b.env")))
    assert (first.status, second.status) == (StepStatus.DONE, StepStatus.UNKNOWN)
    assert f"look for .qtctl-* in {tmp_path}" in second.detail
    assert (tmp_path / "a.env").exists()
    assert not (tmp_path / "b.env").exists()


def test_present_unit_files_are_read_byte_for_byte(tmp_path: Path) -> None:
    odd = tmp_path / "it's odd.service"
    odd.write_bytes(b"\x00\xff\n\n[Unit]")
    link = tmp_path / "link"
    link.symlink_to(odd)
    paths = [str(odd), str(link), str(tmp_path / "gone")]
    assert current_files(LocalHost(), paths, 10) == {str(odd): b"\x00\xff\n\n[Unit]"}
    assert current_files(LocalHost(), [], 10) == {}
