"""An OpenSSH client configuration → Tree: its hosts, with Ansible's names for address, port and account."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from qtctl.dialects.inventory.tree import UNGROUPED, Tree, Unused, Variable
from qtctl.dialects.lines import split_file_lines

KEYS = {"hostname": "ansible_host", "port": "ansible_port", "user": "ansible_user"}
NAMES = {"ansible_host": "HostName", "ansible_port": "Port", "ansible_user": "User"}
_LINE = re.compile(r"(\w+)(?:\s*=\s*|\s+)(.*)")
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|\\.|[^\s"'])+""")
_ESCAPED = re.compile(r"""\\(["'\\ ])""")
Block = tuple[tuple[str, ...], dict[str, Variable]]


def parse_ssh_config(text: str, file: str) -> Tree:
    """Hosts with a plain name. As in ssh, the first matching block sets a key. Match blocks are not evaluated, except
    `Match all`.
    """
    tree = Tree(file, dict(NAMES))
    tree.add_group(UNGROUPED, 1)
    blocks = _list_blocks(tree, text)
    for name, (_, variables) in tree.hosts.items():
        for said in (said for names, said in blocks if _matches(names, name)):
            for keyword, found in said.items():
                variables.setdefault(KEYS.get(keyword, keyword), found)
        if (address := variables.get("ansible_host")) is not None:
            variables["ansible_host"] = Variable(_put_name(address.text or "", name), address.line)
    return tree


def _list_blocks(tree: Tree, text: str) -> list[Block]:
    """The blocks in their order. Adds the hosts to the tree, and what is not read or evaluated."""
    blocks: list[Block] = [(("*",), {})]
    for number, keyword, words in _list_lines(tree, text):
        if keyword == "include":
            tree.unused.append(Unused("Include", number, "is not read: its hosts and settings are missing here"))
        elif keyword == "match":
            every = [word.lower() for word in words] == ["all"]
            blocks.append((("*",) if every else (), {}))
            if not every:
                tree.unused.append(Unused("Match", number, "is not evaluated: what it sets is missing here"))
        elif keyword == "host":
            blocks.append((words, {}))
            _add_hosts(tree, words, number)
        else:
            blocks[-1][1].setdefault(keyword, Variable(" ".join(words), number))
    return blocks


def _put_name(address: str, name: str) -> str:
    """`%h.example.org` → `web-1.example.org`: the only token that HostName can have."""
    return re.sub("%[%h]", lambda found: name if found[0] == "%h" else "%", address)


def _add_hosts(tree: Tree, names: tuple[str, ...], line: int) -> None:
    for name in names:
        if not set("*?!") & set(name):
            tree.add_host(name, UNGROUPED, line)


def _list_lines(tree: Tree, text: str) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Number, keyword in small letters and words of each line that says something."""
    for number, raw in enumerate(split_file_lines(text), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise tree.fail(f"{line[:60]!r} is not a line of an ssh configuration", number, "KEYWORD VALUE")
        keyword = found[1].lower()
        tree.names.setdefault(keyword, found[1])
        yield number, keyword, tuple(_split_words(tree, found[2], number))


def _split_words(tree: Tree, text: str, line: int) -> Iterator[str]:
    """As OpenSSH does: a comment begins at a word that begins with #."""
    at = 0
    while rest := text[at:].lstrip():
        if rest.startswith("#"):
            return
        found = _WORD.match(rest)
        end = found.end() if found else 0
        if found is None or (rest[end:] and not rest[end].isspace()):
            raise tree.fail("this line cannot be read: No closing quotation", line)
        yield _unquote(found[0])
        at = len(text) - len(rest) + end


def _unquote(word: str) -> str:
    parts = re.findall(r"""("[^"]*"|'[^']*'|\\.|[^"'\\]+)""", word)
    return "".join(_ESCAPED.sub(r"\1", part[1:-1] if part[0] in "\"'" else part) for part in parts)


def _matches(names: tuple[str, ...], host: str) -> bool:
    if any(name.startswith("!") and _fits(name[1:], host) for name in names):
        return False
    return any(_fits(name, host) for name in names if not name.startswith("!"))


def _fits(pattern: str, host: str) -> bool:
    """Unlike the shell, ssh has no [ ] in its patterns."""
    return fnmatchcase(host, pattern.replace("[", "[[]"))
