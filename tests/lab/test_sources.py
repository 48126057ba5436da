"""apt's sources in both formats, and which of them a root file system is bootstrapped from."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.errors import LabError
from qtctl.lab.rootfs import SUITES
from qtctl.lab.sources import (
    DEBIAN,
    KEYRINGS,
    UBUNTU,
    Mirror,
    Source,
    choose_mirror,
    parse_deb822,
    parse_one_line,
    read,
    read_os_release,
)

DEB = "http://deb.debian.org/debian"
ONE_LINE = [
    (f"deb {DEB} bookworm main contrib", (Source(DEB, ("bookworm",), ("main", "contrib")),)),
    (f"deb [arch=amd64 signed-by=/k.gpg] {DEB} sid main # x", (Source(DEB, ("sid",), ("main",), "/k.gpg"),)),
    (f"# deb {DEB} bookworm main\ndeb-src {DEB} bookworm main\n\n", ()),
    ("deb http://only.an.address", ()),
    ("deb", ()),
]
PARAGRAPHS = [
    (
        f"Types: deb\n# why\nURIs: {DEB}\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /k.gpg\n",
        (Source(DEB, ("bookworm", "bookworm-updates"), ("main",), "/k.gpg"),),
    ),
    ("Types: deb\nEnabled: no\nURIs: http://x\nSuites: a\nComponents: main\n", ()),
    ("Types: deb-src\nURIs: http://x\nSuites: a\nComponents: main\n", ()),
    (
        """\
Types: deb deb-src
URIs: http://x http://y
Suites: a
Components: main
 universe
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc


Types: deb
URIs: http://z
Suites: b
Components: main
""",
        (
            Source("http://x", ("a",), ("main", "universe")),
            Source("http://y", ("a",), ("main", "universe")),
            Source("http://z", ("b",), ("main",)),
        ),
    ),
]


@pytest.mark.parametrize(("text", "expected"), ONE_LINE)
def test_one_line(text: str, expected: tuple[Source, ...]) -> None:
    assert parse_one_line(text) == expected


@pytest.mark.parametrize(("text", "expected"), PARAGRAPHS)
def test_deb822(text: str, expected: tuple[Source, ...]) -> None:
    assert parse_deb822(text) == expected


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert all(source.suites for source in parse_one_line(text))
    parse_deb822(text)


WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)


@given(st.lists(WORD, min_size=1, max_size=3), st.lists(WORD, min_size=1, max_size=3))
def test_both_formats_say_the_same(suites: list[str], components: list[str]) -> None:
    words = " ".join(components)
    lines = "".join(f"deb http://m {suite} {words}\n" for suite in suites)
    paragraph = f"Types: deb\nURIs: http://m\nSuites: {' '.join(suites)}\nComponents: {words}\n"
    (whole,) = parse_deb822(paragraph)
    assert [(s.uri, s.suites[0], s.components) for s in parse_one_line(lines)] == [
        (whole.uri, suite, whole.components) for suite in whole.suites
    ]


OWN = (
    Source("http://sec", ("bookworm-security",), ("main",), "/k.gpg"),
    Source("http://near/debian/", ("bookworm", "bookworm-updates"), ("main",), "/k.gpg"),
    Source("http://packages", ("nodistro",), ("main",)),
)
UBUNTU_OWN = (Source("http://near/ubuntu", ("noble", "noble-updates"), ("main", "universe"), "/u.gpg"),)


@pytest.mark.parametrize(
    ("suite", "sources", "machine", "expected"),
    [
        ("bookworm", OWN, DEBIAN, Mirror("http://near/debian", ("main",), "/k.gpg")),
        ("trixie", OWN, DEBIAN, Mirror("http://near/debian", ("main",), "/k.gpg")),
        ("noble", UBUNTU_OWN, UBUNTU, Mirror("http://near/ubuntu", ("main", "universe"), "/u.gpg")),
        ("bookworm", UBUNTU_OWN, UBUNTU, Mirror(DEB, ("main",), KEYRINGS[DEBIAN])),
        ("bookworm", (), DEBIAN, Mirror(DEB, ("main",), KEYRINGS[DEBIAN])),
    ],
)
def test_the_machine_s_own_mirror_comes_first(
    suite: str, sources: tuple[Source, ...], machine: str, expected: Mirror
) -> None:
    codename = {DEBIAN: "bookworm", UBUNTU: "noble"}[machine]
    assert choose_mirror(suite, SUITES[suite], sources, codename, machine) == expected


def test_all_files_of_apt_are_read(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("deb http://a x main\n")
    (tmp_path / "sources.list.d/b.list").write_text("deb http://b x main\n")
    (tmp_path / "sources.list.d/c.sources").write_text("Types: deb\nURIs: http://c\nSuites: x\nComponents: main\n")
    (tmp_path / "sources.list.d/d.list.save").write_text("deb http://d x main\n")
    assert [source.uri for source in read(tmp_path)] == ["http://a", "http://b", "http://c"]


def test_os_release(tmp_path: Path) -> None:
    path = tmp_path / "os-release"
    path.write_text('ID=debian\nPRETTY_NAME="Debian GNU/Linux"\n\n# x\n')
    assert read_os_release(path)["PRETTY_NAME"] == "Debian GNU/Linux"
    with pytest.raises(LabError, match="No such file"):
        read_os_release(tmp_path / "none")
