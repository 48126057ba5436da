"""The proof of the quoting: processes started by a real systemd say which argv, environment and directory they got."""

import io
import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qtctl.dialects.systemd import quoting
from qtctl.errors import InputError
from qtctl.interfaces.progress import silent
from qtctl.lab import lab
from qtctl.model.desired import Desired
from qtctl.model.tree import Account, Tree, TreeDir
from qtctl.render.render import render
from tests.builders.rendered import desired, service, shipped

pytestmark = pytest.mark.lab

HOST = "rendertest1"
UNIT = "fleet-web.service"
SAY = """import json, os, sys
def read(name):
    return open(f"/proc/self/{name}", "rb").read().decode("utf-8", "surrogateescape").split("\\0")[:-1]
with open("/tmp/say.json", "w") as out:
    json.dump({"argv": read("cmdline"), "environ": read("environ"), "cwd": os.getcwd()}, out)
"""
ASK = """set -e
tar -C / -x
systemctl daemon-reload
rm -f /tmp/say.json
systemctl start -- "$1"
cat /tmp/say.json
echo
P="org.freedesktop.systemd1 /org/freedesktop/systemd1/unit/fleet_2dweb_2eservice org.freedesktop.systemd1"
busctl --json=short get-property $P.Unit Description
busctl --json=short get-property $P.Service ReadWritePaths
busctl --json=short get-property $P.Service ExecStart
"""

ANY = st.text(alphabet=st.characters(), max_size=10)
TRICKY = st.text(
    alphabet=st.sampled_from(
        " \t\n\r\x01\x0b\x1b\x7f\x85\"'\\%${};#:@-+!=`~*?[]|&anx0u\u00fc\u2028\u202e\ufeff\U0001f600"
    ),
    min_size=3,
    max_size=8,
)
VALUES = st.lists(st.one_of(ANY, TRICKY), min_size=40, max_size=50, unique=True)
SHOWN = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\"'\\")
ODD = st.sampled_from(" %${};#:@-+!=`~*?[]|&.\u00fc\u2028\u202e\ufeff\U0001f600")
NAMES = st.text(alphabet=st.one_of(SHOWN, ODD), min_size=1, max_size=12)

PROVEN: list[str] = []
REFUSED: list[int] = []
STARTED: list[str] = []


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """Of this machine's own suite; another one (trixie: systemd 257) by QTCTL_TEST_SUITE."""
    tree = Tree(accounts=(Account("qt", "qt", "/home/qt"),), dirs=(TreeDir("/srv/web"), TreeDir("/etc/fleet")))
    lab.up([HOST], tree, stands_for="one", progress=silent, suite=os.environ.get("QTCTL_TEST_SUITE"))
    try:
        yield HOST
    finally:
        lab.down([HOST])


def packed(rendered: Desired, directories: Sequence[str], links: Sequence[tuple[str, str]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for directory in directories:
            made = tarfile.TarInfo(directory.lstrip("/"))
            made.type, made.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(made)
        for path, target in links:
            link = tarfile.TarInfo(path.lstrip("/"))
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        for path, content in ((file.path, file.content) for file in rendered.files):
            file = tarfile.TarInfo(path.lstrip("/"))
            file.size, file.mode = len(content), 0o600
            tar.addfile(file, io.BytesIO(content))
    return out.getvalue()


def said(
    host: str,
    rendered: Desired,
    directories: Sequence[str] = (),
    links: Sequence[tuple[str, str]] = (),
    unit: str = UNIT,
) -> tuple[dict[str, Any], list[Any]]:
    """What the started process says of itself, and the properties that systemd shows."""
    done = lab.execute(host, ["sh", "-c", ASK, "sh", unit], stdin=packed(rendered, directories, links))
    assert done.returncode == 0, (done.stderr.decode(), [file.content for file in rendered.files])
    process, *properties = done.stdout.decode("utf-8", "surrogateescape").strip().split("\n")
    return json.loads(process), [json.loads(line)["data"] for line in properties]


def sayable(values: list[str]) -> list[str]:
    """Those that are not refused; each refused one must be one that systemd or the kernel cannot hold."""
    kept = []
    for value in values:
        try:
            quoting.write_exec_argument(value)
        except InputError:
            codes = [ord(char) for char in value]
            assert any(c == 0 or 0xD800 <= c <= 0xDFFF or 0xFDD0 <= c <= 0xFDEF or c & 0xFFFE == 0xFFFE for c in codes)
        else:
            kept.append(value)
    return kept


@settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(VALUES, VALUES)
def check_argv_and_environment(host: str, args: list[str], texts: list[str]) -> None:
    check_exact(host, args, texts)


def check_exact(host: str, args: list[str], texts: list[str]) -> None:
    argv = ("/usr/bin/python3", "-c", SAY, *sayable(args))
    env = tuple((f"V{number}", text) for number, text in enumerate(sayable(texts)))
    unit_env = tuple((f"U{number}", text) for number, text in enumerate(sayable(args)))
    one = service(type="oneshot", argv=argv, env_file="/etc/fleet/web.env", env=env, unit_env=unit_env)
    process, properties = said(host, render(desired(one), shipped()))
    assert process["argv"] == list(argv)
    environ = [entry for entry in process["environ"] if entry[:2].rstrip("0123456789") in ("U", "V")]
    assert sorted(environ) == sorted(f"{name}={text}" for name, text in (*env, *unit_env))
    assert properties[2][0][1] == list(quoting.list_loaded_argv(argv))
    PROVEN.extend((*argv[3:], *(text for _, text in env)))
    REFUSED.append(len(args) + len(texts) - len(argv) + 3 - len(env))


def test_argv_and_environment_are_exact(host: str) -> None:
    check_argv_and_environment(host)
    assert len(set(PROVEN)) >= 2000
    assert sum(REFUSED) > 0


@pytest.mark.parametrize("start", range(0, 0x110000, 0x11000))
def test_every_code_point_is_exact_or_refused(host: str, start: int) -> None:
    """All of Unicode, 512 code points an argument and as many a variable; what is refused is taken out one by one."""
    blocks = [[chr(code) for code in range(first, first + 512)] for first in range(start, start + 0x11000, 512)]
    texts = ["".join(sayable(block)) for block in blocks]
    check_exact(host, texts, texts)


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(NAMES, NAMES, st.one_of(NAMES, ANY))
def check_programs_directories_and_descriptions(host: str, program: str, directory: str, summary: str) -> None:
    program, directory = f"/opt/{program}", f"/srv/{directory}/in"
    one = service(
        type="oneshot",
        argv=(program, "-c", SAY, "$x %n"),
        working_directory=directory,
        summary=summary,
        sandbox=(("ReadWritePaths", directory),),
    )
    try:
        rendered = render(desired(one), shipped())
    except InputError:
        return
    process, properties = said(host, rendered, directories=(directory,), links=((program, "/usr/bin/python3"),))
    simple = quoting.simplify_path(directory, "directory")
    assert process["argv"] == list(one.argv)
    assert process["cwd"] == simple
    assert properties[0] == (summary or UNIT)
    assert properties[1] == [simple]
    STARTED.append(program)


def test_programs_directories_and_descriptions_are_exact(host: str) -> None:
    check_programs_directories_and_descriptions(host)
    assert len(STARTED) >= 60


def test_units_with_odd_names(host: str) -> None:
    for name in ("a\\x20b", "a:b", "a_b.c-d", "\\x2dx", "w\\xc3\\xbc", "x@a\\x20b", "x" * 247):
        unit = f"{name}.service"
        one = service(type="oneshot", unit=unit, argv=("/usr/bin/python3", "-c", SAY, unit))
        process, _ = said(host, render(desired(one), shipped()), unit=unit)
        assert process["argv"][3] == unit


def test_env_files_with_odd_names(host: str) -> None:
    for name in ("a b", "[x]*?", "100%n", 'q"q', "back\\slash", "\u00fc{a,b}", "~x"):
        argv, env = ("/usr/bin/python3", "-c", SAY), (("VA", name),)
        one = service(type="oneshot", argv=argv, env=env, env_file=f"/etc/fleet/{name}.env")
        process, _ = said(host, render(desired(one), shipped()))
        assert f"VA={name}" in process["environ"]
