"""The proof of the quoting: processes started by a real systemd say which argv, environment and directory they got."""

import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qtctl.dialects.systemd import quoting
from qtctl.errors import InputError
from qtctl.interfaces.progress import silent
from qtctl.lab import lab
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.tree import Account, Tree, TreeDir
from qtctl.render.render import render
from tests.builders.rendered import desired, service, shipped

pytestmark = pytest.mark.lab

HOST = "rendertest1"
SAY = """import json, os, sys
def read(name):
    return open(f"/proc/self/{name}", "rb").read().decode("utf-8", "surrogateescape").split("\\0")[:-1]
unit = open("/proc/self/cgroup").read().strip().rpartition("/")[2]
with open(f"/run/say/{unit}", "w") as out:
    json.dump({"argv": read("cmdline"), "environ": read("environ"), "cwd": os.getcwd()}, out)
"""
ASK = """set -e
rm -rf /run/say
mkdir -m 1777 /run/say
tar -C / -x
systemctl daemon-reload
xargs -a /run/units -d '\\n' systemctl start --
while IFS= read -r unit; do
  cat "/run/say/$unit"
  echo
done </run/units
P="org.freedesktop.systemd1 /org/freedesktop/systemd1/unit"
while IFS= read -r path; do
  busctl --json=short get-property $P/$path org.freedesktop.systemd1.Unit Description
  busctl --json=short get-property $P/$path org.freedesktop.systemd1.Service ReadWritePaths ExecStart
done </run/paths
"""
"""Units that are asked about stand in /run/units, the paths of those whose properties are shown in /run/paths."""

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
TRIED: list[tuple[list[str], list[str]]] = []
PLACED: list[tuple[str, str, str]] = []


@dataclass(frozen=True)
class Asked:
    """A service to be started: its files, the folders and links that it needs. `shown`: its properties are wanted."""

    one: DesiredService
    rendered: Desired
    directories: Sequence[str] = ()
    links: Sequence[tuple[str, str]] = ()
    shown: bool = True


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """Of this machine's own suite; another one (trixie: systemd 257) by QTCTL_TEST_SUITE."""
    tree = Tree(accounts=(Account("qt", "qt", "/home/qt"),), dirs=(TreeDir("/srv/web"), TreeDir("/etc/fleet")))
    lab.up([HOST], tree, stands_for="one", progress=silent, suite=os.environ.get("QTCTL_TEST_SUITE"))
    try:
        yield HOST
    finally:
        lab.down([HOST])


def packed(asked: Sequence[Asked]) -> bytes:
    units = "".join(f"{each.one.unit}\n" for each in asked)
    paths = "".join(f"{each.one.unit}\n".replace("-", "_2d").replace(".", "_2e") for each in asked if each.shown)
    lists = [("/run/units", units.encode()), ("/run/paths", paths.encode())]
    return pack(
        [*lists, *((file.path, file.content) for each in asked for file in each.rendered.files)],
        [folder for each in asked for folder in each.directories],
        [link for each in asked for link in each.links],
    )


def pack(
    files: Iterable[tuple[str, bytes]], directories: Iterable[str] = (), links: Iterable[tuple[str, str]] = ()
) -> bytes:
    """A tar archive of them, to be unpacked at the root of a host."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for directory in dict.fromkeys(directories):
            made = tarfile.TarInfo(directory.lstrip("/"))
            made.type, made.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(made)
        for path, target in dict.fromkeys(links):
            link = tarfile.TarInfo(path.lstrip("/"))
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        for path, content in files:
            file = tarfile.TarInfo(path.lstrip("/"))
            file.size, file.mode = len(content), 0o600
            tar.addfile(file, io.BytesIO(content))
    return out.getvalue()


def said(host: str, asked: Sequence[Asked]) -> list[tuple[dict[str, Any], list[Any]]]:
    """What each started process says of itself, and the properties that systemd shows of it. All in one command."""
    done = lab.execute(host, ["sh", "-c", ASK], stdin=packed(asked))
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode("utf-8", "surrogateescape").strip().split("\n")
    processes, properties = lines[: len(asked)], [json.loads(line)["data"] for line in lines[len(asked) :]]
    shown = iter(properties)
    return [
        (json.loads(line), [next(shown) for _ in range(3)] if each.shown else [])
        for each, line in zip(asked, processes, strict=True)
    ]


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
def draw_arguments(args: list[str], texts: list[str]) -> None:
    TRIED.append((args, texts))


def check_exact(host: str, tried: Sequence[tuple[list[str], list[str]]]) -> None:
    """Each pair of arguments and values of variables is that of one service; all are started at once."""
    asked = [_make_service(number, args, texts) for number, (args, texts) in enumerate(tried)]
    for each, (process, properties), (args, texts) in zip(asked, said(host, asked), tried, strict=True):
        one = each.one
        assert process["argv"] == list(one.argv)
        environ = [entry for entry in process["environ"] if entry[:2].rstrip("0123456789") in ("U", "V")]
        assert sorted(environ) == sorted(f"{name}={text}" for name, text in (*one.env, *one.unit_env))
        assert properties[2][0][1] == list(quoting.list_loaded_argv(one.argv))
        PROVEN.extend((*one.argv[3:], *(text for _, text in one.env)))
        REFUSED.append(len(args) + len(texts) - len(one.argv) + 3 - len(one.env))


def _make_service(number: int, args: list[str], texts: list[str]) -> Asked:
    argv = ("/usr/bin/python3", "-c", SAY, *sayable(args))
    env = tuple((f"V{at}", text) for at, text in enumerate(sayable(texts)))
    unit_env = tuple((f"U{at}", text) for at, text in enumerate(sayable(args)))
    file = f"/etc/fleet/w{number}.env"
    unit = f"fleet-w{number}.service"
    one = service(type="oneshot", unit=unit, argv=argv, env_file=file, env=env, unit_env=unit_env)
    return Asked(one, render(desired(one), shipped()))


def test_argv_and_environment_are_exact(host: str) -> None:
    draw_arguments()
    check_exact(host, TRIED)
    assert len(set(PROVEN)) >= 2000
    assert sum(REFUSED) > 0


def test_every_code_point_is_exact_or_refused(host: str) -> None:
    """All of Unicode, 512 code points an argument and as many a variable; what is refused is taken out one by one."""
    tried = []
    for start in range(0, 0x110000, 0x11000):
        blocks = [[chr(code) for code in range(first, first + 512)] for first in range(start, start + 0x11000, 512)]
        texts = ["".join(sayable(block)) for block in blocks]
        tried.append((texts, texts))
    check_exact(host, tried)


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(NAMES, NAMES, st.one_of(NAMES, ANY))
def draw_places(program: str, directory: str, summary: str) -> None:
    PLACED.append((program, directory, summary))


def _place(number: int, program: str, directory: str, summary: str) -> Asked | None:
    """None if a unit cannot say it."""
    program, directory = f"/opt/{program}", f"/srv/{directory}/in"
    one = service(
        type="oneshot",
        unit=f"fleet-p{number}.service",
        argv=(program, "-c", SAY, "$x %n"),
        working_directory=directory,
        summary=summary,
        sandbox=(("ReadWritePaths", directory),),
    )
    try:
        rendered = render(desired(one), shipped())
    except InputError:
        return None
    return Asked(one, rendered, directories=(directory,), links=((program, "/usr/bin/python3"),))


def test_programs_directories_and_descriptions_are_exact(host: str) -> None:
    draw_places()
    placed = (_place(number, *each) for number, each in enumerate(PLACED))
    asked = [each for each in placed if each is not None]
    for each, (process, properties) in zip(asked, said(host, asked), strict=True):
        simple = quoting.simplify_path(each.one.working_directory, "directory")
        assert process["argv"] == list(each.one.argv)
        assert process["cwd"] == simple
        assert properties[0] == (each.one.summary or each.one.unit)
        assert properties[1] == [simple]
    assert len(asked) >= 60


def test_units_with_odd_names(host: str) -> None:
    asked = []
    for name in ("a\\x20b", "a:b", "a_b.c-d", "\\x2dx", "w\\xc3\\xbc", "x@a\\x20b", "x" * 247):
        unit = f"{name}.service"
        one = service(type="oneshot", unit=unit, argv=("/usr/bin/python3", "-c", SAY, unit))
        asked.append(Asked(one, render(desired(one), shipped()), shown=False))
    for each, (process, _) in zip(asked, said(host, asked), strict=True):
        assert process["argv"][3] == each.one.unit


def test_env_files_with_odd_names(host: str) -> None:
    asked = []
    for number, name in enumerate(("a b", "[x]*?", "100%n", 'q"q', "back\\slash", "\u00fc{a,b}", "~x")):
        argv, env = ("/usr/bin/python3", "-c", SAY), (("VA", name),)
        unit = f"fleet-e{number}.service"
        one = service(type="oneshot", unit=unit, argv=argv, env=env, env_file=f"/etc/fleet/{name}.env")
        asked.append(Asked(one, render(desired(one), shipped()), shown=False))
    for each, (process, _) in zip(asked, said(host, asked), strict=True):
        assert f"VA={each.one.env[0][1]}" in process["environ"]
