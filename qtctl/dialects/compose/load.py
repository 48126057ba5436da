"""Compose text → Compose. Every error at once, each with its line; no value of an environment in any of them."""

from collections.abc import Iterator

from qtctl.dialects.compose.fields import Fields
from qtctl.dialects.compose.ports import MAX_PUBLISHED
from qtctl.dialects.compose.tree import Mapping, Node, read
from qtctl.dialects.compose.types import Build, Compose, ComposeService, Limits
from qtctl.errors import InputError, InputErrors, Place

MERGED_BY_COMPOSE = "give the output of `docker compose config`, which has everything in one file"


def load(text: str, file: str) -> Compose:
    """The services of a compose file, in its order.

    InputError (several: InputErrors) with the line for text that is not YAML or not a compose file. What other files
    would add (`include`, `extends`) is refused rather than left out unseen.
    """
    root = read(text, file)
    services = service_nodes(root, file)
    errors: list[InputError] = []
    found = tuple(_services(services, file, errors))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputErrors(tuple(errors))
    return Compose(file, found)


def _services(nodes: list[tuple[str, int, Node]], file: str, errors: list[InputError]) -> Iterator[ComposeService]:
    published = 0
    for name, line, node in nodes:
        found = service(name, line, node, file, errors)
        published += len(found.ports)
        if published > MAX_PUBLISHED:
            raise InputError(f"more than {MAX_PUBLISHED} published ports", place=Place(file, line))
        yield found


def service_nodes(root: Node, file: str) -> list[tuple[str, int, Node]]:
    if not isinstance(root, Mapping):
        raise InputError("not a mapping", hint="a compose file has `services:`", place=Place(file, root.line))
    if (include := root.get("include")) is not None:
        raise InputError("include: names other files", hint=MERGED_BY_COMPOSE, place=Place(file, include.line))
    services = root.get("services")
    if services is None:
        raise InputError("has no `services:`", hint="is it a compose file?", place=Place(file, root.line))
    if not isinstance(services, Mapping):
        raise InputError("services: is not a mapping of name to service", place=Place(file, services.line))
    if not services.entries:
        raise InputError("services: names no service", place=Place(file, services.line))
    return [(name, line, node) for (name, node), line in zip(services.entries, services.lines, strict=True)]


def service(name: str, line: int, node: Node, file: str, errors: list[InputError]) -> ComposeService:
    if not isinstance(node, Mapping):
        errors.append(InputError(f"service {name}: is not a mapping", place=Place(file, line)))
        node = Mapping((), line, 1)
    fields = Fields(f"service {name}", node, file, errors)
    if (extends := node.get("extends")) is not None:
        fields.wrong("extends", extends, "takes over another service", MERGED_BY_COMPOSE)
    return ComposeService(
        name=name,
        line=line,
        image=fields.text("image"),
        build=build(fields),
        container_name=fields.text("container_name"),
        command=fields.argv("command"),
        entrypoint=fields.argv("entrypoint"),
        ports=fields.ports("ports"),
        environment=fields.names("environment"),
        env_files=fields.paths("env_file"),
        depends_on=fields.dependencies("depends_on"),
        volumes=fields.volumes("volumes"),
        restart=fields.text("restart"),
        healthcheck=healthcheck(fields),
        profiles=fields.texts("profiles"),
        limits=limits(fields),
        network_mode=fields.text("network_mode"),
    )


def build(fields: Fields) -> Build | None:
    if not isinstance(fields.node.get("build"), Mapping):
        context = fields.text("build")
        return Build(context, "", "") if context else None
    inner = fields.inner("build")
    return Build(inner.text("context") or ".", inner.text("dockerfile"), inner.text("target"))


def healthcheck(fields: Fields) -> bool:
    """Whether the file itself asks for one: a test, not switched off. The image may bring its own."""
    inner = fields.inner("healthcheck")
    test = inner.words("test")
    return bool(test) and test[:1] != ("NONE",) and inner.text("disable").lower() != "true"


def limits(fields: Fields) -> Limits:
    inner = fields.inner("deploy").inner("resources").inner("limits")
    return Limits(
        cpus=inner.text("cpus") or fields.text("cpus"),
        memory=inner.text("memory") or fields.text("mem_limit"),
        pids=inner.text("pids") or fields.text("pids_limit"),
    )
