"""Compose projects → every setting of their services, as adoption reads them: what a registry would have to say."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from qtctl.adopt.compose import Adopting, find_awaited
from qtctl.adopt.compose_health import find_asked
from qtctl.adopt.compose_parts import Parts
from qtctl.adopt.compose_reading import Left, Reading
from qtctl.adopt.compose_secrets import list_project_secrets
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.suspect import hide_known, looks_secret
from qtctl.dialects.arguments import mask_arguments
from qtctl.dialects.compose.load import Project
from qtctl.dialects.compose.values import Table, Text
from qtctl.dialects.systemd.exec_lines import read_commands
from qtctl.errors import Place
from qtctl.model.compose_settings import ComposeSetting, ComposeSettings, Dimension, SettingKind
from qtctl.model.secret import Secret
from qtctl.model.vocabulary import list_assignments, list_fields

Value = Any
_URL: Final = re.compile(r"http://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{1,5}))?(/[^\s'\"`$)]*)?")
"""A URL in a healthcheck that no health URL can express."""
_REDIS: Final = re.compile(r"(^|_)REDIS(_|$)|(^|_)STREAMS?(_|$)")
_ZONE_FILES: Final = ("/etc/localtime", "/etc/timezone")
_BY_TABLE: Final = {
    "user": Dimension.USERS, "group": Dimension.USERS, "supplementary_groups": Dimension.USERS,
    "sandbox": Dimension.USERS, "limits": Dimension.LIMITS, "slice": Dimension.LIMITS, "restart": Dimension.RESTART,
    "kill": Dimension.RESTART, "timeouts": Dimension.RESTART, "log": Dimension.LOGGING, "run": Dimension.COMMAND,
    "commands": Dimension.COMMAND, "secrets": Dimension.ENVIRONMENT, "instances": Dimension.SERVICES,
}  # fmt: skip
_BY_ATTRIBUTE: Final = {
    "environment": Dimension.ENVIRONMENT, "env_file": Dimension.ENVIRONMENT, "secrets": Dimension.ENVIRONMENT,
    "entrypoint": Dimension.COMMAND, "command": Dimension.COMMAND, "working_dir": Dimension.COMMAND,
    "post_start": Dimension.COMMAND, "pre_stop": Dimension.COMMAND, "configs": Dimension.VOLUMES,
    "volumes": Dimension.VOLUMES, "volumes_from": Dimension.VOLUMES, "tmpfs": Dimension.VOLUMES,
    "shm_size": Dimension.VOLUMES, "user": Dimension.USERS, "privileged": Dimension.USERS,
    "group_add": Dimension.USERS, "cap_add": Dimension.USERS, "cap_drop": Dimension.USERS,
    "security_opt": Dimension.USERS, "devices": Dimension.USERS, "pid": Dimension.USERS, "ipc": Dimension.USERS,
    "userns_mode": Dimension.USERS, "deploy": Dimension.LIMITS, "ulimits": Dimension.LIMITS,
    "cgroup_parent": Dimension.LIMITS, "memswap_limit": Dimension.LIMITS, "restart": Dimension.RESTART,
    "stop_signal": Dimension.RESTART, "init": Dimension.RESTART, "healthcheck": Dimension.HEALTH,
    "depends_on": Dimension.DEPENDENCIES, "links": Dimension.DEPENDENCIES, "external_links": Dimension.DEPENDENCIES,
    "logging": Dimension.LOGGING, "expose": Dimension.PORTS, "networks": Dimension.PORTS,
    "network_mode": Dimension.PORTS,
}  # fmt: skip
_READ_OTHERWISE: Final = frozenset(("env", "ports", "order", "type", "remain_after_exit", "instances"))
"""Tables and keys that are not directives, or that follow from other services."""


def read_settings(project: Project, systemd: int) -> ComposeSettings:
    """Every service of the project, whatever its profiles. Values that look like secrets, those of env files and those
    from outside the files are `Secret`s.
    """
    adopting = Adopting("qtctl", Ledger(), systemd)
    adopting.ledger.keep(frozenset(list_project_secrets(project)))
    awaited = find_awaited(project)
    adopting.names = {name: name for name in project.list_services()}
    found = {}
    for name, service in project.list_services().items():
        # A port is judged by who listens on it, not by which service of the file came first.
        adopting.taken.clear()
        parts, run, _ = adopting.read(name, service, project, completed=name in awaited)
        parts.reading.table = {"summary": name, "state": "stopped", **parts.reading.table}
        adopting.leave_rest(parts.reading)
        adopting.fit(parts.reading)
        found[name] = tuple(_Settings(parts, project, adopting).list(run))
    return ComposeSettings(found)


@cache
def _map_directives() -> Mapping[tuple[str, ...], str]:
    """Path of a key → the directive that it sets."""
    return {key.path: directive for (_, directive), key in list_fields("services").items()}


@dataclass(frozen=True, slots=True)
class _Settings:
    """The settings of one service that has been read."""

    parts: Parts
    project: Project
    adopting: Adopting

    @property
    def reading(self) -> Reading:
        return self.parts.reading

    def list(self, run: str) -> Iterator[ComposeSetting]:
        yield from self._list_command(run)
        yield from self._list_replicas()
        yield from self._list_directives()
        yield from self._list_variables()
        yield from self._list_volumes()
        yield from self._list_dependencies()
        yield from self._list_healthcheck()
        yield from (each for left in self.reading.left for each in self._list_left(left))

    def _find_line(self, place: Place) -> int:
        """1 if the place is in another file."""
        return (place.line or 1) if place.file == self.project.file else 1

    def _find_key_line(self, key: str) -> int:
        return self._find_line(self.reading.service.line_of(key))

    def _list_command(self, run: str) -> Iterator[ComposeSetting]:
        said = [key for key in ("entrypoint", "command") if key in self.reading.service.lines]
        line = self._find_key_line(said[0]) if said else self._find_line(self.reading.service.place)
        if run not in ("known", "unsure"):
            yield ComposeSetting(
                Dimension.COMMAND, SettingKind.IMAGE, "command", "ExecStart", line, further=tuple(said)
            )
            return
        table = self.reading.table["run"]
        words = tuple(table["argv"]) if "argv" in table else read_commands(table["lines"][0])[0].argv
        shown = self._mask(words)
        item, *further = said
        yield ComposeSetting(
            Dimension.COMMAND, SettingKind.COMMAND, item, "ExecStart", line, shown, further=(*further, "command")
        )

    def _mask(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words of a command, with known secrets and anything that looks like one masked."""
        known = self.adopting.ledger.secrets
        return tuple(hide_known(word, known) if known else word for word in mask_arguments(words))

    def _list_replicas(self) -> Iterator[ComposeSetting]:
        attributes = self.reading.origins.get(("instances",))
        if attributes:
            count = str(len(self.reading.table["instances"]))
            line = self._find_key_line(_get_key(attributes[0]))
            yield ComposeSetting(Dimension.SERVICES, SettingKind.REPLICAS, attributes[0], "instances", line, (count,))

    def _list_directives(self) -> Iterator[ComposeSetting]:
        for keys, attributes in self.reading.origins.items():
            directive = _map_directives().get(keys if keys[:2] != ("secrets", "credentials") else keys[:2])
            if keys[0] in _READ_OTHERWISE or directive is None or keys in (("run", "lines"), ("run", "argv")):
                continue
            value: Value = self.reading.table
            for key in keys:
                value = value.get(key, ()) if isinstance(value, dict) else ()
            if keys[0] == "secrets":
                value = {keys[-1]: value}
            if keys[0] == "commands":
                value = [" ".join(words) for words in value]
            values = tuple(text for _, text in list_assignments(directive, value))
            item, *further = attributes or (directive,)
            dimension = _BY_TABLE.get(keys[0], Dimension.SERVICES)
            if directive == "TemporaryFileSystem":
                dimension = Dimension.VOLUMES
            line = self._find_key_line(_get_key(item))
            yield ComposeSetting(
                dimension, SettingKind.DIRECTIVE, item, directive, line, values, further=tuple(further)
            )

    def _list_variables(self) -> Iterator[ComposeSetting]:
        lines = dict(self._map_variable_lines())
        hiding = self.parts.hiding
        for name in (*hiding.env, *hiding.names):
            value: str | Secret = hiding.env.get(name, "")
            if name in hiding.names or name not in lines or lines[name][1]:
                value = Secret(str(value))
            dimension = Dimension.ENVIRONMENT
            if name == "TZ":
                dimension = Dimension.TIMEZONE
            elif _REDIS.search(name) or (isinstance(value, str) and value.startswith(("redis://", "rediss://"))):
                dimension = Dimension.REDIS
            line = lines[name][0] if name in lines else self._find_key_line("env_file")
            values = ("secret",) if name in hiding.names else ()
            item = f"environment.{name}"
            yield ComposeSetting(dimension, SettingKind.VARIABLE, item, name, line, values, value)

    def _map_variable_lines(self) -> Iterator[tuple[str, tuple[int, bool]]]:
        """Variable of the file itself → its line, and whether its value comes from outside."""
        own = self.reading.service.get("environment")
        if isinstance(own, Table):
            for name, value in own.items():
                yield name, (self._find_line(own.line_of(name)), value is None or self._is_outside(value))
            return
        for each in own or ():
            line = self._find_line(getattr(each, "place", self.reading.service.line_of("environment")))
            yield str(each).partition("=")[0], (line, "=" not in str(each) or self._is_outside(each))

    def _is_outside(self, value: object) -> bool:
        """Whether it contains a variable of the shell or of an env file; a default belongs to the file."""
        return isinstance(value, Text) and any(name in self.project.used for name in value.variables)

    def _list_volumes(self) -> Iterator[ComposeSetting]:
        said = self.reading.service.get("volumes") or ()
        for number, each in enumerate(self.reading.values.get("volumes", ())):
            target, source = str(each.get("target", "")), str(each.get("source") or "")
            dimension = Dimension.TIMEZONE if target in _ZONE_FILES else Dimension.VOLUMES
            entry = said[number] if number < len(said) else None
            line = self._find_line(getattr(entry, "place", None) or self.reading.service.line_of("volumes"))
            mode = "ro" if each.get("read_only") else "rw"
            # The place of a project's folder is not part of the file.
            same, kind = source if source == target else "", str(each.get("type", ""))
            named = f" {source}" if kind == "volume" and source else ""
            shown = self.adopting.mask(f"{kind}{named} at {target} ({mode})")
            item = f"volumes.{target}"
            yield ComposeSetting(dimension, SettingKind.VOLUME, item, target, line, (same, mode), shown)

    def _list_dependencies(self) -> Iterator[ComposeSetting]:
        said = self.reading.service.get("depends_on") or {}
        order = self.reading.table.get("order", {})
        for name in said:
            relations = tuple(key for key, those in order.items() if name in those)
            line = self._find_line(said.line_of(name)) if isinstance(said, Table) else self._find_key_line("depends_on")
            item = f"depends_on.{name}"
            yield ComposeSetting(Dimension.DEPENDENCIES, SettingKind.DEPENDENCY, item, name, line, relations)

    def _list_healthcheck(self) -> Iterator[ComposeSetting]:
        reading = self.reading
        check = reading.values.get("healthcheck") or {}
        test = tuple(str(each) for each in check.get("test") or ())
        if "healthcheck" not in reading.service.lines or check.get("disable") or test[:1] in ((), ("NONE",)):
            return
        asked = find_asked(test, (self.parts.name, str(reading.values.get("container_name") or "")))
        key = f"{asked.port}{asked.path}" if asked else _find_url(test)
        words = self._mask(test)
        line = self._find_key_line("healthcheck")
        yield ComposeSetting(Dimension.HEALTH, SettingKind.HEALTHCHECK, "healthcheck", key, line, words,
                             further=("healthcheck.test",))  # fmt: skip

    def _list_left(self, left: Left) -> Iterator[ComposeSetting]:
        for attribute in left.attributes:
            key = _get_key(attribute)
            if key in ("ports", "volumes") or (key == "healthcheck" and _is_test(attribute)):
                continue
            if attribute.startswith(("entrypoint", "command")):
                continue
            kind = SettingKind.UNREAD if key == "env_file" else SettingKind.LEFT
            dimension = _BY_ATTRIBUTE.get(key, Dimension.SERVICES)
            why = self.adopting.mask(left.why)
            # Nobody has to settle the times of a check: they go with the check.
            to_do = "" if key == "healthcheck" else left.to_do
            yield ComposeSetting(dimension, kind, attribute, key, self._find_line(left.place), (), "", why, to_do)


def _is_test(attribute: str) -> bool:
    """The check itself; its times are separate settings."""
    return attribute == "healthcheck" or attribute.startswith("healthcheck.test")


def _get_key(attribute: str) -> str:
    return attribute.partition(".")[0].partition("[")[0]


def _find_url(test: tuple[str, ...]) -> str:
    """What a program asks of the service itself: port and path; '' if that cannot be told."""
    found = [match for word in test for match in _URL.finditer(word)]
    if len(found) != 1:
        return ""
    port, path = found[0][1] or "80", found[0][2] or "/"
    return "" if looks_secret("", path) else f"{int(port)}{path}"
