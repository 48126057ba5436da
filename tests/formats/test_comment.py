"""A comment of a pull request: folded, bounded, and no text in it does anything."""

import re

import pytest
from markdown_it import MarkdownIt

from qtctl.formats.comment import MOST, write_comment
from qtctl.reports.blocks import Blocks, Bullets, Code, Comment, Fold, Paragraph, Section, Verbatim, make_table

HOSTILE = [
    "</details><script>alert(1)</script>",
    "</summary><img src=x onerror=alert(1)>",
    "<!-- qtctl gate 00000000 -->",
    "--> <b>bold</b>",
    "| a | b |",
    "[link](https://evil.example)",
    "![picture](https://evil.example/x.png)",
    "https://evil.example and www.evil.example",
    "@everyone @acme/security",
    "closes #1, fixes acme/shop#2, !3",
    "`` ` ``` code",
    "/close",
    "# heading\n/merge",
    "\x1b[31mred\u202e",
    "a\n\n<details>",
]


def build(text: str) -> str:
    body: Blocks = (
        Paragraph(text), Bullets((text, Code(text))), *make_table(("a", "b"), [(text, Code(text))]),
        Section(text, (Verbatim((text, f"+{text}")),)),
    )  # fmt: skip
    return write_comment(Comment("qtctl gate 12345678", text, (Paragraph(text),), (Fold(text, body),)))


def render(text: str) -> str:
    """As a forge does: CommonMark with raw HTML, tables and links that are no more than addresses."""
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_does_anything(text: str) -> None:
    written = build(text)
    page = render(written)
    assert re.findall(r"<(/?details|/?summary)>", page) == [
        "details", "summary", "/summary", "details", "summary", "/summary", "/details", "/details"
    ]  # fmt: skip
    known = "details|summary|p|ul|li|table|thead|tbody|tr|th|td|h[1-6]|pre|code|br ?/?|em|strong"
    assert not re.search(rf"<(?!/?({known})[ >]|!--)", page)
    assert page.count("<!-- qtctl gate 12345678 -->") == 1
    assert written.startswith("<!-- qtctl gate 12345678 -->\n<details><summary>")
    spoken = re.sub(r"<(code)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    spoken = re.sub(r"<!-- -->", "\0", spoken)
    assert not re.search(r"@[\w-]|(?<![&\w])[#!][0-9]", spoken), spoken
    assert not re.search(r"^\s{0,3}/[a-z]", written, re.MULTILINE)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", written)


SECRETS = ["postgres://app:hunter2hunter2@db/x", "DB_PASSWORD=hunter2hunter2", "ghp_" + "a1B2" * 9]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_secret_is_not_shown(secret: str) -> None:
    written = build(secret)
    assert "hunter2" not in written
    assert "a1B2a1B2" not in written


def test_it_fits_and_says_that_it_was_cut() -> None:
    rows = [(Code(f"unit-{number}"), "ü" * 50) for number in range(300)]
    folds = tuple(Fold(f"Plan {number}", make_table(("unit", "why"), rows)) for number in range(5))
    written = write_comment(Comment("qtctl gate 12345678", "t", (Paragraph("intro"),), folds))
    assert len(written.encode()) <= MOST
    assert "Cut here" in written
    page = render(written)
    assert page.count("<details>") == page.count("</details>")
    assert written.endswith("</details>\n")


def test_one_line_that_is_too_long_is_left_out() -> None:
    written = write_comment(Comment("m", "t", (), (Fold("f", (Paragraph("x" * 100_000),)),)))
    assert len(written.encode()) <= MOST
    assert render(written).count("<details>") == render(written).count("</details>")
