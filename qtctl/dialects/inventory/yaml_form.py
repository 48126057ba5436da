"""Ansible inventory in YAML form → Tree. Nothing is constructed: tags such as !vault are only looked at."""

from collections.abc import Iterator

import yaml

from qtctl.dialects.inventory.patterns import WrongPattern, expand_pattern
from qtctl.dialects.inventory.tree import DEEPEST, Tree, Unused, Variable, Variables

_ENCRYPTED = "!vault"
_NULL = "tag:yaml.org,2002:null"
_NO_INVENTORY = {
    "plugin": "this configures an inventory plugin, which is not run",
    "_meta": "this is an inventory for programs",
}


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
        if what := _NO_INVENTORY.get(key) or _NO_INVENTORY.get(name):
            raise tree.fail(what, line, "adopt what `ansible-inventory --list --yaml` prints")
        if key == "vars":
            group.variables |= _read_variables(tree, value)
        elif key == "children":
            for child, inner in _list_pairs(tree, value, or_name=True):
                group.children.setdefault(child, _get_line(inner or value))
                _read_group(tree, child, inner, depth + 1)
        elif key == "hosts":
            _read_hosts(tree, name, value)
        else:
            raise tree.fail(f"{key[:100]} is not a key of a group", _get_line(value), "hosts, vars or children")


def _read_hosts(tree: Tree, group: str, node: yaml.Node | None) -> None:
    for pattern, inner in _list_pairs(tree, node, or_name=True):
        line = _get_line(inner or node)
        try:
            names, port = expand_pattern(pattern)
        except WrongPattern as error:
            raise tree.fail(str(error), line) from error
        said = _read_variables(tree, inner)
        for host in names:
            tree.add_host(host, group, line, port).update(said)


def _read_variables(tree: Tree, node: yaml.Node | None) -> Variables:
    return {name: _make_variable(value) for name, value in _list_pairs(tree, node)}


def _make_variable(node: yaml.Node | None) -> Variable:
    if node is not None and node.tag == _ENCRYPTED:
        return Variable(None, _get_line(node), encrypted=True)
    return Variable(_read_text(node), _get_line(node))


def _read_text(node: yaml.Node | None) -> str | None:
    """The value as YAML 1.1 has it: `022` is 18, `yes` is True. None for what is not a single value."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL:
        return None
    try:
        return str(yaml.constructor.SafeConstructor().construct_object(node))
    except (yaml.YAMLError, ValueError):
        return str(node.value)


def _list_pairs(tree: Tree, node: yaml.Node | None, *, or_name: bool = False) -> Iterator[tuple[str, yaml.Node | None]]:
    """The key-value pairs of a table; none if the value is empty. Merge keys are followed, and of a key that is there
    twice the last one counts. `or_name`: a name alone will do as well.
    """
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == _NULL):
        return
    if or_name and isinstance(node, yaml.ScalarNode):
        yield str(node.value), None
        return
    if not isinstance(node, yaml.MappingNode):
        raise tree.fail("a table is expected here", _get_line(node), "KEY: VALUE")
    own = {id(key) for key, _ in node.value}
    yaml.constructor.SafeConstructor().flatten_mapping(node)
    found: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise tree.fail("a name is expected here", _get_line(key))
        name = str(key.value)
        if name in found and id(found[name][0]) in own:
            tree.unused.append(Unused(name, _get_line(found[name][0]), f"is set again in line {_get_line(key)}"))
        found[name] = (key, value)
    node.value = [*found.values()]
    for name, (_, value) in found.items():
        yield name, value


def _get_line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1
