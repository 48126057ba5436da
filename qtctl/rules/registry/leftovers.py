"""QT108: settings that only made sense in containers. Keys are shown, values never."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qtctl.findings.finding import Finding, Severity
from qtctl.model.names import make_unit_name
from qtctl.model.registry import Registry
from qtctl.rules.container_clients import runs_containers
from qtctl.rules.text_values import Sort, Text, list_declared_texts, list_rendered_texts
from qtctl.rules.view import View, ViewRule

_IMAGES = ("redis", "postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb", "rabbitmq", "kafka", "zookeeper")
"""Names that compose files usually give to stores."""
_HOST_KEY = re.compile(r"(^|_)(HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT|BROKERS?)$")
_NETWORK_KEY = re.compile(r"(^|_)(NETWORK|BRIDGE)(_NAME)?$")
_URL_HOST = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/@\s]*@)?([A-Za-z0-9_.-]+)")
_APP_PATH = re.compile(r"(?:^|[:=,;\s])/app(?:/|$|[:,;\s])")
_INSIDE = re.compile(r"host\.docker\.internal")
_ENGINE = re.compile(r"/var/run/docker\.sock|(?:^|[\s,;=])docker0(?:$|[\s,;])")
_ENGINE_UNITS = ("docker.service", "docker.socket")


@dataclass(frozen=True, slots=True)
class _Context:
    """What a setting is judged by. `names` and `networks` are those of containers.

    `engine`: the registry declares a container engine. `users`: services that run containers themselves.
    """

    names: frozenset[str]
    networks: frozenset[str]
    engine: bool
    users: frozenset[str]
    has_app: bool

    @classmethod
    def of(cls, registry: Registry) -> "_Context":
        names = list_containers(registry) - _list_hosts(registry)
        networks = names | {registry.fleet.name, "bridge", "backend", "default", "app-network"}
        return cls(
            names=names,
            networks=frozenset(name.replace("-", "_") for name in networks),
            engine=_declares_engine(registry),
            users=frozenset(name for name, service in registry.services.items() if runs_containers(service)),
            has_app=any(path == "/app" or path.startswith("/app/") for path in registry.folders),
        )


def judge_leftovers(view: View) -> Iterator[Finding]:
    context = _Context.of(view.registry)
    texts = [*(list_declared_texts(view.registry) if view.first else ()), *list_rendered_texts(view)]
    judged = [(text, _explain_leftover(text, context)) for text in texts if text.subject not in context.users]
    found = [(text, what) for text, what in judged if what]
    moved = bool(view.registry.legacy) or any(text.sort is not Sort.ORDER for text, _ in found)
    for text, what in found:
        severity = Severity.INFO if text.sort is Sort.ORDER and not moved else Severity.WARNING
        remedy = "name what the host has instead"
        yield QT108.make_broken(text.subject, f"{text.key} {what}", remedy, text.at, severity=severity)


def _declares_engine(registry: Registry) -> bool:
    nodes = [(kind, name) for kind in ("services", "sockets", "externals") for name in getattr(registry, kind)]
    units = {
        make_unit_name(registry, kind, name) for kind, name in nodes if getattr(registry, kind)[name].state != "retired"
    }
    return not units.isdisjoint(_ENGINE_UNITS)


def _list_hosts(registry: Registry) -> frozenset[str]:
    """Names that resolve: declared hosts, and names in their hosts files."""
    found = set(registry.hosts) | {host.address for host in registry.hosts.values()}
    for host in registry.hosts.values():
        found |= {name for names in (host.hosts_file.aliases.values() if host.hosts_file else ()) for name in names}
    return frozenset(found)


def list_containers(registry: Registry) -> frozenset[str]:
    """Names that were host names on a compose network: its services, alone and with the fleet's prefix."""
    prefix = registry.fleet.unit_prefix
    services = {name for record in registry.legacy for name in record.services} | set(_IMAGES)
    prefixes = {"", prefix, prefix.replace("-", "_"), f"{registry.fleet.name}_".replace("-", "_")}
    spelled = {each.replace("-", between) for each in services for between in "-_"}
    return frozenset(before + each for before in prefixes for each in spelled)


def _explain_leftover(text: Text, context: _Context) -> str:
    if text.sort is Sort.PROSE:
        return ""
    if text.sort is Sort.ORDER:
        names_engine = text.value in _ENGINE_UNITS and not context.engine
        return "names the container engine" if names_engine else ""
    return _explain_setting(text, context)


def _explain_setting(text: Text, context: _Context) -> str:
    if _APP_PATH.search(text.value) and not context.has_app:
        return "leads into /app, which only containers had"
    if _INSIDE.search(text.value) or (_ENGINE.search(text.value) and not context.engine):
        return "names something of the container engine"
    if text.sort is not Sort.PATH and _names_container(text, context.names):
        return "names a container, not a host"
    if _NETWORK_KEY.search(text.name.upper()) and text.value.replace("-", "_") in context.networks:
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
    "container network, or the container engine. The key is shown, never the value. Services that run containers "
    "themselves are not judged, and an engine that the registry declares may be named. Ordering after an engine is "
    "only information, unless something else shows that the fleet came from containers.",
    why="The name resolved on the compose network and resolves nowhere on the host: the service restarts forever, or "
    "someone patches it with a line in /etc/hosts that the next host lacks.",
    fix="Use the address or path on the host.",
    look=judge_leftovers,
)
RULES = (QT108,)
