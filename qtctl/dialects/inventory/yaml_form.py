"""Ansible inventory in YAML form → Tree. Nothing is constructed: tags such as !vault are only looked at."""

from collections.abc import Iterator

import yaml

from qtctl.dialects.inventory.patterns import WrongPattern, expand_pattern
from qtctl.dialects.inventory.tree import DEEPEST, Tree, Variable, Variables

_ENCRYPTED = "!vault"
_NULL = "tag:yaml.org,2002:null"


def parse_yaml(text: str, file: str) -> Tree:
    """InputError for the first thing that Ansible would not read, with its line."""
    tree = Tree(file)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        for name, node in _list_pairs(tree, root):
            _read_group(tree, name, node, 0)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        what = " ".join(str(getattr(error, "problem", None) or "too deep").split())
        raise tree.fail(f"this is not YAML: {what}", mark.line + 1 if mark else 1) from error
    return tree


def _read_group(tree: Tree, name: str, node: yaml.Node | None, depth: int) -> None:
    line = _get_line(node)
    if depth > DEEPEST:
        raise tree.fail(f"groups lie deeper than {DEEPEST}", line)
    group = tree.add_group(name, line)
    for key, value in _list_pairs(tree, node):
        if key == "plugin":
            what = "this configures an inventory plugin, which is not run"
            raise tree.fail(what, line, "adopt what `ansible-inventory --list --yaml` prints")
        if key == "vars":
            group.variables |= _read_variables(tree, value)
        elif key == "children":
            for child, inner in _list_pairs(tree, value):
                group.children.setdefault(child, _get_line(inner))
                _read_group(tree, child, inner, depth + 1)
        elif key == "hosts":
            _read_hosts(tree, name, value)
        else:
            raise tree.fail(f"{key[:100]} is not a key of a group", _get_line(value), "hosts, vars or children")


def _read_hosts(tree: Tree, group: str, node: yaml.Node | None) -> None:
    for pattern, inner in _list_pairs(tree, node):
        line = _get_line(inner)
        try:
            names, port = expand_pattern(pattern)
        except WrongPattern as error:
            raise tree.fail(str(error), line) from error
        said = _read_variables(tree, inner)
        for host in names:
            tree.add_host(host, group, line, port).update(said)


def _read_variables(tree: Tree, node: yaml.Node | None) -> Variables:
    return {name: _make_variable(value) for name, value in _list_pairs(tree, node)}


def _make_variable(node: yaml.Node) -> Variable:
    if node.tag == _ENCRYPTED:
        return Variable(None, _get_line(node), encrypted=True)
    return Variable(str(node.value) if isinstance(node, yaml.ScalarNode) else None, _get_line(node))


def _list_pairs(tree: Tree, node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """The key-value pairs of a table; none if the value is empty. Merge keys are followed."""
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == _NULL):
        return
    if not isinstance(node, yaml.MappingNode):
        raise tree.fail("a table is expected here", _get_line(node), "KEY: VALUE")
    yaml.constructor.SafeConstructor().flatten_mapping(node)
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise tree.fail("a name is expected here", _get_line(key))
        yield str(key.value), value


def _get_line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1
