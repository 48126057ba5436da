"""One key taken out of an env file by the host's awk, judged by how systemd reads what is left."""

import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qtctl.dialects.systemd.envfile import parse_env_file, write_env_line
from qtctl.errors import InputError
from qtctl.remote.scripts import read_script

AWKS = [name for name in ("mawk", "gawk", "original-awk", "busybox") if shutil.which(name)]
GIVEN = 'BEGIN { key = ENVIRON["key"]; continues = ENVIRON["continues"] + 0 }\n'


def without(text: bytes, key: str, awk: str, *, systemd: int = 252) -> tuple[int, bytes]:
    words = [awk, "awk"] if awk == "busybox" else [awk]
    done = subprocess.run(
        [*words, GIVEN + read_script("env_without.awk")],
        input=text.replace(b"\1", b"\2").replace(b"\0", b"\1") + b"x\n",
        env={"key": key, "continues": str(int(systemd < 254)), "LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert done.stderr == b""
    return done.returncode, done.stdout


KEPT = b"# of ops\nA=1\nB=\"two\nlines\" 'x'\n\n; K=comment\nKK=\\\n 3\n"
ASSIGNED = (b"K=v\n", b"  K = v w\n", b'K="a\nb"\n', b"K=a\\\nb\n", b"K='#'\"x\"\n", b"K=\n", b"K=v")


@pytest.mark.parametrize("awk", AWKS)
@pytest.mark.parametrize("assigned", ASSIGNED)
def test_every_way_to_assign_it_goes_and_everything_else_stays(assigned: bytes, awk: str) -> None:
    assert without(KEPT + assigned, "K", awk) == (0, KEPT)
    if assigned.endswith(b"\n"):
        assert without(assigned + KEPT + assigned + KEPT, "K", awk) == (0, KEPT + KEPT)


@pytest.mark.parametrize("awk", AWKS)
@pytest.mark.parametrize(
    ("text", "status"),
    [(b'A="open\n', 4), (b"A='open\n", 4), (b"A=1\\", 4), (b"# x\\", 4), (b"A=\0\n", 3), (b"", 0), (b"A=1", 0)],
)
def test_a_file_that_nothing_can_be_added_to_is_refused(text: bytes, status: int, awk: str) -> None:
    assert without(text, "K", awk)[0] == status


PIECES = st.lists(
    st.sampled_from(["K", "A", "=", " ", "\n", '"', "'", "\\", "#", ";", "v", "\r", "\t", "é", "K=1\n", "A=2\n"]),
    max_size=24,
).map("".join)


@settings(max_examples=60)
@given(PIECES, st.sampled_from([252, 255]))
@example('A="x\nK=in\n"\nK=2', 252)
def test_systemd_reads_all_but_the_key(text: str, systemd: int) -> None:
    try:
        before = parse_env_file(text, "x.env", systemd=systemd)
    except InputError:
        return
    status, left = without(text.encode(), "K", AWKS[0], systemd=systemd)
    if status:
        return
    line = write_env_line("K", 'new "v"\n$')
    after = parse_env_file(left.decode() + line + "\n", "x.env", systemd=systemd)
    assert after == {**before, "K": 'new "v"\n$'}
