"""Which containers a host runs, asked of its docker command as root."""

import json
import re
from collections.abc import Mapping
from shlex import quote

from qtctl.dialects import terminal
from qtctl.dialects.lines import split_lines
from qtctl.interfaces.host import Host
from qtctl.model.container import RunningContainer
from qtctl.probes.answer import find_last_line
from qtctl.remote.request import Request, Verb, encode_calls
from qtctl.remote.scripts import read_script

_COMMAND_S = 10
_LABEL = '{{{{json (index .Config.Labels "com.docker.{}")}}}}'
_FIELDS: Mapping[str, str] = {
    "id": "{{json .Id}}",
    "name": "{{json .Name}}",
    "service": _LABEL.format("compose.service"),
    "project": _LABEL.format("compose.project"),
    "swarm": _LABEL.format("swarm.service.name"),
    "status": "{{json .State.Status}}",
    "restart": "{{json .HostConfig.RestartPolicy.Name}}",
    "auto_remove": "{{json .HostConfig.AutoRemove}}",
    "ports": "{{json .NetworkSettings.Ports}}",
}
SHAPE = "{" + ",".join(f'"{name}":{template}' for name, template in _FIELDS.items()) + "}"
"""What `docker inspect --format` prints for a container: one line of JSON."""
_ID = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,200}")
_PORT = re.compile(r"[0-9]{1,5}")


def list_containers(host: Host, deadline_s: float) -> tuple[RunningContainer, ...] | str:
    """The running containers, by name; or why Docker did not list them. HostError if the connection is lost."""
    script = (
        f"PATH=/usr/sbin:/usr/bin:/sbin:/bin limit={_COMMAND_S} shape={quote(SHAPE)}\n{read_script('docker.sh')}"
        "list_containers || { printf '%.300s\\n' \"$said\" >&2; exit 1; }\n"
    )
    request = Request(script, Verb.READ, encode_calls([("list_containers",)]))
    done = host.start(request, root=True, attached=True).finish(deadline_s)
    if done.exit != 0:
        return terminal.show_line(find_last_line(done.stderr)) or "docker did not answer"
    return parse_containers(done.stdout)


def parse_containers(said: bytes) -> tuple[RunningContainer, ...] | str:
    """Parse lines of SHAPE; returns a text if a line is something else."""
    found = []
    for line in split_lines(said.decode("utf-8", "replace")):
        container = _parse(line)
        if container is None:
            return "what docker inspect says cannot be read"
        found.append(container)
    return tuple(sorted(found, key=lambda each: each.name))


def _parse(line: str) -> RunningContainer | None:
    try:
        said = json.loads(line)
        id_, name = said["id"], said["name"].removeprefix("/")
        words = {key: str(said[key] or "")[:200] for key in ("service", "project", "swarm", "status", "restart")}
        ports = tuple(_list_ports(said["ports"] or {}))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if not (isinstance(id_, str) and _ID.fullmatch(id_) and _NAME.fullmatch(name)):
        return None
    return RunningContainer(id_, name, auto_remove=said["auto_remove"] is not False, ports=ports, **words)


def _list_ports(bindings: Mapping[str, list[Mapping[str, str]] | None]) -> list[str]:
    """Host port and protocol of each published port."""
    found = {
        f"{binding['HostPort']}/{inside.partition('/')[2]}"
        for inside, published in bindings.items()
        for binding in published or ()
        if _PORT.fullmatch(binding["HostPort"])
    }
    return sorted(found)
