"""The settings of a compose service, one by one, in the terms of a registry: what parity compares."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.secret import Secret


class Dimension(StrEnum):
    """What a setting is about; exactly one of these."""

    SERVICES = "services"
    PORTS = "ports"
    REDIS = "redis"
    COMMAND = "command"
    ENVIRONMENT = "environment"
    VOLUMES = "volumes"
    USERS = "users"
    LIMITS = "limits"
    RESTART = "restart"
    HEALTH = "health"
    DEPENDENCIES = "dependencies"
    TIMEZONE = "timezone"
    LOGGING = "logging"


class SettingKind(StrEnum):
    """How a setting is compared with a unit's declaration."""

    DIRECTIVE = "directive"
    VARIABLE = "variable"
    COMMAND = "command"
    IMAGE = "image"
    """The command, if only the service's image has it."""
    REPLICAS = "replicas"
    VOLUME = "volume"
    DEPENDENCY = "dependency"
    HEALTHCHECK = "healthcheck"
    UNREAD = "unread"
    """A setting in a missing file: its value is unknown."""
    LEFT = "left"
    """A setting without a counterpart in systemd."""


@dataclass(frozen=True, slots=True)
class ComposeSetting:
    """One setting of a compose service, at `line` of its file.

    `item`: the setting as the compose file names it: `environment.LOG_LEVEL`, `deploy.resources.limits.memory`. `key`:
    what it is compared by: a directive, a variable, a path, the name of another service. `values`: the values of a
    directive, the words of a command or healthcheck, the relations of a dependency; for a volume its source on the host
    if that is the same path (else ""), and its mode. `value`: of a variable, a `Secret` if it may not be shown; of a
    volume, as written. `why`: why systemd has no counterpart; `to_do`: what a person must settle ("": nothing).
    """

    dimension: Dimension
    kind: SettingKind
    item: str
    key: str
    line: int
    values: tuple[str, ...] = ()
    value: str | Secret = ""
    why: str = ""
    to_do: str = ""
    further: tuple[str, ...] = ()
    """Other items that say the same."""

    @property
    def items(self) -> tuple[str, ...]:
        return (self.item, *self.further)

    @property
    def means_nothing(self) -> bool:
        """Whether systemd has no counterpart for it and nobody has to settle that."""
        return self.kind is SettingKind.LEFT and not self.to_do


@dataclass(frozen=True, slots=True)
class ComposeSettings:
    """Every setting of one project, by service."""

    services: Mapping[str, tuple[ComposeSetting, ...]]

    def list_of_service(self, service: str) -> tuple[ComposeSetting, ...]:
        return self.services.get(service, ())
