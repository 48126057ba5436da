"""The normalised project: what `docker compose config` prints, with implicit networks, names and dependencies."""

import re
from collections.abc import Mapping
from typing import Any, Final

from qtctl.dialects.compose.paths import clean
from qtctl.dialects.compose.short_forms import make_relative
from qtctl.dialects.compose.values import Table, list_services

Value = Any
_NAMESPACES: Final = ("network_mode", "ipc", "pid", "uts", "cgroup")
SERVICE: Final = "service:"
_NOT_IN_NAME: Final = re.compile(r"[^a-z0-9_-]")


def make_project_name(text: str) -> str:
    """The project name that Compose derives from a folder's name."""
    return _NOT_IN_NAME.sub("", text.lower()).lstrip("_-")


def normalize(model: Table, name: str, environment: Mapping[str, str]) -> None:
    """Adds to `model` the defaults that Compose fills in."""
    model["name"] = name
    _add_networks(model)
    for _, service in list_services(model):
        if service.get("pull_policy") == "if_not_present":
            service["pull_policy"] = "missing"
        _build(service, environment)
        if "environment" in service:
            service["environment"] = _resolve(service["environment"], environment, keep=True)
        dependencies = service.get("depends_on")
        found = dependencies if isinstance(dependencies, Table) else Table((), service.place)
        _add_implied(service, found)
        if found:
            service["depends_on"] = found
        for volume in service.get("volumes") or ():
            target = str(volume.get("target", ""))
            volume["target"] = clean(target) if target.startswith("/") else make_relative(target)
    _set_names(model, name)


def _add_networks(model: Table) -> None:
    networks = model.get("networks")
    networks = networks if isinstance(networks, Table) else Table((), model.place)
    default = False
    for _, service in list_services(model):
        if "provider" in service or "network_mode" in service:
            continue
        if not service.get("networks"):
            service["networks"] = Table([("default", None)], service.place)
            default = True
        default = default or "default" in service["networks"]
    if default:
        networks.setdefault("default", None)
    if networks:
        model["networks"] = networks


def _build(service: Table, environment: Mapping[str, str]) -> None:
    build = service.get("build")
    if not isinstance(build, Table):
        return
    if build.get("context") is None:
        build["context"] = "."
    if build.get("dockerfile") is None and build.get("dockerfile_inline") is None:
        build["dockerfile"] = "Dockerfile"
    if "args" in build:
        build["args"] = _resolve(build["args"], environment, keep=False)


def _resolve(value: Value, environment: Mapping[str, str], *, keep: bool) -> Value:
    """Variables without a value take it from the environment. `keep`: variables that it does not have stay."""
    if isinstance(value, list):
        found = []
        for each in value:
            if "=" in str(each) or (keep and str(each) not in environment):
                found.append(each)
            elif str(each) in environment:
                found.append(f"{each}={environment[str(each)]}")
        return found
    made = Table((), value.place)
    for key, each in value.items():
        if each is not None or key in environment or keep:
            made.take(key, environment.get(key) if each is None else each, value.line_of(key))
    return made


def _add_implied(service: Table, found: Table) -> None:
    for link in service.get("links") or ():
        name, _, alias = str(link).partition(":")
        _add_dependency(found, str(link) if ":" in alias else name, service, restart=True)
    for key in _NAMESPACES:
        shared = service.get(key)
        if isinstance(shared, str) and shared.startswith(SERVICE):
            _add_dependency(found, shared.removeprefix(SERVICE), service, restart=True)
    for volumes in service.get("volumes_from") or ():
        if not str(volumes).startswith("container:"):
            _add_dependency(found, str(volumes).split(":")[0], service, restart=False)


def _add_dependency(found: Table, name: str, service: Table, *, restart: bool) -> None:
    if name not in found:
        implied = [("condition", "service_started"), ("restart", restart), ("required", True)]
        found.take(name, Table(implied, service.place), service.place)


def _set_names(model: Table, name: str) -> None:
    for kind in ("networks", "volumes", "configs", "secrets"):
        found = model.get(kind)
        if not isinstance(found, Table):
            continue
        for key, value in list(found.items()):
            made = value if isinstance(value, Table) else Table((), found.line_of(key))
            if made.get("name") is None:
                made["name"] = key if str(made.get("external")).lower() in ("true", "1", "t") else f"{name}_{key}"
            found[key] = made
