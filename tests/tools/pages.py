"""The pages for users of other tools: their words in the first column of the table, and all commands of qtctl."""

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

from qtctl.cli.main import build_command
from tests.docs.pages import ROOT

FROM = ROOT / "docs" / "from"
ROW = re.compile(r"^\| (.+?) \| .+ \|$", re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
TEXT = re.compile(r"^```(?:text|sh)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def list_their_words(page: Path) -> list[str]:
    """What is between backquotes in the first column."""
    first, *rows = ROW.findall(page.read_text())
    assert first.startswith("with ")
    return [span for row in rows for span in SPAN.findall(row)]


def list_own_commands(page: Path) -> list[str]:
    """Every `qtctl …` of a page, in its text and in its blocks."""
    text = page.read_text()
    lines = [line.partition(" #")[0] for block in TEXT.findall(text) for line in block.splitlines()]
    found = [*SPAN.findall(re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)), *lines]
    return [each.replace("\\|", "|") for each in found if each.startswith("qtctl ")]


@cache
def _load_command() -> Any:
    return build_command()


def find_error(line: str) -> str | None:
    """What qtctl does not know in a command line: a command, or an option of it."""
    command = _load_command()
    words = shlex.split(line)[1:]
    while words and hasattr(command, "commands"):
        name = words.pop(0)
        if name not in command.commands:
            return f"{line}: no command {name}"
        command = command.commands[name]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help", "-h"}
    wrong = [word for word in words if word.startswith("-") and word.partition("=")[0] not in known]
    return f"{line}: no option {', '.join(wrong)}" if wrong else None
