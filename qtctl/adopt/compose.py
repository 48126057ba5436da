"""Compose services → services and externals of a registry, as far as systemd has words for what they say."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from qtctl.adopt.adoption import AdoptedUnit, FileFate, FileKind
from qtctl.adopt.compose_secrets import Hiding, argument
from qtctl.adopt.ledger import Book
from qtctl.adopt.names import allowed
from qtctl.adopt.registry import POLICY, HostFacts, hosts_entry
from qtctl.adopt.suspect import without
from qtctl.dialects.compose.environment import Environment
from qtctl.dialects.compose.types import Compose, ComposeService, PortKind, Published
from qtctl.dialects.paths import normal
from qtctl.dialects.secrets import masked
from qtctl.errors import Place
from qtctl.findings.finding import Severity
from qtctl.rules.registry.addresses import QT101
from qtctl.rules.registry.secrets import QT109

Table = dict[str, Any]
_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([bkmgt]?)i?b?", re.IGNORECASE)
_CPUS = re.compile(r"[0-9]+(\.[0-9]+)?")
_RESTARTS = {"always": "always", "unless-stopped": "always", "no": "no", "on-failure": "on-failure"}
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(slots=True)
class Adopting:
    """One adoption of several files. `names`: compose service → what it is called here; `taken`: ports by number."""

    fleet: str
    book: Book
    names: dict[str, str] = field(default_factory=dict)
    taken: dict[tuple[str, int], str] = field(default_factory=dict)
    services: dict[str, Table] = field(default_factory=dict)
    externals: dict[str, Table] = field(default_factory=dict)
    legacy: dict[str, Table] = field(default_factory=dict)
    units: list[AdoptedUnit] = field(default_factory=list)

    def take(self, compose: Compose, environments: Mapping[str, Environment]) -> None:
        """All services of a file; one that an earlier file has is that one's."""
        dispositions: Table = {}
        self.book.file(FileFate(compose.file, FileKind.COMPOSE, "", taken=True, why="read"))
        for service in compose.services:
            dispositions[service.name] = self._disposition(service)
            if service.name not in self.names:
                self.names[service.name] = _free(allowed(service.name), self.names.values())
                self._service(service, environments.get(service.name, {}), compose.file)
            else:
                what = f"is in an earlier file too, which was taken; {compose.file} adds only its disposition"
                self.book.tell(service.name, what, at=Place(compose.file, service.line))
            dispositions[service.name]["to"] = [self.names[service.name]]
        name = PurePosixPath(compose.file).name
        path = f"legacy/{allowed(name.removesuffix('.yml').removesuffix('.yaml'))}.toml"
        path = path if path not in self.legacy else f"legacy/{allowed(compose.file)}.toml"
        self.legacy[path] = {"compose": name, "services": dispositions}

    def _disposition(self, service: ComposeService) -> Table:
        ports = {str(each.published): str(each.published) for each in service.ports if each.kind is PortKind.FIXED}
        said = {"is": "mapped", "to": [], "why": "Adopted under its own name."}
        return {**said, **({"ports": ports} if ports else {})}

    def _service(self, service: ComposeService, environment: Environment, file: str) -> None:
        name = self.names[service.name]
        argv = command(service)
        hiding = Hiding(self.book.secrets)
        hiding.take({key: value for key, value in environment.items() if _ENV_NAME.fullmatch(key)})
        line = hiding.line((_program(argv[0]), *argv[1:])) if argv else None
        ports = self._ports(service, file)
        at = Place(file, service.line)
        if argv is None and service.build is None:
            summary = self._shown(f"Was the container of {service.image or service.name}.")
            self.externals[name] = {"summary": summary, "ports": ports} if ports else {"summary": summary}
            what = "runs the program of its image: it was declared as an external"
            self.book.tell(service.name, what, "say which unit of the host it is now", at=at)
            self.units.append(AdoptedUnit(f"{name}.service", f"externals.toml#{name}", file, "running", len(ports), 0))
            return
        table = {
            "summary": self._shown(f"Was the container {service.container_name or service.name}."),
            **_running(argv),
            "notes": "\n".join(map(self._shown, _notes(service))),
            **({"run": run(argv, line)} if argv else {}),
            **({"ports": ports} if ports else {}),
            **self._environment(service, hiding, at),
            **_order(service),
            **self._limits(service, at),
            **_restart(service),
        }
        if argv is None:
            what = "has its command in its image: it is declared retired until somebody says how it is started"
            self.book.tell(service.name, what, "give it [run], and a state", at=at, severity=Severity.WARNING)
        self.services[name] = {key: value for key, value in table.items() if value not in ("", {})}
        said = sum(len(table[key]) for key in ("ports", "env", "order", "limits", "restart") if key in table)
        unit = f"{self.fleet}-{name}.service"
        self.units.append(AdoptedUnit(unit, f"services/{name}.toml", file, table["state"], said + bool(argv), 0))

    def _ports(self, service: ComposeService, file: str) -> Table:
        found: Table = {}
        for port in service.ports:
            if port.kind is not PortKind.FIXED or port.published is None or port.protocol not in ("tcp", "udp"):
                self.book.tell(
                    service.name, f"port {self._shown(port.raw)} is not fixed by the file", at=Place(file, port.line)
                )
                continue
            owner = self.taken.setdefault((port.protocol, port.published), service.name)
            if owner != service.name:
                what = f"publishes {port.published}/{port.protocol}, as {owner} does: its port was not declared"
                self.book.error(QT101, service.name, what, "give it another", at=Place(file, port.line))
                continue
            found[f"p{port.published}{'' if port.protocol == 'tcp' else '-udp'}"] = _port(port)
        return found

    def _environment(self, service: ComposeService, hiding: Hiding, at: Place) -> Table:
        if hiding.literal:
            names = ", ".join(sorted(hiding.literal))
            what = f"has secrets written down, of which only the names were copied: {names}"
            remedy = f"put them into {self._secret_file(service)} on the host, and change them"
            self.book.error(QT109, service.name, what, remedy, at=at)
        secrets = {"env_file": self._secret_file(service), "keys": sorted(hiding.names)}
        env = {"env": hiding.env} if hiding.env else {}
        return {**env, **({"secrets": secrets} if hiding.names else {})}

    def _shown(self, text: str) -> str:
        """A text of the file as it may stand in a registry: URLs of images and of sources may hold passwords."""
        return without(masked(text), self.book.secrets)

    def _secret_file(self, service: ComposeService) -> str:
        return f"/etc/{self.fleet}/{self.names[service.name]}.secret.env"

    def _limits(self, service: ComposeService, at: Place) -> Table:
        limits = service.limits
        found: Table = {}
        memory, cpus = _MEMORY.fullmatch(limits.memory), _CPUS.fullmatch(limits.cpus)
        if memory:
            found["memory_max"] = f"{memory[1]}{memory[2].upper().replace('B', '')}"
        if cpus:
            found["cpu_quota"] = f"{float(limits.cpus) * 100:g}%"
        if limits.pids.isdecimal() and int(limits.pids):
            found["tasks_max"] = int(limits.pids)
        for what, text, fits in (("memory", limits.memory, memory), ("cpus", limits.cpus, cpus)):
            if text and not fits:
                self.book.tell(service.name, f"its limit of {what} is no figure: it was left out", at=at)
        return {"limits": found} if found else {}

    def documents(self, host: HostFacts) -> dict[str, Table]:
        """Path → document of the registry."""
        live = {name for name, table in self.services.items() if table["state"] != "retired"}
        for table in self.services.values():
            _rename(table, self.names, live | self.externals.keys())
        return {
            "fleet.toml": _fleet(self.fleet, host),
            "hosts.toml": {host.name: hosts_entry(host)},
            "policy.toml": dict(POLICY),
            **{f"services/{name}.toml": table for name, table in self.services.items()},
            **({"externals.toml": self.externals} if self.externals else {}),
            **self.legacy,
        }


def command(service: ComposeService) -> tuple[str, ...] | None:
    """What is run: None where only the image says it, or the file has arguments alone."""
    words = (*(service.entrypoint or ()), *(service.command or ()))
    return words if words and not words[0].startswith("-") else None


def run(argv: tuple[str, ...], line: str | None) -> Table:
    """A program without a path is looked for by systemd, where it looks for programs. `line`: in place of `argv`."""
    if line is not None:
        return {"kind": "exec", "lines": [line]}
    argv = (_program(argv[0]), *argv[1:])
    if argv[0].startswith("/"):
        return {"kind": "command", "argv": list(argv)}
    return {"kind": "exec", "lines": [" ".join(map(argument, argv))]}


def _program(path: str) -> str:
    """Its plain path, since no registry can say one with `..`: what it means inside the container, without links."""
    if ".." not in path.split("/"):
        return path
    return normal(path) if path.startswith("/") else normal(path).removeprefix("/")


def _running(argv: tuple[str, ...] | None) -> Table:
    if argv:
        return {"state": "running"}
    return {"state": "retired", "why": "The file does not say its command, which is in its image."}


def _port(port: Published) -> Table:
    address = port.host_ip or "0.0.0.0"  # noqa: S104 - what Docker publishes on where the file does not say
    listen = f"[{address}]" if ":" in address else address
    return {
        "listen": f"{listen}:{port.published}",
        **({"protocol": port.protocol} if port.protocol != "tcp" else {}),
        **({"summary": f"{port.target} inside the container"} if port.target != port.published else {}),
    }


def _order(service: ComposeService) -> Table:
    names = [each.name for each in service.depends_on]
    needed = [each.name for each in service.depends_on if each.condition == "service_completed_successfully"]
    wanted = [name for name in names if name not in needed]
    order = {"after": names, "wants": wanted, "requires": needed}
    return {"order": {key: value for key, value in order.items() if value}} if names else {}


def _restart(service: ComposeService) -> Table:
    policy, _, most = service.restart.partition(":")
    if policy not in _RESTARTS:
        return {}
    more = {"start_limit_burst": int(most)} if most.isdecimal() and int(most) else {}
    return {"restart": {"restart": _RESTARTS[policy], **more}}


def _rename(table: Table, names: Mapping[str, str], known: set[str]) -> None:
    order = table.get("order", {})
    gone = sorted({names.get(name, name) for those in order.values() for name in those} - known)
    if gone:
        table["notes"] = "\n".join([*filter(None, [table.get("notes")]), f"Depends on {', '.join(gone)}"])
    for key, those in list(order.items()):
        order[key] = [names[name] for name in those if names.get(name) in known]
        if not order[key]:
            del order[key]
    if "order" in table and not order:
        del table["order"]


def _notes(service: ComposeService) -> Iterator[str]:
    """What the file says and no key does."""
    if service.image:
        yield f"Image: {service.image}"
    if service.build:
        yield f"Built in {service.build.context}{f', {service.build.dockerfile}' if service.build.dockerfile else ''}"
    for volume in service.volumes:
        yield f"Volume: {volume.source or 'anonymous'} at {volume.target}{f' ({volume.mode})' if volume.mode else ''}"
    if service.env_files:
        yield f"Environment from {', '.join(service.env_files)}"
    if service.healthcheck:
        yield "Had a healthcheck of its own."
    if service.profiles:
        yield f"Only in profiles {', '.join(service.profiles)}"
    if service.network_mode:
        yield f"Network mode: {service.network_mode}"


def _fleet(fleet: str, host: HostFacts) -> Table:
    return {
        "name": fleet,
        "summary": f"Adopted from compose files. Guessed, to be corrected in hosts.toml: {', '.join(host.guessed)}.",
        "unit_prefix": f"{fleet}-",
        "unit_patterns": [f"{fleet}-*"],
        "env_dir": f"/etc/{fleet}",
        "defaults": {"user": fleet, "group": fleet, "code": f"/srv/{fleet}", "sandbox": {"profile": "default"}},
    }


def _free(name: str, taken: Iterable[str]) -> str:
    there, number, free = set(taken), 2, name
    while free in there:
        free, number = f"{name}-{number}", number + 1
    return free
