"""docs/environment.md as tables, and the variables and folders that the code has."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from tests.docs.pages import ROOT

PAGE = ROOT / "docs/environment.md"
ROW = re.compile(r"^\| (`[^|]+`) \| (.+) \|$", re.MULTILINE)
CODE = sorted((ROOT / "qtctl").rglob("*.py"))
PATH = re.compile(r"/(?:var|run|etc|tmp|usr|opt|srv)/[\w./-]*qtctl[\w./-]*")
THROUGH = {
    "shutil.get_terminal_size": ("COLUMNS",),
    "getpass.getuser": ("USER", "LOGNAME"),
    "tempfile.mkdtemp": ("TMPDIR",),
    "tempfile.TemporaryDirectory": ("TMPDIR",),
    "tempfile.TemporaryFile": ("TMPDIR",),
    "shutil.which": ("PATH",),
}
"""Functions of the standard library → variables that they read."""
IN_A_FILE = frozenset({"LC_ALL", "LANG"})
"""What qtctl sets for programs that it runs, and does not read."""


def tables() -> list[dict[str, str]]:
    """Variables, folders here, folders on hosts."""
    parts = PAGE.read_text().split("\n## ")[1:]
    return [
        {name: what for cell, what in ROW.findall(part) for name in re.findall(r"`([^`]+)`", cell)} for part in parts
    ]


def variables() -> dict[str, str]:
    return tables()[0]


FOLDERS = {name: what for table in tables()[1:] for name, what in table.items()}


@cache
def read_by_code() -> dict[str, set[str]]:
    """Variable → the modules that read it."""
    found: dict[str, set[str]] = {}
    for path in CODE:
        for name in _variables(ast.parse(path.read_text())):
            found.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    return found


def _variables(tree: ast.Module) -> Iterator[str]:
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            yield from THROUGH.get(called, ())
            if re.search(r"(^|\.)environ\.(get|setdefault|pop)$|^here\.env\.get$|(^|\.)getenv$", called) and node.args:
                yield from _text(node.args[0], constants)
        elif isinstance(node, ast.Subscript) and re.search(r"(^|\.)environ$", ast.unparse(node.value)):
            yield from _text(node.slice, constants)
        elif isinstance(node, ast.Compare) and re.search(r"(^|\.)environ$", ast.unparse(node.comparators[-1])):
            yield from _text(node.left, constants)
        elif isinstance(node, ast.FunctionDef) and node.name == "make_asides":
            yield from (str(value) for value in constants.values() if re.fullmatch(r"GITHUB_\w+", str(value)))


def _text(node: ast.expr, constants: Mapping[str, object]) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.Name) and node.id in constants:
        yield str(constants[node.id])


def named_anywhere() -> set[str]:
    """Names of qtctl's own, wherever they stand: in code, in scripts, in texts."""
    files = [*CODE, *(ROOT / "qtctl").rglob("*.sh")]
    return {name for path in files for name in re.findall(r"\b_?QTCTL_[A-Z]+\b", path.read_text())}


def paths_in_code() -> dict[str, str]:
    """Path with qtctl in its name → a file that has it."""
    files: list[Path] = [*CODE, *(ROOT / "qtctl").rglob("*.sh")]
    return {found: path.name for path in files for found in PATH.findall(path.read_text())}
