"""Parts of a compose service that need more than the service: its command, environment, ports, order and host."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from qtctl.adopt.adoption import Fate
from qtctl.adopt.compose_reading import Reading, list_attributes
from qtctl.adopt.compose_secrets import Hiding, quote_argument
from qtctl.adopt.compose_shared import Shared
from qtctl.dialects.compose import shell
from qtctl.dialects.compose.load import Project
from qtctl.dialects.compose.values import Table, Text
from qtctl.dialects.paths import normalize
from qtctl.dialects.systemd.envfile import write_env_line
from qtctl.errors import InputError
from qtctl.findings.finding import Severity
from qtctl.rules.registry.addresses import QT101
from qtctl.rules.registry.secrets import QT109

Value = Any
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_NAME = re.compile(r"[^A-Za-z0-9]+")
HOST_NAMES_SINCE = 258
"""The first systemd that gives a service its own host name."""
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - what Docker publishes on where the file does not say


@dataclass(slots=True)
class Parts:
    """The parts of the service `name` in a project."""

    adopting: Shared
    name: str
    reading: Reading
    project: Project
    hiding: Hiding = field(init=False)

    def __post_init__(self) -> None:
        self.hiding = Hiding(self.adopting.ledger.secrets)

    def read_run(self) -> str:
        """How it is run: known, unsure (an entry point in the image?), unknown, or external: by a foreign image."""
        values, reading = self.reading.values, self.reading
        entrypoint, command = values.get("entrypoint"), values.get("command")
        said = [key for key in ("entrypoint", "command") if key in reading.service.lines]
        attributes = [each for key in said for each in list_attributes(key, reading.service[key])]
        argv = (*(entrypoint or ()), *(command or ()))
        for key in ("entrypoint", "command"):
            self._cut(key)
        if not argv or argv[0].startswith("-") or not argv[0]:
            why = "are arguments of a program that only the image names" if argv else "leaves the program to the image"
            reading.leave(why, *attributes, to_do="give it [run]", is_open=bool(argv))
            if not values.get("build"):
                return "external"
            what = "has its command in its image: it is declared retired until someone says how it is started"
            at = reading.service.place
            self.adopting.ledger.tell(self.name, what, "give it [run], and a state", at=at, severity=Severity.WARNING)
            return "unknown"
        self._add_argv(argv, attributes)
        if entrypoint is not None or argv[0].startswith("/"):
            if entrypoint is None:
                self._add_entry_point(is_open=False)
            return "known"
        self._add_entry_point(is_open=True)
        return "unsure"

    def _cut(self, key: str) -> None:
        """Compose drops whatever follows a `;`, `&`, `|`, `<` or `>`."""
        text = self.reading.service.get(key)
        found = shell.split(text) if isinstance(text, str) else None
        if found is not None and found[1]:
            what = f"{key}: Compose passes on only what is before {found[1][0]}"
            self.adopting.ledger.tell(
                self.name, what, "write it as a list, with a shell", at=self.reading.service.line_of(key)
            )

    def _add_entry_point(self, *, is_open: bool) -> None:
        what = "has a command and no entrypoint: if the image has an entry point, that comes before the command"
        severity = Severity.WARNING if is_open else Severity.INFO
        to_do = "look at ENTRYPOINT of the image"
        if is_open:
            to_do += ", put it before the command in [run], and set state to running"
        at = self.reading.service.line_of("command")
        self.adopting.ledger.tell(self.name, what, to_do, at=at, severity=severity)

    def _add_argv(self, argv: tuple[str, ...], attributes: list[str]) -> None:
        argv = (_simplify_program(argv[0]), *argv[1:])
        line = self.hiding.make_line(argv)
        if line is not None:
            self.reading.put("run.kind", "exec")
            self.reading.put("run.lines", [line], *attributes)
        elif argv[0].startswith("/"):
            self.reading.put("run.kind", "command")
            self.reading.put("run.argv", list(argv), *attributes)
        else:
            self.reading.put("run.kind", "exec")
            self.reading.put("run.lines", [" ".join(map(quote_argument, argv))], *attributes)

    def choose_state(self, run: str, count: int) -> tuple[str, str]:
        if run == "unknown":
            return "retired", "The file does not say its command, which is in its image."
        if count == 0:
            return "stopped", "The compose file asks for no replica of it."
        if self.name not in self.project.enabled:
            profiles = ", ".join(map(str, self.reading.service.get("profiles") or ()))
            return "stopped", self.adopting.mask(f"Only in the profiles {profiles}, none of which was given.")
        if run == "unsure":
            return "stopped", "The image may have an entry point, which would stand before the command."
        return "running", ""

    def complete(self) -> None:
        """Others wait until it has ended successfully."""
        self.reading.put("type", "oneshot")
        self.reading.put("remain_after_exit", True)
        restart = self.reading.table.get("restart", {})
        if restart.get("restart") == "always":
            attributes = self.reading.origins.pop(("restart", "restart"), [])
            del restart["restart"]
            self.reading.leave("would restart a service whose end others wait for", *attributes)

    def read_environment(self) -> None:
        reading, attributes = self.reading, self._map_variables()
        environment = {**self.project.environments[self.name], **dict.fromkeys(self._list_unknown())}
        fitting = {key: value for key, value in environment.items() if self._is_writable(key, value)}
        odd = [name for name in environment if name not in fitting]
        foreign = self.project.foreign.get(self.name, frozenset())
        self.hiding.take(fitting, foreign)
        for name, attribute in attributes.items():
            if name in self.hiding.env:
                reading.note_typed(attribute)
            elif name in self.hiding.names:
                reading.fates[attribute] = Fate.SECRET
        reading.leave(
            "are variables that systemd cannot put in an env file",
            *(attributes.get(name, f"environment.{name}") for name in odd),
            to_do="see whether the program reads them from a file of its own",
            is_open=True,
        )
        self._add_env_files()
        if self.hiding.env:
            reading.put("env", dict(self.hiding.env))
        if self.hiding.names:
            reading.put("secrets.env_file", self.secret_file())
            reading.put("secrets.keys", sorted(self.hiding.names))
        if foreign:
            names = ", ".join(sorted(foreign & fitting.keys()))
            what = f"an env file outside the folder of the project has these, and only their names were copied: {names}"
            remedy = f"put them into {self.secret_file()} on the host, or into env"
            self.adopting.ledger.tell(self.name, what, remedy, at=reading.service.line_of("env_file"))
        if self.hiding.literal:
            names = ", ".join(sorted(self.hiding.literal))
            what = f"has literal secrets; only their names were copied: {names}"
            remedy = f"put them into {self.secret_file()} on the host, and change them"
            self.adopting.ledger.note_error(QT109, self.name, what, remedy, at=reading.service.place)

    def _list_unknown(self) -> Iterator[str]:
        """Variables that have no value here because it came from other variables."""
        own = self.reading.service.get("environment")
        entries = own.items() if isinstance(own, Table) else ((str(each).partition("=")[0], each) for each in own or ())
        return (name for name, value in entries if isinstance(value, Text) and value.unset)

    def _map_variables(self) -> dict[str, str]:
        """Variable → the attribute that sets it."""
        own = self.reading.service.get("environment")
        if isinstance(own, list):
            return {str(each).partition("=")[0]: f"environment[{number}]" for number, each in enumerate(own)}
        return {name: f"environment.{name}" for name in own or ()}

    def _is_writable(self, name: str, value: str | None) -> bool:
        if not _ENV_NAME.fullmatch(name):
            return False
        try:
            write_env_line(name, value or "")
        except InputError:
            return False
        return True

    def _add_env_files(self) -> None:
        if "env_file" not in self.reading.service.lines:
            return
        missing = {each.path for each in self.project.missing if each.service == self.name}
        for number, entry in enumerate(self.reading.service["env_file"]):
            attribute = f"env_file[{number}]"
            if str(entry.get("path")) in missing:
                self.reading.leave(
                    "is a file that does not exist: its variables are not adopted",
                    attribute,
                    to_do="put its variables into env, and the names of its secrets into secrets.keys",
                    is_open=True,
                )
            else:
                self.reading.note_typed(attribute)

    def secret_file(self) -> str:
        return f"/etc/{self.adopting.fleet}/{self.reading.name}.secret.env"

    def read_ports(self, count: int) -> None:
        ports: dict[str, Value] = {}
        attributes = list(list_attributes("ports", self.reading.service.get("ports") or []))
        for attribute, port in zip(attributes, self.reading.service.get("ports") or (), strict=False):
            self._add_port(port, attribute, ports, count)
        if ports:
            self.reading.put("ports", ports, *(each for each in attributes if each not in self.reading.fates))

    def _add_port(self, port: Table, attribute: str, ports: dict[str, Value], count: int) -> None:
        published, protocol = str(port.get("published") or ""), str(port.get("protocol") or "tcp")
        number = int(published) if published.isdecimal() and published.isascii() else 0
        raw = self.adopting.mask(port.short.raw if port.short is not None else f"{published}:{port.get('target')}")
        if not number > 0 or protocol not in ("tcp", "udp"):
            self.reading.leave(f"({raw}) is not a fixed port of tcp or udp", attribute, to_do="set ports")
        elif count > 1:
            what = f"({raw}) would be one port for {count} instances"
            self.reading.leave(what, attribute, to_do="give each instance a port of its own", is_open=True)
        else:
            address = str(port.get("host_ip") or ALL_ADDRESSES)
            self._add_listen(number, protocol, address, attribute, port, ports)

    def _add_listen(  # noqa: PLR0917 - what a port is
        self, number: int, protocol: str, address: str, attribute: str, port: Table, ports: dict[str, Value]
    ) -> None:
        owner = self._find_owner(number, protocol, address)
        if owner not in ("", self.name):
            what = f"publishes {number}/{protocol}, as {owner} does: its port was not declared"
            place = port.short.place if port.short is not None else port.place
            self.adopting.ledger.note_error(QT101, self.name, what, "give it another", at=place)
            self.reading.leave(f"is the port {number}/{protocol} of {owner}", attribute)
            return
        self.adopting.taken[protocol, number, address] = self.name
        key = f"p{number}{'' if protocol == 'tcp' else f'-{protocol}'}"
        if key in ports:
            key = f"{key}-{_NAME.sub('-', address).strip('-') or 'any'}"
        listen = f"[{address}]" if ":" in address else address
        target = port.get("target")
        ports[key] = {
            "listen": f"{listen}:{number}",
            **({"protocol": protocol} if protocol != "tcp" else {}),
            **({"summary": f"{target} inside the container"} if str(target) != str(number) else {}),
        }

    def _find_owner(self, number: int, protocol: str, address: str) -> str:
        """The service that already has the port, on this address or on all of them."""
        for (kind, other, where), owner in self.adopting.taken.items():
            both = where == address or _is_all(where) or _is_all(address)
            if (kind, other) == (protocol, number) and both and (owner != self.name or where == address):
                return owner
        return ""

    def read_order(self) -> None:
        order: dict[str, list[str]] = {}
        said = "depends_on" in self.reading.service.lines
        for name, dependency in (self.reading.service.get("depends_on") or {}).items():
            completed = dependency.get("condition") == "service_completed_successfully"
            order.setdefault("after", []).append(name)
            order.setdefault("requires" if completed else "wants", []).append(name)
            if dependency.get("restart") in (True, "true") and said:
                order.setdefault("part_of", []).append(name)
            self._add_dependency(name, dependency)
        if order:
            self.reading.put("order", order)

    def _add_dependency(self, name: str, dependency: Table) -> None:
        written = [
            each
            for each in list_attributes(f"depends_on.{name}", dependency)
            if "depends_on" in self.reading.service.lines
        ]
        healthy = f"depends_on.{name}.condition"
        if dependency.get("condition") == "service_healthy" and healthy in written:
            what = f"waited until {name} was healthy; a unit waits until it has started"
            self.reading.leave(what, healthy, to_do=f"give {name} type notify, or let this service try again")
            written.remove(healthy)
        self.reading.note_typed(*written)
        if "links" in self.reading.service.lines:
            links = self.reading.values.get("links", ())
            plain = [f"links[{number}]" for number, each in enumerate(links) if each == name]
            self.reading.note_typed(*plain)

    def read_host(self, systemd: int) -> None:
        reading = self.reading
        if "hostname" in reading.service.lines and systemd >= HOST_NAMES_SINCE:
            reading.put("sandbox.protect_hostname", f"private:{reading.values['hostname']}", "hostname")
        if "extra_hosts" not in reading.service.lines:
            return
        attributes = reading.list_unsettled("extra_hosts")
        entries = [str(each).partition("=") for each in reading.values.get("extra_hosts", ())]
        by_name = {name: address for name, _, address in entries}
        for attribute, name in zip(attributes, _list_host_names(reading.service["extra_hosts"]), strict=False):
            address = by_name.get(name, "")
            if self._add_alias(name, address):
                reading.note_typed(attribute)
            else:
                to_do = "see that the name resolves on the host"
                reading.leave("is not one name with one address for the whole host", attribute, to_do=to_do)

    def _add_alias(self, name: str, address: str) -> bool:
        try:
            ip_address(address)
        except ValueError:
            return False
        if not _HOST_NAME.fullmatch(name) or "%" in address:
            return False
        return self.adopting.aliases.setdefault(name, address) == address

    def read_notes(self) -> None:
        """What stays with the service as a text, for a person to act on."""
        reading, values = self.reading, self.reading.values
        if "image" in reading.service.lines:
            reading.note(f"Image: {values.get('image', '')}. Install its program on the host.", "image")
        if "build" in reading.service.lines:
            build = values["build"]
            file = build.get("dockerfile", "")
            reading.note(
                f"Built in {build.get('context', '')}{f', {file}' if file else ''}. Install its program on the host.",
                *reading.list_unsettled("build"),
            )
        for number, each in enumerate(values.get("volumes", ())):
            attribute = list(list_attributes("volumes", reading.service["volumes"]))[number]
            mode = " (read only)" if each.get("read_only") else ""
            source = each.get("source") or each.get("type", "anonymous")
            reading.note(f"Volume: {source} at {each.get('target', '')}{mode}. Move what it holds.", attribute)
        if "profiles" in reading.service.lines:
            profiles = ", ".join(map(str, values.get("profiles", ())))
            attributes = reading.list_unsettled("profiles")
            reading.note(f"Only in profiles {profiles}", *attributes)
        if "container_name" in reading.service.lines:
            reading.note_typed("container_name")


def _is_all(address: str) -> bool:
    return address in (ALL_ADDRESSES, "::")


def _list_host_names(value: Value) -> Iterator[str]:
    for each in value:
        text = str(each)
        yield text.partition("=" if "=" in text else ":")[0]


def _simplify_program(path: str) -> str:
    """Its plain path, since a registry cannot have `..`: its meaning inside the container, without links."""
    if ".." not in path.split("/"):
        return path
    return normalize(path) if path.startswith("/") else normalize(path).removeprefix("/")
