"""Commands of a registry's own checks, where a service account can change something on the way to what would be run."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from qtctl.model.check_facts import CommandResult
from qtctl.model.evidence import State
from tests.probes.host import NOBODY
from tests.probes.test_checks import run

SERVICE = 33
"""The uid of the service account: www-data."""
OTHERS = "can be changed by accounts other than root"


@pytest.fixture
def ours() -> Iterator[Path]:
    """A folder in which only root can change anything, on the whole way to it."""
    folder = Path(tempfile.mkdtemp(prefix="qtctl-test-", dir="/opt"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def theirs(ours: Path) -> Path:
    folder = ours / "srv"
    folder.mkdir()
    os.chown(folder, SERVICE, SERVICE)
    return folder


@pytest.fixture
def mark(ours: Path) -> Path:
    file = ours / "mark"
    file.touch()
    file.chmod(0o666)
    return file


@pytest.fixture
def trap(theirs: Path, mark: Path) -> Path:
    """A program of the service account, which leaves a mark where it is run."""
    file = theirs / "trap"
    file.write_text(f"#!/bin/sh\necho ran >{mark}\n")
    file.chmod(0o755)
    os.chown(file, SERVICE, SERVICE)
    return file


def check_refused(argv: tuple[str, ...], mark: Path) -> None:
    answer = run(*argv, prefix=NOBODY)
    assert (answer.state, mark.read_text()) == (State.REFUSED, ""), answer
    assert OTHERS in str(answer.reason)


@pytest.mark.parametrize("hop", ["file", "folder", "relative"])
def test_a_link_of_the_service_account_on_the_way_to_a_program_of_roots(
    ours: Path, theirs: Path, mark: Path, hop: str
) -> None:
    """Both ends are root's, and what is between them can be turned to anything after the look."""
    (ours / "real").write_text("#!/bin/sh\necho good\n")
    (ours / "real").chmod(0o755)
    if hop == "folder":
        (theirs / "hop").symlink_to(ours)
        (ours / "tool").symlink_to(theirs / "hop" / "real")
    else:
        (theirs / "hop").symlink_to(ours / "real")
        (ours / "tool").symlink_to("srv/hop" if hop == "relative" else theirs / "hop")
    check_refused((str(ours / "tool"),), mark)


def test_links_of_roots_alone_are_followed(ours: Path) -> None:
    (ours / "hop").symlink_to("/usr/bin/id")
    (ours / "tool").symlink_to("hop")
    answer = run(str(ours / "tool"), "-un", prefix=NOBODY)
    assert answer.value == CommandResult(0, "nobody\n")


RUNNERS = {
    "timeout": ("/usr/bin/timeout", "1", "TRAP"),
    "nice": ("/usr/bin/nice", "TRAP"),
    "setsid": ("/usr/bin/setsid", "-w", "TRAP"),
    "find": ("/usr/bin/find", "/etc/hostname", "-exec", "TRAP", ";"),
    "relative to /": ("/usr/bin/nice", "RELATIVE"),
    "sh, relative to /": ("/bin/sh", "RELATIVE"),
    "an option": ("/usr/bin/sed", "-n", "--file=TRAP", "/etc/hostname"),
    "a search path": ("/usr/bin/env", "PATH=FOLDER:/usr/bin", "trap"),
    "preloaded": ("/usr/bin/env", "LD_PRELOAD=TRAP", "/usr/bin/id"),
    "the loader": ("/lib64/ld-linux-x86-64.so.2", "TRAP"),
    "a folder of its own": ("/usr/bin/run-parts", "FOLDER"),
}


@pytest.mark.parametrize("argv", RUNNERS.values(), ids=RUNNERS)
def test_a_program_that_runs_what_it_is_given(argv: tuple[str, ...], trap: Path, mark: Path) -> None:
    if not Path(argv[0]).exists():
        pytest.skip(f"no {argv[0]} here")
    said = {"TRAP": str(trap), "RELATIVE": str(trap)[1:], "FOLDER": str(trap.parent)}
    for name, value in said.items():
        argv = tuple(word.replace(name, value) for word in argv)
    answer = run(*argv, prefix=NOBODY)
    assert (answer.state, mark.read_text()) == (State.REFUSED, ""), answer


def test_a_folder_that_python_would_run(theirs: Path, mark: Path) -> None:
    (theirs / "__main__.py").write_text(f"open({str(mark)!r}, 'w').write('ran')\n")
    check_refused(("/usr/bin/python3", str(theirs)), mark)


def test_what_only_reads_may_read_what_is_of_others(trap: Path) -> None:
    assert run("/usr/bin/test", "-x", str(trap), prefix=NOBODY).value == CommandResult(0, "")
    answer = run("/usr/bin/stat", "-c", "%u", str(trap), prefix=NOBODY)
    assert answer.value == CommandResult(0, f"{SERVICE}\n")
