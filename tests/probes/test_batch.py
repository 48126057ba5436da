"""The batch, run by a real sh: answers come apart as they went in, and a cut is seen."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.probes.batch import Command, Frame, has_begun, make_command, make_script, split_frames

MARKER = "0123456789abcdef0123"


def run(commands: list[Command]) -> tuple[bytes, bytes]:
    done = subprocess.run(["sh", "-s"], input=make_script(commands, MARKER).encode(), capture_output=True, check=False)
    return done.stdout, done.stderr


def printed(out: bytes, err: bytes, status: int) -> Command:
    def octal(raw: bytes) -> str:
        return "".join(f"\\{byte:03o}" for byte in raw)

    return Command(f"printf '{octal(out)}'; printf '{octal(err)}' >&2; exit {status}", ("printf",), "")


@given(st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 255)), max_size=4))
def test_every_answer_comes_back_byte_for_byte(answers: list[tuple[bytes, bytes, int]]) -> None:
    commands = [printed(*each) for each in answers]
    found = split_frames(len(commands), MARKER, *run(commands))
    assert [(frame.stdout, frame.stderr, frame.exit) for frame in found if frame] == answers


def test_commands_get_no_input_and_speak_c() -> None:
    found = split_frames(2, MARKER, *run([make_command(["cat"]), Command('echo "$LC_ALL"', ("echo",), "")]))
    assert [frame.stdout for frame in found if frame] == [b"", b"C\n"]


def test_a_command_that_exits_or_dies_does_not_stop_the_rest() -> None:
    found = split_frames(
        3, MARKER, *run([Command("exit 3", (), ""), Command("kill -9 $$", (), ""), make_command(["nosuch-x"])])
    )
    assert found[0] is not None
    assert found[0].exit == 3
    assert found[1:] == [None, None], "killing the script's own shell cuts off what follows"


def test_a_missing_program_is_127() -> None:
    (found,) = split_frames(1, MARKER, *run([make_command(["nosuch-x"])]))
    assert found is not None
    assert found.exit == 127


def test_any_cut_leaves_whole_answers_or_none() -> None:
    commands = [printed(b"one", b"", 0), printed(b"two", b"oops", 1), printed(b"three", b"", 0)]
    out, err = run(commands)
    whole = split_frames(3, MARKER, out, err)
    for end in range(len(out)):
        part = split_frames(3, MARKER, out[:end], err)
        assert all(mine is None or mine.stdout == full.stdout for mine, full in zip(part, whole, strict=True) if full)
        assert part[2] is None
    for end in range(len(err)):
        assert split_frames(3, MARKER, out, err[:end])[2] is None


def test_noise_before_the_batch_is_no_answer() -> None:
    out, err = run([printed(b"one", b"", 0)])
    assert split_frames(1, MARKER, b"Welcome!\n" + out, b"warning\n" + err) == split_frames(1, MARKER, out, err)
    assert has_begun(MARKER, out)
    assert not has_begun(MARKER, b"This account is currently not available.\n")
    assert split_frames(1, MARKER, b"", b"") == [None]


def test_an_answer_cannot_close_its_own_frame() -> None:
    forged = f"\n{'f' * 20} 0 0 1.0\n".encode()
    (found,) = split_frames(1, MARKER, *run([printed(forged, b"", 0)]))
    assert found == Frame(0, forged, b"", found.after_s if found else 0, found.took_s if found else 0)


@pytest.mark.parametrize("marker", ["", "short", "has space 0123456789", "$(reboot)0123456789", "a" * 15])
def test_a_guessable_or_unsafe_marker_is_refused(marker: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        make_script([], marker)
