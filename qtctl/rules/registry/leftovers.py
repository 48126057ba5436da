"""QT108: what only made sense in containers. Keys are shown, values never."""

import re
from collections.abc import Iterator

from qtctl.findings.finding import Finding, Severity
from qtctl.model.registry import Registry
from qtctl.rules.text_values import Sort, Text, declared_texts, rendered_texts
from qtctl.rules.view import View, ViewRule

_IMAGES = ("redis", "postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb", "rabbitmq", "kafka", "zookeeper")
"""Names that compose files give to the stores of their stacks."""
_HOST_KEY = re.compile(r"(^|_)(HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT|BROKERS?)$")
_NETWORK_KEY = re.compile(r"(^|_)(NETWORK|BRIDGE)(_NAME)?$")
_URL_HOST = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/@\s]*@)?([A-Za-z0-9_.-]+)")
_APP_PATH = re.compile(r"(?:^|[:=,;\s])/app(?:/|$|[:,;\s])")
_DOCKER = re.compile(r"host\.docker\.internal|/var/run/docker\.sock|(?:^|[\s,;=])docker0(?:$|[\s,;])")


def leftovers(view: View) -> Iterator[Finding]:
    names = containers(view.registry)
    networks = names | {view.registry.fleet.name, "bridge", "backend", "default", "app-network"}
    networks = frozenset(name.replace("-", "_") for name in networks)
    texts = [*(declared_texts(view.registry) if view.first else ()), *rendered_texts(view)]
    for text in texts:
        what = _leftover(text, names, networks)
        if what:
            yield QT108.broken(text.subject, f"{text.key} {what}", "name what the host has instead", text.at)


def containers(registry: Registry) -> frozenset[str]:
    """Names that were host names on a compose network: its services, alone and with the fleet's prefix."""
    prefix = registry.fleet.unit_prefix
    services = {name for record in registry.legacy for name in record.services} | set(_IMAGES)
    prefixes = {"", prefix, prefix.replace("-", "_"), f"{registry.fleet.name}_".replace("-", "_")}
    spelled = {each.replace("-", between) for each in services for between in "-_"}
    return frozenset(before + each for before in prefixes for each in spelled)


def _leftover(text: Text, names: frozenset[str], networks: frozenset[str]) -> str:
    if text.sort is Sort.PROSE:
        return ""
    if text.sort is Sort.ORDER:
        return "names the container engine" if text.value in ("docker.service", "docker.socket") else ""
    return _of_setting(text, names, networks)


def _of_setting(text: Text, names: frozenset[str], networks: frozenset[str]) -> str:
    if _APP_PATH.search(text.value):
        return "leads into /app, which only containers had"
    if _DOCKER.search(text.value):
        return "names something of the container engine"
    if text.sort is not Sort.PATH and _names_container(text, names):
        return "names a container, not a host"
    if _NETWORK_KEY.search(text.name.upper()) and text.value.replace("-", "_") in networks:
        return "names a container network"
    return ""


def _names_container(text: Text, names: frozenset[str]) -> bool:
    host = text.value.partition(":")[0] if text.value.rpartition(":")[2].isdecimal() else text.value
    key = text.name.lstrip("-").upper().replace("-", "_")
    if host in names and (_HOST_KEY.search(key) or "_" in host):
        return True
    return any(found[1] in names for found in _URL_HOST.finditer(text.value))


QT108 = ViewRule(
    "QT108",
    "left over from containers",
    Severity.WARNING,
    what="A setting or argument names a container as its host (`redis`, `quantum_redis`), a path below /app, a "
    "container network, or the container engine. The key is shown, never the value.",
    why="The name resolved on the compose network and resolves nowhere on the host: the service restarts for ever, "
    "or somebody patches it with a line in /etc/hosts that the next host lacks.",
    fix="Name the address or path that the host has.",
    look=leftovers,
)
RULES = (QT108,)
