"""What is asked of every host is among what the helper allows, whatever the words look like to awk."""

import shutil
import subprocess

import pytest

from qtctl.apply.helper import _write_tables
from qtctl.model.evidence import Need
from qtctl.model.facts import File
from qtctl.probes import accounts, files
from qtctl.probes.batch import Probe
from qtctl.remote.request import encode_calls
from qtctl.remote.scripts import read_script

AWKS = [argv for argv in (("mawk",), ("gawk",), ("busybox", "awk")) if shutil.which(argv[0])]
PROBES = {
    "accounts": accounts.probe([Need("account", "shop"), Need("account", "0")], [Need("group", "1e3")]),
    "files": files.probe([Need(File.FACT, "/etc/0"), Need(File.FACT, "/0")]),
}


def compile_calls(awk: tuple[str, ...], probe: Probe) -> str:
    """The sh text that the helper makes of the commands of a probe."""
    calls: list[tuple[str, ...]] = [("marker", "0123456789abcdef")]
    for command in probe.commands:
        calls += [("command", *command.tools), *map(tuple, command.calls)]
    program = _write_tables() + read_script("helper.awk")
    done = subprocess.run([*awk, program], input=encode_calls(calls), capture_output=True, check=False, timeout=9)
    assert done.returncode == 0, done.stdout
    return done.stdout.decode()


@pytest.mark.parametrize("awk", AWKS, ids=lambda argv: argv[0])
@pytest.mark.parametrize("name", PROBES)
def test_the_helper_allows_it(name: str, awk: tuple[str, ...]) -> None:
    text = compile_calls(awk, PROBES[name])
    for command in PROBES[name].commands:
        assert all(f"'{word}'" in text for word in command.argv if word.isalnum())


@pytest.mark.parametrize("awk", AWKS, ids=lambda argv: argv[0])
@pytest.mark.parametrize(
    "words", [("find", "/etc", "-maxdepth", "00", "-printf", "x"), ("getent", "passwd", "0", "-s")]
)
def test_words_that_awk_takes_for_the_same_number_are_others(words: tuple[str, ...], awk: tuple[str, ...]) -> None:
    program = _write_tables() + read_script("helper.awk")
    data = encode_calls([("program", "0", *words)])
    done = subprocess.run([*awk, program], input=data, capture_output=True, check=False, timeout=9)
    assert done.returncode == 1
