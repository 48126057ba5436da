"""The values of each service's environment, for whoever makes a registry of them: reports have names only."""

from qtctl.dialects.compose.load import service_nodes
from qtctl.dialects.compose.ports import resolve
from qtctl.dialects.compose.tree import Mapping, Node, Scalar, Sequence, read

Environment = dict[str, str | None]
"""Name → value; None where the file does not say it: it comes from the shell, or of a variable without a default."""


def environments(text: str, file: str) -> dict[str, Environment]:
    """Service → its environment. InputError as `load` raises it; entries that `load` refuses are left out."""
    return {name: _environment(node) for name, _, node in service_nodes(read(text, file), file)}


def _environment(service: Node) -> Environment:
    node = service.get("environment") if isinstance(service, Mapping) else None
    if isinstance(node, Mapping):
        return {name: _value(each.text) for name, each in node.entries if isinstance(each, Scalar)}
    found: Environment = {}
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar) and item.text:
            name, equals, value = item.text.partition("=")
            found[name] = _value(value) if equals else None
    return found


def _value(text: str | None) -> str | None:
    if text is None:
        return None
    plain, _ = resolve(text.replace("$$", "\0"))
    return None if plain is None else plain.replace("\0", "$")
