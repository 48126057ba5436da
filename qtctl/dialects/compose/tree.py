"""YAML text → a tree of plain nodes with lines, built from events: no recursion, no guessed types, no aliases left.

Scalars keep their text, so `22:22` stays what its author wrote (YAML 1.1 reads it as 1342); `scalars` gives them a
type.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import yaml

from qtctl.dialects.compose.scalars import parse_plain
from qtctl.errors import InputError, Place

MAX_DEPTH = 64
MAX_NODES = 200_000
"""Of the tree with all aliases expanded: a compose file has a few thousand nodes, an alias bomb millions."""
LETTERS = 100
"""Letters that count as much as a node: an alias of a long text multiplies as well as one of a large mapping."""
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
RESET, OVERRIDE = "!reset", "!override"
TAGS = frozenset({"!", RESET, OVERRIDE})
CORE = "tag:yaml.org,2002:"
MERGE = f"{CORE}merge"
_UTF8 = re.compile("[^\ud800-\udfff]*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Scalar:
    """`text` is None for YAML's null. `plain`: without quotes and tag, so it may be a number or a boolean."""

    text: str | None
    line: int
    size: int = 1
    plain: bool = False
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple["Node", ...]
    line: int
    size: int
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Entries in file order, merge keys (`<<`) resolved; no two keys are the same."""

    entries: tuple[tuple[str, "Node"], ...]
    line: int
    size: int
    lines: tuple[int, ...] = ()
    """The lines of the keys."""
    tag: str = ""

    def get(self, key: str) -> "Node | None":
        return next((node for name, node in self.entries if name == key), None)


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been reached."""

    mapping: bool
    anchor: str | None
    line: int
    tag: str
    children: list[Node] = field(default_factory=list)


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.open: list[_Open] = []
        self.anchors: dict[str, Node | None] = {}
        self.roots: list[Node] = []
        self.merged = 0

    def fail(self, what: str, line: int, hint: str = "") -> InputError:
        return InputError(what, hint=hint, place=Place(self.file, line))

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.ScalarEvent):
            self.add_scalar(event, line)
        elif isinstance(event, yaml.AliasEvent):
            self.add(self.find_anchored(event.anchor or "", line), line)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.anchors = {}
        elif isinstance(event, yaml.CollectionStartEvent):
            self.start(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.end()

    def find_anchored(self, anchor: str, line: int) -> Node:
        if anchor not in self.anchors:
            raise self.fail(f"alias *{anchor} has no anchor above it", line)
        node = self.anchors[anchor]
        if node is None:
            raise self.fail(f"alias *{anchor} is inside the value that it names", line, "a value cannot contain itself")
        return node

    def add_scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        self.check_tag(event.tag, line)
        if not _UTF8.fullmatch(event.value):
            raise self.fail("an invalid escape", line, "half of a surrogate pair is not a character")
        bare = not event.style and event.tag in (None, OVERRIDE)
        null = event.tag in (RESET, f"{CORE}null") or (bare and event.value in NULLS)
        text = None if null else event.value
        size = 1 + len(event.value) // LETTERS
        self.add(self.note_anchor(event.anchor, Scalar(text, line, size, bare, event.tag or "")), line)

    def start(self, event: yaml.CollectionStartEvent, line: int) -> None:
        self.check_tag(event.tag, line)
        if len(self.open) >= MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} levels", line)
        if event.anchor:
            self.anchors[event.anchor] = None
        self.open.append(_Open(isinstance(event, yaml.MappingStartEvent), event.anchor, line, event.tag or ""))

    def end(self) -> None:
        done = self.open.pop()
        size = 1 + sum(child.size for child in done.children)
        if size > MAX_NODES:
            raise self.fail(f"aliases expand to more than {MAX_NODES} nodes", done.line)
        node = (
            self.build_mapping(done, size)
            if done.mapping
            else Sequence(tuple(done.children), done.line, size, done.tag)
        )
        self.add(self.note_anchor(done.anchor, node), done.line)

    def note_anchor(self, anchor: str | None, node: Node) -> Node:
        if anchor:
            self.anchors[anchor] = node
        return node

    def add(self, node: Node, line: int) -> None:
        if not self.open:
            self.roots.append(node)
            return
        parent = self.open[-1]
        is_key = parent.mapping and len(parent.children) % 2 == 0
        if is_key and not (isinstance(node, Scalar) and node.text is not None):
            raise self.fail("a key that is not a string", line, "put it in quotes")
        # an alias shares the node of its anchor, but messages about it must name the line of the alias
        moved = isinstance(node, Scalar) and node.line != line
        parent.children.append(replace(node, line=line) if moved else node)

    def build_mapping(self, done: _Open, size: int) -> Mapping:
        own: dict[str, tuple[int, Node]] = {}
        merged: list[Node] = []
        for key, value in zip(done.children[::2], done.children[1::2], strict=True):
            name = key.text if isinstance(key, Scalar) else None
            if name is None or (isinstance(key, Scalar) and key.plain and not isinstance(parse_plain(name), str)):
                raise self.fail("a key that is not a string", key.line, "put it in quotes")
            if name == "<<" and isinstance(key, Scalar) and (key.plain or key.tag == MERGE):
                merged += value.items if isinstance(value, Sequence) else [value]
                continue
            if name in own:
                raise self.fail(f"{name}: given twice, first in line {own[name][0]}", key.line, "keep one of them")
            own[name] = (key.line, value)
        self.merge(own, merged, done.line)
        entries = tuple((name, node) for name, (_, node) in own.items())
        return Mapping(entries, done.line, size, tuple(line for line, _ in own.values()), done.tag)

    def merge(self, own: dict[str, tuple[int, Node]], merged: list[Node], line: int) -> None:
        for node in merged:
            if not isinstance(node, Mapping):
                raise self.fail("<<: merges something that is not a mapping", line)
            self.merged += len(node.entries)
            if self.merged > MAX_NODES:
                raise self.fail(f"<<: merges more than {MAX_NODES} nodes", line)
            for (name, value), key_line in zip(node.entries, node.lines, strict=True):
                own.setdefault(name, (key_line, value))

    def check_tag(self, tag: str | None, line: int) -> None:
        if tag is None or tag in TAGS:
            return
        if tag.startswith(CORE) and "/" not in tag:
            return
        raise self.fail(f"the tag {tag} is not one that compose files have", line)


_FAST = getattr(yaml, "CSafeLoader", None)
"""libyaml's parser, which Compose's own is a port of; None if PyYAML was built without it."""


def read(text: str, file: str) -> tuple[Node, ...]:
    """The documents of `text`. InputError with the line if it is not YAML that a compose file may have."""
    try:
        roots = _build(text, file, _FAST) if _FAST is not None else None
    except (yaml.YAMLError, ValueError, OverflowError):
        # The other parser words the error; if it finds none, there is none that counts.
        roots = None
    found = _explain(text, file) if roots is None else roots
    if not found:
        raise InputError("an empty file", hint="a compose file has `services:`", place=Place(file))
    return tuple(found)


def _build(text: str, file: str, loader: Any) -> list[Node]:  # noqa: ANN401 - a class of PyYAML
    builder = _Builder(file)
    for event in yaml.parse(text, Loader=loader):
        builder.take(event)
    return builder.roots


def _explain(text: str, file: str) -> list[Node]:
    try:
        return _build(text, file, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise InputError(f"not YAML: {error.problem}", place=Place(file, line)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(f"not YAML: {error.reason}", place=Place(file, line)) from error
    except (ValueError, OverflowError) as error:  # "\U0011FFFF" leaves PyYAML's scanner as a ValueError of chr()
        raise InputError("not YAML: an invalid escape", place=Place(file)) from error
