"""What Compose refuses although each file is well formed: unknown names, and keys that exclude each other."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from qtctl.dialects.compose.interpolation import parse_boolean
from qtctl.dialects.compose.normal import SERVICE
from qtctl.dialects.compose.project import list_devices
from qtctl.dialects.compose.scalars import round_to_single
from qtctl.dialects.compose.units import parse_size
from qtctl.dialects.compose.values import Table, list_services
from qtctl.errors import InputError

Value = Any
_SOURCES: Final = (
    ("configs", ("file", "environment", "content")),
    ("secrets", ("file", "environment")),
)
_LIMITS: Final = (("mem_limit", "limits", "memory"), ("mem_reservation", "reservations", "memory"),
                  ("pids_limit", "limits", "pids"), ("cpus", "limits", "cpus"))  # fmt: skip


def check_consistency(model: Table, enabled: Collection[str]) -> Iterator[InputError]:
    """Checks the services whose profiles are enabled, as Compose does; `model` is normalised."""
    known = dict(list_services(model))
    for name, service in known.items():
        if name in enabled:
            yield from _check_service(name, service, known, model, enabled)
    for kind, keys in _SOURCES:
        found = model.get(kind)
        if not isinstance(found, Table):
            continue
        for name, each in found.items():
            yield from _check_source(kind, name, each, keys, found)
    yield from _find_cycles({name: known[name] for name in known if name in enabled})


def _make_error(name: str, service: Table, key: str, what: str, hint: str = "") -> InputError:
    return InputError(f"service {name}: {what}", hint=hint, place=service.line_of(key))


def _check_service(
    name: str, service: Table, known: Mapping[str, Table], model: Table, enabled: Collection[str]
) -> Iterator[InputError]:
    if not (service.get("build") or service.get("image") or service.get("provider")):
        yield _make_error(name, service, "image", "has neither an image nor a build")
    if service.get("network_mode") and service.get("networks"):
        yield _make_error(name, service, "network_mode", "has network_mode and networks", "keep one of them")
    yield from _check_references(name, service, model)
    for other, dependency in (service.get("depends_on") or {}).items():
        optional = not _is_true(dependency.get("required"))
        if other not in enabled and not (optional and other in known):
            reason = "its profile is not given" if other in known else "there is none"
            yield _make_error(name, service, "depends_on", f"depends on the service {other}: {reason}")
    shared = str(service.get("network_mode") or "")
    if shared.startswith(SERVICE) and shared.removeprefix(SERVICE) not in enabled:
        yield _make_error(
            name, service, "network_mode", f"shares the network of {shared.removeprefix(SERVICE)}: there is none"
        )
    platforms = (service.get("build") or {}).get("platforms") or ()
    if platforms and service.get("platform") and service["platform"] not in platforms:
        yield _make_error(name, service, "platform", "has a platform that build.platforms does not have")
    yield from _check_exclusive(name, service)
    yield from _scale(name, service)
    yield from _check_limits(name, service)
    yield from _check_targets(name, service)
    tested = (service.get("healthcheck") or {}).get("test")
    if isinstance(tested, list) and tested and tested[0] not in ("CMD", "CMD-SHELL", "NONE"):
        yield _make_error(name, service, "healthcheck", "healthcheck.test begins with none of CMD, CMD-SHELL, NONE")


def _check_exclusive(name: str, service: Table) -> Iterator[InputError]:
    build = service.get("build") or {}
    if build.get("dockerfile_inline") and build.get("dockerfile"):
        yield _make_error(
            name, service, "build", "has build.dockerfile and build.dockerfile_inline", "keep one of them"
        )
    for key, requests in (("gpus", service.get("gpus")), ("deploy", list_devices(service))):
        if any("count" in each and "device_ids" in each for each in requests or ()):
            yield _make_error(name, service, key, "asks for devices by count and by device_ids", "keep one of them")


def _is_true(value: Value) -> bool:
    return parse_boolean(value) if isinstance(value, str) else bool(value)


def _check_references(name: str, service: Table, model: Table) -> Iterator[InputError]:
    volumes = [each.get("source") for each in service.get("volumes") or () if each.get("type") == "volume"]
    build = service.get("build") or {}
    for kind, named in (
        ("networks", list(service.get("networks") or ())),
        ("volumes", [each for each in volumes if each]),
        ("configs", [each.get("source") for each in service.get("configs") or ()]),
        ("secrets", [each.get("source") for each in (*(service.get("secrets") or ()), *(build.get("secrets") or ()))]),
        ("models", list(service.get("models") or ())),
    ):
        declared = model.get(kind)
        for each in named:
            if each not in (declared or ()):
                yield _make_error(name, service, kind, f"names {each}, which {kind} does not declare")


def _scale(name: str, service: Table) -> Iterator[InputError]:
    scale, replicas = service.get("scale"), (service.get("deploy") or {}).get("replicas")
    if scale is not None and replicas is not None and int(scale) != int(replicas):
        yield _make_error(name, service, "scale", "has a scale and other deploy.replicas", "keep one of them")
    most = scale if scale is not None else replicas
    if most is not None and int(most) < 0:
        yield _make_error(name, service, "scale", "has fewer than 0 replicas")
    if most is not None and int(most) > 1 and service.get("container_name"):
        yield _make_error(
            name, service, "container_name", "has a container_name and several replicas", "one name is one container"
        )


def _check_limits(name: str, service: Table) -> Iterator[InputError]:
    resources = (service.get("deploy") or {}).get("resources") or {}
    for key, group, inner in _LIMITS:
        own = _read_figure(service.get(key), inner)
        if own and group in resources and own != _read_figure((resources[group] or {}).get(inner), inner):
            yield _make_error(
                name, service, key, f"has {key} and another deploy.resources.{group}.{inner}", "keep one of them"
            )


def _read_figure(value: Value, kind: str) -> float:
    if isinstance(value, str):
        return parse_size(value) if kind == "memory" else round_to_single(float(value or 0))
    return round_to_single(float(value or 0)) if kind == "cpus" else float(value or 0)


def _check_targets(name: str, service: Table) -> Iterator[InputError]:
    seen: set[str] = set()
    tmpfs = service.get("tmpfs") or ()
    mounts = [str(each).partition(":")[0] for each in ([tmpfs] if isinstance(tmpfs, str) else tmpfs)]
    for target in (*mounts, *(str(each.get("target")) for each in service.get("volumes") or ())):
        if target in seen:
            yield _make_error(name, service, "volumes", f"mounts two things at {target}", "keep one of them")
        seen.add(target)


def _check_source(kind: str, name: str, value: Value, keys: tuple[str, ...], among: Table) -> Iterator[InputError]:
    given = [key for key in keys if isinstance(value, Table) and key in value]
    if len(given) > 1:
        yield InputError(
            f"{kind}.{name}: has {' and '.join(given)}", hint="keep one of them", place=among.line_of(name)
        )
    if not given and not (isinstance(value, Table) and ("external" in value or "driver" in value)):
        yield InputError(f"{kind}.{name}: has none of {', '.join(keys)}", place=among.line_of(name))


def _find_cycles(known: Mapping[str, Table]) -> Iterator[InputError]:
    """The first cycle of dependencies between services. Iterative, not recursive."""
    done: set[str] = set()
    for start in sorted(known):
        path: list[tuple[str, list[str]]] = [(start, _list_needed(known, start))]
        while path and start not in done:
            name, left = path[-1]
            if not left:
                done.add(name)
                path.pop()
                continue
            following = left.pop()
            names = [each for each, _ in path]
            if following in names:
                cycle = " -> ".join([*names[names.index(following) :], following])
                yield _make_error(name, known[name], "depends_on", f"depends on itself: {cycle}")
                return
            if following not in done:
                path.append((following, _list_needed(known, following)))


def _list_needed(known: Mapping[str, Table], name: str) -> list[str]:
    return sorted((each for each in known[name].get("depends_on") or {} if each in known), reverse=True)
