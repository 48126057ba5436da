"""Which declared secrets a host has; JSON. No value, digest or length of one is in it."""

from collections.abc import Iterable

from pydantic import Field

from qtctl.model.secret_place import SecretFound, SecretKind, SecretState
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION


class SecretRow(Part):
    name: str
    kind: SecretKind
    path: str
    services: tuple[str, ...] = Field(description="the services that receive it")
    state: SecretState
    owner: str | None = Field(description="owner of the file; null if there is no file")
    group: str | None
    mode: str | None
    problems: tuple[str, ...] = Field(description="wrong permissions, and who else could replace the file")


class SecretsReport(Part):
    """The secrets of one host, sorted by file and name."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    host: str
    address: str
    secrets: tuple[SecretRow, ...]


def build_report(found: Iterable[SecretFound], *, fleet: str, host: str, address: str) -> SecretsReport:
    """`address`: the host as it was asked for."""
    rows = tuple(
        SecretRow(
            name=each.place.name,
            kind=each.place.kind,
            path=each.place.path,
            services=each.place.services,
            state=each.state,
            owner=each.owner or None,
            group=each.group or None,
            mode=each.mode or None,
            problems=each.problems,
        )
        for each in found
    )
    return SecretsReport(qtctl_version=VERSION, fleet=fleet, host=host, address=address, secrets=rows)


def to_json(report: SecretsReport) -> str:
    return dump(report)
