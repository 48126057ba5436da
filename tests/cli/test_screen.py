"""What a person sees at 80 columns, and what a pipe gets: nothing broken within a word, nothing for the eye alone."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.cli.tables import Screen, leave_plain, paint, write_plain
from qtctl.cli.wrapping import count_columns, fit_text, split_paragraphs
from qtctl.dialects import terminal
from qtctl.reports.blocks import Blocks, Bullets, Code, Column, Paragraph, Record, Section, Table, Title, Tone, Toned
from tests.cli.inputs import AUDIT
from tests.cli.terminal import on_terminal, seen
from tests.cli.world import qtctl

WIDTH = 80
SGR = re.compile(r"\x1b\[[0-9;]*m")
COMMANDS = (
    "systemctl show -p ActiveState,SubState,MainPID small-api.service",
    "qtctl deploy --host lab1",
    "journalctl -u small-api.service -n 20 --no-pager",
)

letters = st.characters(categories=("L", "N", "P"), exclude_characters="`")
words = st.text(letters, min_size=1, max_size=100)
texts = st.lists(words, min_size=1, max_size=30).map(" ".join)
coloured = texts.map(lambda text: Toned(text, Tone.BAD))
cells = st.one_of(texts, texts.map(Code), coloured, st.sampled_from(COMMANDS).map(Code))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    count = draw(st.integers(1, 7))
    row = st.tuples(*[cells] * count)
    return Table(tuple(f"c{number}" for number in range(count)), tuple(draw(st.lists(row, min_size=1, max_size=4))))


blocks = st.one_of(
    texts.map(Paragraph),
    st.lists(cells, min_size=1, max_size=3).map(lambda items: Bullets(tuple(items))),
    st.builds(Record, st.tuples(cells, cells), st.lists(st.tuples(st.just("proof"), cells), max_size=4).map(tuple)),
    tables(),
)


def drawn(shown: Blocks, width: int = WIDTH) -> list[str]:
    return list(Screen(width, leave_plain, terminal.show_line).lines(shown))


def unbroken(shown: Blocks) -> list[str]:
    """Every word and every command of the blocks."""
    return [
        "".join(text for text, _ in word.pieces)
        for line in write_plain(shown, terminal.show_line)
        for field in line.split("  ")
        for part in split_paragraphs(field, str)
        for word in part
        if word.pieces != (("c0", None),)  # the head of a first column is not shown where a row is shown in full
    ]


@settings(max_examples=40)
@given(blocks)
def test_no_word_is_broken_and_no_line_is_longer_than_its_longest_word(block: Paragraph) -> None:
    lines = drawn((block,))
    screen = "\n".join(lines)
    for word in unbroken((block,)):
        assert word in screen
    for line in lines:
        if count_columns(line) > WIDTH:
            indent = len(line) - len(line.lstrip(" "))
            assert indent <= 8, line


def test_what_is_empty_leaves_no_empty_lines() -> None:
    empty = Section("Files", ())
    units = Section("Units", (Paragraph("a"),))
    assert drawn((Title("Check"), empty, units, empty, empty)) == drawn((Title("Check"), units))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("before", [0, 19, 40, 71])
def test_a_command_stays_in_one_line_wherever_it_stands(command: str, before: int) -> None:
    for text in (("x" * before, " ", Code(command), "."), f"{'x' * before} ({command})", f"{'x ' * before}`{command}`"):
        assert any(command in line for line in drawn((Paragraph(text),)))
    assert any(command in line for line in fit_text(f"error: {'x ' * before}({command})", WIDTH).splitlines())


def test_a_sentence_after_a_command_is_wrapped() -> None:
    said = "systemctl status small-api.service; it should listen on 127.0.0.1:8080 and it does not do so at all"
    assert [len(line) <= WIDTH for line in drawn((Paragraph(said),))] == [True, True]


FINDING = Record(
    (Toned("error", Tone.BAD), "QT219", Code("small-api.service")),
    (
        ("", "declared running and inactive"),
        ("expected", "active"),
        ("observed", "failed, exit 203/EXEC: the program could not be executed"),
        ("proof", (Code("systemctl show -p ActiveState small-api.service"), " → ", "ActiveState=failed")),
        ("waived", ""),
        ("fix", "systemctl start small-api.service"),
    ),
)


def test_a_finding_is_a_block() -> None:
    assert drawn((FINDING,)) == [
        "error QT219 small-api.service",
        "  declared running and inactive",
        "  expected  active",
        "  observed  failed, exit 203/EXEC: the program could not be executed",
        "  proof     systemctl show -p ActiveState small-api.service → ActiveState=failed",
        "  fix       systemctl start small-api.service",
    ]


def test_a_finding_is_one_line_where_nobody_looks() -> None:
    (line,) = write_plain((FINDING,), terminal.show_line)
    assert line.split("  ") == [
        "error",
        "QT219",
        "small-api.service",
        "declared running and inactive",
        "expected active",
        "observed failed, exit 203/EXEC: the program could not be executed",
        "proof systemctl show -p ActiveState small-api.service → ActiveState=failed",
        "fix systemctl start small-api.service",
    ]


@settings(max_examples=20)
@given(st.lists(st.tuples(cells, cells), min_size=2, max_size=5))
def test_a_line_of_a_pipe_does_not_depend_on_the_others(rows: list[tuple[str, str]]) -> None:
    def lines(*some: tuple[str, str]) -> list[str]:
        return list(write_plain((Table(("a", "b"), some),), terminal.show_line))[1:]

    assert lines(*rows) == [line for row in rows for line in lines(row)]


def test_colours_are_around_words_and_change_no_width() -> None:
    shown: Blocks = (Title("A title of words"), Section("S", (FINDING,)), Table((Column("n", right=True),), (("5",),)))
    coloured = list(Screen(WIDTH, paint, terminal.show_line).lines(shown))
    assert [SGR.sub("", line) for line in coloured] == drawn(shown)
    assert coloured[0] == "\x1b[1mA title of words\x1b[0m"


@pytest.mark.parametrize("argv", [("lint",), AUDIT, ("lab", "up", "--suite", "x")])
def test_a_terminal_of_80_columns(argv: tuple[str, ...], world: Path) -> None:
    """Errors, too: they are one line elsewhere."""
    with on_terminal(world, *argv, COLUMNS="80") as (ours, _):
        screen = SGR.sub("", seen(ours))
    lines = screen.splitlines()
    assert max(map(len, lines)) <= WIDTH, screen
    elsewhere = qtctl(world, *argv, *(("--format", "table") if argv[0] != "lab" else ()))
    assert "\x1b" not in elsewhere.out + elsewhere.err
    if elsewhere.err:
        assert len(elsewhere.err.splitlines()) == 1
        assert " ".join(screen.split()) == elsewhere.err.strip()


@pytest.mark.parametrize("format_", ["table", "md", "github"])
def test_a_host_that_is_not_reached_is_one_line(format_: str, world: Path) -> None:
    for argv in (AUDIT, ("report", "registry", *AUDIT[1:])):
        ran = qtctl(world, *argv, "--format", format_)
        reasons = [line for line in ran.out.splitlines() if "does not resolve" in line]
        assert len(reasons) == 1, ran.out
        assert ran.code == 3
        assert len(ran.out.splitlines()) <= 8
