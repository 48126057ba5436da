"""Whatever a document is: a result, or one error with file and line. Never a trace, and in linear time."""

import gc
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qtctl.api.claims import LARGEST, MOST_LINES, check, read
from qtctl.errors import InputError
from tests.claims.judging import broken
from tests.claims.judging import read as read_text
from tests.formats.test_matrix import inside

ERRORS = {
    "binary.md": (b"\x7fELF\x02\x01\x01\n\xff\xfe\x80", "binary.md:2: not UTF-8 text"),
    "nul.md": (b"# A\n\n3 services:\0\n", "nul.md:3: not text: it has a NUL"),
    "empty.md": (b" \n\n", "empty.md: it is empty"),
    "huge.md": (b"x" * (LARGEST + 1), "huge.md: "),
    "long.md": (b"\n" * (MOST_LINES + 1), f"long.md: {MOST_LINES + 1} lines"),
    "cut.json": (b'{"a": [1,\n 2', "cut.json:2: not JSON: ',' is missing"),
    "key.json": (b'{\n"a": 1,\n b: 2}', "key.json:3: not JSON: a key is missing"),
    "text.json": (b'["a\\q"]', "text.json:1: not JSON: a string that does not end"),
    "more.json": (b"{}\n{}", "more.json:2: not JSON: something follows"),
    "deep.json": (b"[" * 5000, "deep.json:1: not JSON: deeper than 60 levels"),
    "nan.json": (b'{"a": NaN}', "nan.json:1: not JSON: a value is missing"),
}
ODD = {
    "a table of ragged rows": "| Name | Count |\n|---|---|\n| a |\n| b | 2 | 3 |\n| Total | x |\n",
    "a table of a head": "| Name (3) |\n|---|\n",
    "half a table": "| Name |\n|--\n| a\n",
    "a table that does not end": "<table><tr><td>Total<td>3<tr><td>a",
    "tags": "<script>alert('3 services')</script>\n<!-- 4 hosts\n",
    "escapes of a terminal": "# Services (3)\n\n- \x1b[31mred\x1b[0m\n- b\n",
    "a fence that does not end": "```\n3 services:\n- a\n",
    "marks": "**" * 2000 + "_" * 3000 + "[" * 3000 + "(" * 3000,
    "large numbers": "# Services (999999999999999999999)\n\n- a\n\n" + "9" * 4000 + " services (1 + 2)\n",
    "nested": "".join(f"{'  ' * depth}- level {depth}\n" for depth in range(300)),
    "quoted": "> " * 400 + "3 services:\n",
    "only symbols": "✅✅✅\n❌❌\n\n| ✅ |\n|---|\n| ❌ |\n",
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_read_is_one_error(name: str, tmp_path: Path) -> None:
    content, says = ERRORS[name]
    (tmp_path / name).write_bytes(content)
    ran = inside(tmp_path, "check-claims", name)
    (line,) = ran.err.splitlines()
    assert (ran.code, ran.out) == (2, "")
    assert line.startswith(f"error: {says}")


@pytest.mark.parametrize("name", ["nowhere.md", "."])
def test_what_is_no_file_is_one_error(name: str, tmp_path: Path) -> None:
    ran = inside(tmp_path, "check-claims", name)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)


@pytest.mark.parametrize("name", ODD)
def test_odd_documents_have_a_result(name: str, tmp_path: Path) -> None:
    (tmp_path / "odd.md").write_text(ODD[name])
    for how in ("md", "json"):
        ran = inside(tmp_path, "check-claims", "odd.md", "--format", how)
        assert ran.code in {0, 1, 3}, ran.err
        assert ran.err == ""
        assert "\x1b" not in ran.out


def test_a_file_that_begins_with_a_mark_of_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbf# Services (3)\r\n\r\n- web-a\r\n- web-b\r\n")
    _, findings = check(read(path), None)
    assert [(each.id, each.outcome.value) for each in findings] == [("QT1102", "broken")]


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=20,
    )
)
@example([{}])
@example([{"a": {}}, {}])
@example({"total_items": 1, "items": []})
def test_json_of_any_shape_has_a_result(value: object) -> None:
    broken(json.dumps(value), "a.json")


SOME_LINES = (
    "# Services (3)", "- web-a", "  - 2 of 3 (50%)", "| A | Count |", "|---|---|", "| Total | 3 |", "```",
    "3 services:", "8000 -> web-a", "No services were lost", "<table>", "</td>", "", "\x0b",
    "12 streams + 3 hashes", "Total: 4", "a:b:c",
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(SOME_LINES), max_size=25))
def test_lines_in_any_order_have_a_result(lines: list[str]) -> None:
    text = "\n".join(lines)
    for line in broken(text):
        assert 1 <= int(line.partition(":")[2]) <= len(lines)


LARGE = int(os.environ.get("QTCTL_CLAIMS_LINES", "800"))
REPEATED = {
    "list": "- web-{n}: 3 services, see a:b:c{n}\n",
    "prose": "There are {n} services (3 new + 4 old) and 8{n} -> web-a\n",
    "titles": "## Group {n} (2)\n\n- web-a\n",
    "table": "| web-{n} | 3 | 8000 | running |\n",
    "labels": "These 3 units:\n\n- a-{n}.service\n\n",
    "code": "Verified streams {n}:\na:b:c{n}\n\n",
}


@pytest.mark.parametrize("name", REPEATED)
def test_long_documents_take_time_by_their_length(name: str) -> None:
    """QTCTL_CLAIMS_LINES=100000 tries it with as many lines."""
    head = "# Services\n\n" + ("| Service | Count | Port | Status |\n|---|---|---|---|\n" if name == "table" else "")
    head += "```\n" if name == "code" else ""

    def measure(lines: int) -> float:
        text = head + "".join(REPEATED[name].format(n=number) for number in range(lines))
        gc.disable()  # it would look through all that other tests have left
        try:
            begun = time.process_time()
            check(read_text(text), None)
            return time.process_time() - begun
        finally:
            gc.enable()

    measure(50)
    short = max(measure(LARGE // 4), 0.02)
    assert measure(LARGE) < 6 * short + 0.2


def test_an_unreadable_line_is_named() -> None:
    with pytest.raises(InputError, match=r"^a.json:3: not JSON"):
        read_text('{\n"a":\n}', "a.json")
