"""The fields of one mapping, in each form that Compose allows; what fits none is an error with its line."""

from qtctl.dialects.compose import shell
from qtctl.dialects.compose.ports import MAX_PUBLISHED, Malformed, long, short
from qtctl.dialects.compose.tree import Mapping, Node, Scalar, Sequence
from qtctl.dialects.compose.types import Dependency, Published, Volume
from qtctl.errors import InputError, Place


class Fields:
    """Reads fields of `node`. An error goes to `errors`, and the field counts as not set."""

    def __init__(self, what: str, node: Mapping, file: str, errors: list[InputError]) -> None:
        self.what = what
        self.node = node
        self.file = file
        self.errors = errors

    def wrong(self, key: str, node: Node, why: str, hint: str = "") -> None:
        self.errors.append(InputError(f"{self.what}: {key}: {why}", hint=hint, place=Place(self.file, node.line)))

    def value(self, key: str) -> Node | None:
        """None where the key is missing, or null."""
        node = self.node.get(key)
        return None if isinstance(node, Scalar) and node.text is None else node

    def inner(self, key: str) -> "Fields":
        node = self.value(key)
        if node is not None and not isinstance(node, Mapping):
            self.wrong(key, node, "is not a mapping")
            node = None
        return Fields(f"{self.what}: {key}", node or Mapping((), self.node.line, 1), self.file, self.errors)

    def text(self, key: str) -> str:
        node = self.value(key)
        if node is None:
            return ""
        if isinstance(node, Scalar):
            return node.text or ""
        self.wrong(key, node, "is not a text")
        return ""

    def items(self, key: str) -> tuple[Node, ...]:
        node = self.value(key)
        if node is None:
            return ()
        if isinstance(node, Sequence):
            return node.items
        self.wrong(key, node, "is not a list")
        return ()

    def texts(self, key: str) -> tuple[str, ...]:
        found = []
        for node in self.items(key):
            if isinstance(node, Scalar) and node.text is not None:
                found.append(node.text)
            else:
                self.wrong(key, node, "has an entry that is not a text")
        return tuple(found)

    def words(self, key: str) -> tuple[str, ...]:
        """A text, or a list of texts, as a list."""
        node = self.value(key)
        return (node.text or "",) if isinstance(node, Scalar) else self.texts(key)

    def argv(self, key: str) -> tuple[str, ...] | None:
        """None where the image's own stays. A text is split as a shell would, without expanding anything."""
        node = self.value(key)
        if node is None:
            return None
        if not isinstance(node, Scalar):
            return self.texts(key)
        found = shell.words(node.text or "")
        if found is None:
            self.wrong(key, node, "has a quote that does not end")
        return found

    def names(self, key: str) -> tuple[str, ...]:
        """Names of an environment. What stands behind `=` or `:` is dropped here and goes nowhere."""
        node = self.value(key)
        if isinstance(node, Mapping):
            for name, value in node.entries:
                if not isinstance(value, Scalar):
                    self.wrong(key, value, f"{name} is not a text")
            return tuple(name for name, _ in node.entries)
        found = []
        for item in self.items(key):
            if isinstance(item, Scalar) and (name := (item.text or "").partition("=")[0]):
                found.append(name)
            else:
                self.wrong(key, item, "has an entry that is not NAME or NAME=value")
        return tuple(dict.fromkeys(found))

    def paths(self, key: str) -> tuple[str, ...]:
        node = self.value(key)
        if isinstance(node, Scalar):
            return (node.text or "",)
        found = []
        for item in self.items(key):
            path = item.get("path") if isinstance(item, Mapping) else item
            if isinstance(path, Scalar) and path.text:
                found.append(path.text)
            else:
                self.wrong(key, item, "has an entry without a path")
        return tuple(found)

    def dependencies(self, key: str) -> tuple[Dependency, ...]:
        node = self.value(key)
        if not isinstance(node, Mapping):
            return tuple(Dependency(name, "service_started") for name in self.texts(key))
        each = (Fields(f"{self.what}: {key}", Mapping((entry,), node.line, 1), self.file, self.errors)
                for entry in node.entries)  # fmt: skip
        return tuple(
            Dependency(name, fields.inner(name).text("condition") or "service_started")
            for fields, (name, _) in zip(each, node.entries, strict=True)
        )

    def volumes(self, key: str) -> tuple[Volume, ...]:
        found = []
        for node in self.items(key):
            if isinstance(node, Mapping):
                long_form = Fields(f"{self.what}: {key}", node, self.file, self.errors)
                mode = "ro" if long_form.text("read_only").lower() == "true" else ""
                found.append(Volume(long_form.text("source"), long_form.text("target"), mode))
            elif isinstance(node, Scalar) and node.text:
                found.append(volume(node.text))
            else:
                self.wrong(key, node, "has an entry that is neither a text nor a mapping")
        return tuple(found)

    def ports(self, key: str) -> tuple[Published, ...]:
        found: list[Published] = []
        for node in self.items(key):
            try:
                found += self.port(key, node)
            except Malformed as error:
                self.wrong(key, node, str(error), 'as in "8001:8001" or "127.0.0.1:8001:8001/tcp"')
            if len(found) > MAX_PUBLISHED:
                self.wrong(key, node, f"more than {MAX_PUBLISHED} ports", "publish ranges, each of them once")
                return ()
        return tuple(found)

    def port(self, key: str, node: Node) -> tuple[Published, ...]:
        if isinstance(node, Scalar) and node.text is not None:
            return short(node.text, node.line)
        if not isinstance(node, Mapping):
            raise Malformed("has an entry that is neither a text nor a mapping")
        form = Fields(f"{self.what}: {key}", node, self.file, self.errors)
        told = {name: form.text(name) for name in ("target", "published", "host_ip", "protocol")}
        fields = {name: text for name, text in told.items() if text}
        raw = ", ".join(f"{name}: {text}" for name, text in fields.items())
        return long(raw, node.line, fields)


def volume(text: str) -> Volume:
    """The short form. A `:` inside ${VAR:-default} separates nothing; a lone path is an anonymous volume."""
    cuts: list[int] = []
    depth = 0
    for at, (before, char) in enumerate(zip(" " + text, text, strict=False)):
        depth += (char == "{" and before == "$") - (char == "}" and depth > 0)
        if char == ":" and depth == 0:
            cuts.append(at)
    if not cuts:
        return Volume("", text, "")
    first, second, *_ = *cuts, len(text)
    return Volume(text[:first], text[first + 1 : second], text[second + 1 :])
