"""What hosts say where something could not be started, as real shells and tools say it."""

import pytest

from qtctl.dialects.login_messages import could_not_fork, find_cause
from qtctl.probes.answer import find_unknown_option
from qtctl.remote.scripts import read_script


@pytest.mark.parametrize(
    "said",
    [
        "/bin/sh: 781: Cannot fork",
        "sh: 0: Cannot fork",
        "bash: fork: retry: Resource temporarily unavailable",
        "sh: line 12: fork: Resource temporarily unavailable",
        "timeout: fork system call failed: Resource temporarily unavailable",
        "find: cannot fork: Resource temporarily unavailable",
        "find: '/x': Permission denied\nsh: can't fork: Resource temporarily unavailable\n",
    ],
)
def test_nothing_more_could_be_started(said: str) -> None:
    assert could_not_fork(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "find: '/opt/fork': Permission denied",
        "find: '/srv/sh: Cannot fork': Permission denied",
        "stat: cannot statx '/srv/cannot fork': No such file or directory",
        "forkstat: no such thing",
    ],
)
def test_paths_and_names_are_no_such_message(said: str) -> None:
    assert not could_not_fork(said)


@pytest.mark.parametrize(
    ("said", "tool", "option"),
    [
        (b"find: unrecognized: -printf\n", "find", "-printf"),
        (b"df: unrecognized option '--output=size,avail'\n", "df", "--output"),
        (b"readlink: invalid option -- 'z'\n", "readlink", "-z"),
        (b"readlink: unrecognized option: z\nBusyBox v1.35.0", "readlink", "-z"),
    ],
)
def test_a_tool_that_is_another(said: bytes, tool: str, option: str) -> None:
    assert find_unknown_option(b"something\n" + said) == (tool, option)


def test_a_path_is_no_option() -> None:
    assert find_unknown_option(b"find: '/x\\nfind: unrecognized: -printf': Permission denied\n") is None


def test_a_null_device_that_is_none_is_named() -> None:
    """What qtctl/remote/frames.sh says before it asks anything."""
    said = next(line for line in read_script("frames.sh").splitlines() if "is not the device" in line)
    cause = find_cause(said.split('"')[1])
    assert cause is not None
    assert "mknod -m 666 /dev/null c 1 3" in cause.hint
