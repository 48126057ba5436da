"""An OpenSSH client configuration → Tree: its hosts, with Ansible's names for address, port and account."""

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase

from qtctl.dialects.inventory.tree import ALL, UNGROUPED, Tree, Variable
from qtctl.dialects.lines import split_file_lines

KEYS = {"hostname": "ansible_host", "port": "ansible_port", "user": "ansible_user"}
_LINE = re.compile(r"(\w+)(?:\s*=\s*|\s+)(.*)")
Block = tuple[tuple[str, ...], dict[str, Variable]]


def parse_ssh_config(text: str, file: str) -> Tree:
    """Hosts with a plain name. As in ssh, the first matching block sets a key. Match blocks are not evaluated."""
    tree = Tree(file)
    tree.add_group(UNGROUPED, 1)
    blocks: list[Block] = [(("*",), {})]
    for number, keyword, value in _list_lines(tree, text):
        if keyword in ("match", "include"):
            blocks.append(((), {}))
            tree.groups[ALL].variables.setdefault(keyword.capitalize(), Variable(None, number))
        elif keyword == "host":
            blocks.append((tuple(shlex.split(value, comments=True)), {}))
            _add_hosts(tree, blocks[-1][0], number)
        else:
            text = " ".join(shlex.split(value, comments=True))
            blocks[-1][1].setdefault(keyword, Variable(text, number))
    for name, (_, variables) in tree.hosts.items():
        for said in (said for names, said in blocks if _matches(names, name)):
            for keyword, found in said.items():
                variables.setdefault(KEYS.get(keyword, keyword), found)
    return tree


def _add_hosts(tree: Tree, names: tuple[str, ...], line: int) -> None:
    for name in names:
        if not set("*?!") & set(name):
            tree.add_host(name, UNGROUPED, line)


def _list_lines(tree: Tree, text: str) -> Iterator[tuple[int, str, str]]:
    for number, raw in enumerate(split_file_lines(text), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise tree.fail(f"{line[:60]!r} is not a line of an ssh configuration", number, "KEYWORD VALUE")
        try:
            shlex.split(found[2], comments=True)
        except ValueError as error:
            raise tree.fail(f"this line cannot be read: {error}", number) from error
        yield number, found[1].lower(), found[2].strip()


def _matches(names: tuple[str, ...], host: str) -> bool:
    if any(name.startswith("!") and fnmatchcase(host, name[1:]) for name in names):
        return False
    return any(fnmatchcase(host, name) for name in names if not name.startswith("!"))
