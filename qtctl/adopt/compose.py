"""Compose projects → services and externals of a registry. The ledger says what became of each attribute."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError

from qtctl.adopt.adoption import AdoptedUnit, Fate, FileFate, FileKind
from qtctl.adopt.compose_health import read_healthcheck
from qtctl.adopt.compose_keys import HANDLERS, allow_low_ports
from qtctl.adopt.compose_parts import Parts
from qtctl.adopt.compose_reading import NO_COUNTERPART, Left, Reading, list_attributes
from qtctl.adopt.compose_reasons import OPEN, REASONS, TOP
from qtctl.adopt.compose_resources import read_limits, read_replicas, read_restart
from qtctl.adopt.compose_shared import Shared
from qtctl.adopt.names import make_allowed
from qtctl.adopt.registry import POLICY, HostFacts, build_hosts_entry
from qtctl.dialects.compose.load import Project
from qtctl.dialects.compose.values import Table as Attributes
from qtctl.dialects.paths import has_control
from qtctl.dialects.wording import join_some
from qtctl.errors import Place
from qtctl.findings.finding import Severity
from qtctl.model.service import Service

Table = dict[str, Any]
COMPLETED = "service_completed_successfully"
_ANY_TEXT = frozenset({"summary", "why", "notes", "run", "env", "commands"})
SHOWN = 200
"""How many attributes one line of the report names."""


@dataclass(slots=True)
class Adopting(Shared):
    """One adoption of several projects. `names`: compose service → its name in the registry."""

    names: dict[str, str] = field(default_factory=dict)
    services: dict[str, Table] = field(default_factory=dict)
    externals: dict[str, Table] = field(default_factory=dict)
    legacy: dict[str, Table] = field(default_factory=dict)
    units: list[AdoptedUnit] = field(default_factory=list)

    def take(self, project: Project) -> None:
        """Take all services of a project; one that an earlier project already has stays with that."""
        dispositions: Table = {}
        self.ledger.note_file(FileFate(project.file, FileKind.COMPOSE, "", taken=True, why="read"))
        for error in project.refused:
            at = error.place or Place(project.file)
            what = f"Compose refuses this: {self.mask(error.what)}"
            self.ledger.tell(project.name, what, error.hint, at=at, severity=Severity.WARNING)
        if project.unset:
            what = f"these variables have no value, and were replaced by an empty string: {', '.join(project.unset)}"
            self.ledger.tell(
                project.name, what, "set them in .env, with --env-file or in the shell", at=Place(project.file)
            )
        needed = find_awaited(project)
        for name, service in project.list_services().items():
            dispositions[name] = _build_disposition(service)
            if name not in self.names:
                self.names[name] = _find_free_name(make_allowed(name), self.names.values())
                self._adopt_service(name, service, project, completed=name in needed)
            else:
                self._adopt_repeated(name, service, project)
            dispositions[name]["to"] = [self.names[name]]
        self._note_resources(project)
        file = PurePosixPath(project.file).name
        path = f"legacy/{make_allowed(file.removesuffix('.yml').removesuffix('.yaml'))}.toml"
        path = path if path not in self.legacy else f"legacy/{make_allowed(project.file)}.toml"
        self.legacy[path] = {"compose": file, "services": dispositions}

    def _adopt_repeated(self, name: str, service: Attributes, project: Project) -> None:
        what = f"is also in an earlier file, which was adopted; {project.file} adds only its disposition"
        self.ledger.tell(name, what, at=service.place)
        for key in service.lines:
            for attribute in list_attributes(key, service.get(key)):
                self._note_fate(name, attribute, Fate.COPY, service.line_of(key), project)

    def _adopt_service(self, name: str, service: Attributes, project: Project, *, completed: bool) -> None:
        parts, run, count = self.read(name, service, project, completed=completed)
        self.leave_rest(parts.reading)
        self._finish(name, parts, run, count, project)

    def read(self, name: str, service: Attributes, project: Project, *, completed: bool) -> tuple[Parts, str, int]:
        """Read the keys of a service: its parts, how it is run, and the number of replicas."""
        reading = Reading(self.fleet, self.names[name], service, dict(project.values[name]))
        parts = Parts(self, name, reading, project)
        run = parts.read_run()
        parts.read_environment()
        count = read_replicas(reading)
        parts.read_ports(count)
        parts.read_order()
        read_limits(reading)
        read_restart(reading)
        if completed:
            parts.complete()
        for key in reading.list_given():
            handler = HANDLERS.get(key)
            if handler is not None and reading.list_unsettled(key):
                handler(reading)
        parts.read_host(self.systemd)
        if "healthcheck" in service.lines:
            read_healthcheck(reading)
        allow_low_ports(reading)
        parts.read_notes()
        return parts, run, count

    def leave_rest(self, reading: Reading) -> None:
        """Everything without a key, each with the reason."""
        for key in reading.list_given():
            rest = reading.list_unsettled(key)
            why, to_do = REASONS.get(key, (NO_COUNTERPART, ""))
            if key.startswith("x-"):
                why, to_do = "is an extension, which Compose ignores", ""
            reading.leave(why, *rest, to_do=to_do, is_open=key in OPEN)

    def _finish(self, name: str, parts: Parts, run: str, count: int, project: Project) -> None:
        reading, service = parts.reading, parts.reading.service
        state, why = parts.choose_state(run, count)
        if run == "external":
            entry = self._adopt_external(parts, state, why)
        else:
            reading.table = {
                "summary": self.mask(f"Was the container {reading.values.get('container_name') or name}."),
                "state": state,
                **({"why": why} if why else {}),
                "notes": "\n".join(map(self.mask, reading.notes)),
                **reading.table,
            }
            self._adopt_template(reading, count)
            self.fit(reading)
            self.services[reading.name] = {key: value for key, value in reading.table.items() if value not in ("", {})}
            entry = f"services/{reading.name}.toml"
        for left in reading.left:
            self._tell(name, left)
        for attribute, fate in reading.fates.items():
            key = attribute.partition(".")[0].partition("[")[0]
            self._note_fate(name, attribute, fate, service.line_of(key), project)
        typed = sum(fate in (Fate.TYPED, Fate.SECRET) for fate in reading.fates.values())
        template = "@" if "instances" in reading.table else ""
        unit = f"{reading.name}.service" if run == "external" else f"{self.fleet}-{reading.name}{template}.service"
        rest = len(reading.fates) - typed
        self.units.append(AdoptedUnit(unit, entry, service.place.file or project.file, state, typed, 0, rest))

    def _adopt_external(self, parts: Parts, state: str, why: str) -> str:
        """Only ports and state are declared if only the image knows the rest; that is a line of the report.

        What Compose does not start stays stopped, and its absence is no finding.
        """
        reading = parts.reading
        image = reading.values.get("image") or parts.name
        external: Table = {"summary": self.mask(f"Was the container of {image}.")}
        if state != "running":
            external |= {"state": state, "enabled": False, "why": why}
        if reading.table.get("ports"):
            external["ports"] = reading.table["ports"]
        self.externals[reading.name] = external
        kept = {"image", *(each for keys, those in reading.origins.items() if keys[0] == "ports" for each in those)}
        moved = [each for each, fate in reading.fates.items() if fate is not Fate.REPORTED and each not in kept]
        reading.note_typed("image")
        for key in dict.fromkeys(each.partition(".")[0].partition("[")[0] for each in moved):
            those = [each for each in moved if each.partition(".")[0].partition("[")[0] == key]
            reading.leave("belongs to the container of a foreign image", *those, to_do="see that its unit says so")
        self.ledger.tell(
            parts.name,
            "runs the program of its image: it was declared as an external",
            "say which unit of the host it is now",
            at=reading.service.place,
        )
        return f"externals.toml#{reading.name}"

    def _adopt_template(self, reading: Reading, count: int) -> None:
        if count > 1:
            reading.table["unit"] = f"{self.fleet}-{reading.name}@.service"

    def fit(self, reading: Reading) -> None:
        """Repeatedly remove what no registry can express."""
        for keys in [keys for keys, value in _list_settings(reading.table) if not _is_setting(value)]:
            self._drop_unfit(reading, keys)
        for _ in range(len(reading.origins) + 1):
            try:
                Service.model_validate(reading.table)
            except ValidationError as error:
                for each in error.errors():
                    self._drop_unfit(reading, tuple(str(part) for part in each["loc"]))
            else:
                return

    def _drop_unfit(self, reading: Reading, where: tuple[str, ...]) -> None:
        keys = next((where[:size] for size in range(len(where), 0, -1) if where[:size] in reading.origins), where[:1])
        table: Any = reading.table
        for key in keys[:-1]:
            table = table.get(key, {})
        table.pop(keys[-1], None)
        attributes = reading.origins.pop(keys, [])
        reading.leave(
            "is a value that systemd does not accept", *attributes, to_do=f"set {'.'.join(keys)}", is_open=True
        )

    def _tell(self, name: str, left: Left) -> None:
        names = join_some(left.attributes, SHOWN)
        severity = Severity.WARNING if left.open else Severity.INFO
        self.ledger.tell(name, self.mask(f"{names}: {left.why}"), left.to_do, at=left.place, severity=severity)

    def _note_fate(self, name: str, attribute: str, fate: Fate, place: Place, project: Project) -> None:
        self._note_attribute(place, fate, f"services.{name}.{attribute}", project)

    def _note_attribute(self, place: Place, fate: Fate, what: str, project: Project) -> None:
        """Noted in the file that has it: included, extended and merged ones are separate files."""
        path = place.file or project.file
        if path not in self.ledger.files:
            self.ledger.note_file(FileFate(path, FileKind.COMPOSE, "", taken=True, why=f"read with {project.file}"))
        self.ledger.note_attribute(path, place.line or 1, fate, what)

    def _note_resources(self, project: Project) -> None:
        """What there is besides `services`."""
        for key, value in project.model.items():
            if key == "services" or key not in project.model.lines:
                continue
            why, to_do = TOP.get(key, ("is an extension, which Compose ignores", ""))
            attributes = tuple(f"{key}.{name}" for name in value) if isinstance(value, Attributes) and value else (key,)
            if key in ("secrets", "configs", "volumes", "networks") or not key.startswith("x-"):
                place = project.model.line_of(key)
                self._tell(key, Left(attributes, why, to_do, place))
                for attribute in attributes:
                    self._note_attribute(place, Fate.REPORTED, attribute, project)
            else:
                self._tell(key, Left(attributes[:1], why, to_do, project.model.line_of(key)))
                self._note_attribute(project.model.line_of(key), Fate.REPORTED, key, project)

    def make_documents(self, host: HostFacts) -> dict[str, Table]:
        """Path → document of the registry."""
        live = {name for name, table in self.services.items() if table["state"] == "running"}
        for table in self.services.values():
            _rename(table, self.fleet, self.names, live | self.externals.keys(), self.services)
        aliases: Table = {}
        for name, address in self.aliases.items():
            aliases.setdefault(address, []).append(name)
        entry = {**build_hosts_entry(host), **({"hosts_file": {"aliases": aliases}} if aliases else {})}
        return {
            "fleet.toml": _build_fleet(self.fleet, host),
            "hosts.toml": {host.name: entry},
            "policy.toml": dict(POLICY),
            **{f"services/{name}.toml": table for name, table in self.services.items()},
            **({"externals.toml": self.externals} if self.externals else {}),
            **self.legacy,
        }


def _list_settings(table: Table, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Texts that systemd reads: keys and values. Words of commands, variables and notes may be any text."""
    for key, value in table.items():
        keys = (*above, key)
        if keys[0] in _ANY_TEXT:
            continue
        if isinstance(value, dict):
            yield from _list_settings(value, keys)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield keys, each


def _is_setting(value: str) -> bool:
    return bool(value) and value == value.strip() and not has_control(value)


def find_awaited(project: Project) -> set[str]:
    """Services that others wait for until they have ended successfully."""
    return {
        name
        for service in project.list_services().values()
        for name, dependency in (service.get("depends_on") or {}).items()
        if dependency.get("condition") == COMPLETED
    }


def _build_disposition(service: Attributes) -> Table:
    fixed = [str(port.get("published") or "") for port in service.get("ports") or ()]
    ports = {each: each for each in fixed if each.isdecimal() and int(each)}
    said = {"is": "mapped", "to": [], "why": "Adopted under its own name."}
    return {**said, **({"ports": ports} if ports else {})}


def _rename(table: Table, fleet: str, names: Mapping[str, str], known: set[str], services: Mapping[str, Table]) -> None:
    order = table.get("order", {})
    gone = sorted({names.get(name, name) for those in order.values() for name in those} - known)
    if gone:
        table["notes"] = "\n".join([*filter(None, [table.get("notes")]), f"Depends on {', '.join(gone)}"])
    for key, those in list(order.items()):
        order[key] = [unit for name in those if names.get(name) in known
                      for unit in _list_units(names[name], fleet, services)]  # fmt: skip
        if not order[key]:
            del order[key]
    if "order" in table and not order:
        del table["order"]


def _list_units(name: str, fleet: str, services: Mapping[str, Table]) -> Iterator[str]:
    """A service by name; a template by all its instances."""
    instances = services.get(name, {}).get("instances", ())
    yield from ((f"{fleet}-{name}@{each}.service" for each in instances) if instances else (name,))


def _build_fleet(fleet: str, host: HostFacts) -> Table:
    return {
        "name": fleet,
        "summary": f"Adopted from compose files. Guessed, to be corrected in hosts.toml: {', '.join(host.guessed)}.",
        "unit_prefix": f"{fleet}-",
        "unit_patterns": [f"{fleet}-*"],
        "env_dir": f"/etc/{fleet}",
        "defaults": {"user": fleet, "group": fleet, "code": f"/srv/{fleet}", "sandbox": {"profile": "default"}},
    }


def _find_free_name(name: str, taken: Iterable[str]) -> str:
    there, number, free = set(taken), 2, name
    while free in there:
        free, number = f"{name}-{number}", number + 1
    return free
