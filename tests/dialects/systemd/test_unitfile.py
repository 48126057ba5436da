"""Unit files: lossless, and read as systemd.syntax(7) and conf-parser.c say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.systemd.unitfile import Kind, merge_effective, parse, write
from qtctl.errors import InputError

EFFECTIVE = {
    "white space around key and value": ("[Service]\n  User \t=  qt  \n", {("Service", "User"): ("qt",)}),
    "the value keeps = and inner spaces": ("[Unit]\nDescription=a = b  c\n", {("Unit", "Description"): ("a = b  c",)}),
    "no comment after a value": ("[Service]\nMemoryMax=16G # x\n", {("Service", "MemoryMax"): ("16G # x",)}),
    "a continuation is a space": ("[Service]\nType=a\\\nb\n", {("Service", "Type"): ("a b",)}),
    "comments in a continuation": (
        "[Service]\nExecStart=/bin/a \\\n# no \\\n; nor this\n  b\n",
        {("Service", "ExecStart"): ("/bin/a    b",)},
    ),
    "two backslashes do not continue": (
        "[Unit]\nDescription=a\\\\\n[Service]\nType=x\n",
        {("Unit", "Description"): ("a\\\\",), ("Service", "Type"): ("x",)},
    ),
    "three do": ("[Unit]\nDescription=a\\\\\\\nb\n", {("Unit", "Description"): ("a\\\\ b",)}),
    "a blank line ends a continuation": (
        "[Unit]\nDescription=a \\\n\nAfter=b.service\n",
        {("Unit", "Description"): ("a",), ("Unit", "After"): ("b.service",)},
    ),
    "a continuation at the end of the file": ("[Unit]\nDescription=a\\", {("Unit", "Description"): ("a",)}),
    "a comment does not continue": ("[Unit]\n# a \\\nDescription=b\n", {("Unit", "Description"): ("b",)}),
    "CRLF": ("[Unit]\r\nDescription=a \\\r\nb\r\n", {("Unit", "Description"): ("a  b",)}),
    "a lone CR ends a line": (
        "[Service]\rUser=a\rGroup=b",
        {("Service", "User"): ("a",), ("Service", "Group"): ("b",)},
    ),
    "a byte order mark": ("\ufeff[Unit]\nDescription=a\n", {("Unit", "Description"): ("a",)}),
    "no other line ends": (
        "[Unit]\nDescription=a\u2028b\x85c\x0bd\n",
        {("Unit", "Description"): ("a\u2028b\x85c\x0bd",)},
    ),
    "scalars: the last": ("[Service]\nUser=a\nUser=b\n", {("Service", "User"): ("b",)}),
    "scalars: emptied": ("[Service]\nUser=a\nUser=\n", {("Service", "User"): ("",)}),
    "lists add up, and are emptied": (
        "[Service]\nExecStart=/a\nExecStart=\nExecStart=/b\nEnvironmentFile=/x\nEnvironmentFile=\n",
        {("Service", "ExecStart"): ("/b",), ("Service", "EnvironmentFile"): ()},
    ),
    "dependencies cannot be emptied": (
        "[Unit]\nAfter=a.service b.service\nAfter=\nAfter=a.service c.service\n",
        {("Unit", "After"): ("a.service", "b.service", "c.service")},
    ),
    "an [Install] list can": (
        "[Install]\nWantedBy=a.target b.target\nWantedBy=\nWantedBy=c.target\n",
        {("Install", "WantedBy"): ("c.target",)},
    ),
    "unit names keep backslashes": (
        "[Unit]\nAfter=dev-disk\\x2dby.device\n",
        {("Unit", "After"): ("dev-disk\\x2dby.device",)},
    ),
    "paths are unquoted": (
        '[Service]\nReadWritePaths="/a b" /c\\ d\nReadWritePaths=/e\n',
        {("Service", "ReadWritePaths"): ("/a b", "/c d", "/e")},
    ),
    "one empty timer drops all": (
        "[Timer]\nOnBootSec=1min\nOnCalendar=daily\nOnCalendar=\nOnUnitActiveSec=5\n",
        {("Timer", "OnBootSec"): (), ("Timer", "OnCalendar"): (), ("Timer", "OnUnitActiveSec"): ("5",)},
    ),
    "one empty condition drops all, asserts stay": (
        "[Unit]\nConditionPathExists=/a\nAssertPathExists=/b\nConditionHost=\n",
        {
            ("Unit", "ConditionPathExists"): (),
            ("Unit", "AssertPathExists"): ("/b",),
            ("Unit", "ConditionHost"): (),
        },
    ),
    "one empty address drops all, and so does one empty watch": (
        "[Socket]\nListenStream=80\nListenFIFO=/f\nListenStream=\n[Path]\nPathExists=/a\nPathChanged=\n",
        {
            ("Socket", "ListenStream"): (),
            ("Socket", "ListenFIFO"): (),
            ("Path", "PathExists"): (),
            ("Path", "PathChanged"): (),
        },
    ),
    "quotes are letters in lists of units, and none in [Install]": (
        '[Unit]\nAfter="a.service" b.service\n[Install]\nWantedBy="a.target"\n',
        {("Unit", "After"): ('"a.service"', "b.service"), ("Install", "WantedBy"): ("a.target",)},
    ),
    "what cannot be emptied": (
        (
            '[Unit]\nRequiresMountsFor="/a b"\nRequiresMountsFor=\n[Service]\nSockets=a.socket\nSockets=\n'
            "[Install]\nAlso=b.service\nAlso=\n"
        ),
        {
            ("Unit", "RequiresMountsFor"): ("/a b",),
            ("Service", "Sockets"): ("a.socket",),
            ("Install", "Also"): ("b.service",),
        },
    ),
    "what cannot be emptied, and has nothing": (
        "[Timer]\nUnit=\n[Unit]\nAfter=\nWantsMountsFor=\n[Install]\nAlso=\n",
        {},
    ),
    "the first unit that is started counts": (
        "[Timer]\nUnit=\nUnit=a.service\nUnit=b.service\n",
        {("Timer", "Unit"): ("a.service",)},
    ),
    "a ~ is for its own line": (
        "[Service]\nSystemCallFilter=@a b\nSystemCallFilter=~c d\n",
        {("Service", "SystemCallFilter"): ("@a b", "~c d")},
    ),
    "nothing is a value of capabilities": (
        "[Service]\nCapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=\n",
        {("Service", "CapabilityBoundingSet"): ("",)},
    ),
    "sections may come again": (
        "[Unit]\nDescription=a\n[Service]\nType=exec\n[Unit]\nDescription=b\n",
        {("Unit", "Description"): ("b",), ("Service", "Type"): ("exec",)},
    ),
    "what is ignored": ("Type=a\n[Service]\nrubbish\n=x\nType=exec\n", {("Service", "Type"): ("exec",)}),
}

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "an open section header": ("[Unit]\n\n[Service\n", "x.service:3: invalid section header"),
    "a noncharacter": ("[Unit]\nDescription=\ufffe\n", "x.service:2: the line holds the noncharacter U+FFFE"),
    "a surrogate": ("[Unit]\nDescription=\udc80\n", "x.service:2: the line is not Unicode text"),
    "a NUL": ("[Unit]\n# \0\n", "x.service:2: a NUL"),
    "Latin-1": ("[Unit]\nDescription=\u00fc\n".encode("latin-1"), "x.service:2: not UTF-8"),
    "UTF-16": ("[Unit]\n".encode("utf-16"), "x.service:1: not UTF-8"),
    "a line beyond what systemd reads": (f"[Unit]\nDescription={'x' * 1024**2}\n", "x.service:2: line longer"),
}


@pytest.mark.parametrize("case", EFFECTIVE)
def test_effective(case: str) -> None:
    text, expected = EFFECTIVE[case]
    unitfile = parse(text, "x.service")
    assert merge_effective(unitfile) == expected
    assert write(unitfile) == text


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    text, message = REFUSED[case]
    with pytest.raises(InputError) as caught:
        parse(text, "x.service")
    assert str(caught.value).startswith(message)


def test_open_quotes_in_a_list_have_a_place() -> None:
    with pytest.raises(InputError, match=r"x\.service:2: ReadWritePaths=: unbalanced quotes"):
        merge_effective(parse('[Service]\nReadWritePaths="/a\n', "x.service"))


def test_ignored_lines_say_why() -> None:
    unitfile = parse("Type=a\n[Service]\nrubbish\n=x\n", "x.service")
    assert [(line.line, line.problem) for line in unitfile.ignored] == [
        (1, "is before the first section"),
        (3, "has no ="),
        (4, "has no name before ="),
    ]


def test_crlf_is_noted() -> None:
    assert parse("[Unit]\r\n", "x").crlf
    assert not parse("[Unit]\n", "x").crlf


def test_dropins_in_order() -> None:
    main = parse("[Service]\nUser=a\nExecStart=/a\n[Unit]\nAfter=x.service\n", "x.service")
    first = parse("[Service]\nUser=b\nExecStart=\nExecStart=/b\n", "10.conf")
    second = parse("[Service]\nUser=c\n[Unit]\nAfter=y.service\n", "20.conf")
    assert merge_effective(main, (first, second)) == {
        ("Service", "User"): ("c",),
        ("Service", "ExecStart"): ("/b",),
        ("Unit", "After"): ("x.service", "y.service"),
    }


def test_where_a_directive_stands() -> None:
    unitfile = parse("[Service]\nUser=a\n\nUser=b\n", "x.service")
    assert str(unitfile.place("Service", "User")) == "x.service:4"
    assert str(unitfile.place("Service", "Group")) == "x.service"


def test_the_units_of_this_machine_come_back() -> None:
    files = [path for path in Path("/lib/systemd/system").glob("*.service") if path.is_file()]
    for path in files:
        raw = path.read_bytes()
        unitfile = parse(raw, str(path))
        merge_effective(unitfile)
        assert write(unitfile).encode() == raw


_LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "[Unit]",
                "[Service]",
                "# c \\",
                " ; c",
                "",
                "A=b",
                "ExecStart=/a \\",
                "  x\\",
                "k = v\\\\",
                "rubbish",
                "\\",
            ]
        ),
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0["), max_size=8),
    )
)


@given(_LINES, st.sampled_from(["\n", "\r\n", "\n\r", "\r"]), st.booleans())
def test_every_text_comes_back(lines: list[str], end: str, ended: bool) -> None:
    text = end.join(lines) + (end if ended else "")
    try:
        unitfile = parse(text, "x")
    except InputError:
        return
    assert write(unitfile) == text
    assert sum(line.kind is Kind.DIRECTIVE for line in unitfile.lines) == len(unitfile.directives)
    assert [line.line for line in unitfile.lines] == sorted(line.line for line in unitfile.lines)
