"""Streams of commands that run in a lab host."""

import subprocess

from qtctl.lab.terminal import ERR, IN, OUT, start_with_pipes

OWNER = 12345


def test_pipes_belong_to_their_owner_from_the_start() -> None:
    """A command that opened /dev/stdout at once was refused now and then on a busy machine."""
    owners = set()
    for _ in range(30):
        with start_with_pipes(
            ["stat", "-Lc", "%u", *[f"/proc/self/fd/{n}" for n in (IN, OUT, ERR)]], {}, OWNER, (IN, OUT, ERR)
        ) as process:
            out, err = process.communicate(None, 10)
        assert err == b""
        owners.update(out.split())
    assert owners == {str(OWNER).encode()}


def test_streams_without_a_pipe() -> None:
    with start_with_pipes(["cat"], {}, 0, (OUT,), subprocess.DEVNULL) as process:
        out, _ = process.communicate(None, 10)
    assert (out, process.returncode) == (b"", 0)


def test_input_and_output_of_any_size() -> None:
    sent = b"x" * 1_000_000
    with start_with_pipes(["cat"], {}, 0, (IN, OUT, ERR)) as process:
        out, err = process.communicate(sent, 10)
    assert (out == sent, err) == (True, b"")
