"""Ansible inventory in INI form → Tree."""

import ast
import re
import shlex

from qtctl.dialects.inventory.patterns import WrongPattern, expand_pattern
from qtctl.dialects.inventory.tree import UNGROUPED, Tree, Variable, Variables
from qtctl.dialects.lines import split_file_lines

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")
_LONGEST_LITERAL = 1000
_ENDS_A_LINE = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")


def parse_ini(text: str, file: str) -> Tree:
    """InputError for the first line that Ansible would not read."""
    tree = Tree(file)
    tree.add_group(UNGROUPED, 1)
    group, kind = UNGROUPED, "hosts"
    awaited: dict[str, int] = {}
    later: dict[str, Variables] = {}
    for number, raw in enumerate(split_file_lines(text), start=1):
        if odd := _ENDS_A_LINE.search(raw):
            what = f"the character U+{ord(odd[0]):04X}, at which Ansible begins another line"
            raise tree.fail(what, number, "delete it")
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        section = _SECTION.fullmatch(line)
        if section is not None:
            group, kind = section[1], section[2] or "hosts"
            _open_section(tree, group, kind, awaited, number)
        elif kind == "vars":
            _read_variable(tree, later.setdefault(group, {}), line, number)
        elif kind == "children":
            child = line.split("#", 1)[0].strip()
            tree.add_group(group, number).children.setdefault(child, number)
            awaited.setdefault(child, number)
        else:
            _read_host(tree, group, line, number)
    _check_children(tree, awaited)
    for name, variables in later.items():
        tree.groups[name].variables |= variables
    return tree


def _open_section(tree: Tree, group: str, kind: str, awaited: dict[str, int], number: int) -> None:
    if kind not in ("hosts", "vars", "children"):
        raise tree.fail(
            f"[{group[:100]}:{kind[:100]}] is not a section", number, "[GROUP], [GROUP:vars] or [GROUP:children]"
        )
    if kind == "vars" and group not in tree.groups:
        awaited.setdefault(group, number)
        return
    tree.add_group(group, number)


def _check_children(tree: Tree, awaited: dict[str, int]) -> None:
    for name, line in awaited.items():
        if name not in tree.groups:
            raise tree.fail(f"the group {name[:100]} is not defined", line, f"[{name[:100]}] defines it")


def _read_variable(tree: Tree, variables: Variables, line: str, number: int) -> None:
    key, equals, value = line.partition("=")
    if not equals:
        raise tree.fail("a line of variables without =", number)
    variables[key.strip()] = _make_variable(value.strip(), number)


def _read_host(tree: Tree, group: str, line: str, number: int) -> None:
    try:
        words = shlex.split(line, comments=True)
        names, port = expand_pattern(words[0]) if words else ((), "")
    except (ValueError, WrongPattern) as error:
        raise tree.fail(f"this line cannot be read: {error}", number) from error
    said: Variables = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals:
            raise tree.fail(f"{key[:100]!r} is not a variable: it has no =", number, "one host per line")
        said[key] = _make_variable(value, number)
    for name in names:
        tree.add_host(name, group, number, port).update(said)


def _make_variable(text: str, line: int) -> Variable:
    """Ansible reads values as Python literals: it strips quotes and makes lists and dicts."""
    try:
        value = ast.literal_eval(text) if len(text) <= _LONGEST_LITERAL else text
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = text
    return Variable(str(value) if isinstance(value, str | int | float) else None, line)
