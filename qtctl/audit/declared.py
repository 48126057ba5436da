"""The declared units of a host in one shape: what each is, what it must be, and what may bring it down."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qtctl.dialects.systemd.unit_name import is_template
from qtctl.meaning.units import external_names
from qtctl.model.desired import Desired, DesiredService, Listener
from qtctl.model.origin import Origin
from qtctl.model.states import ServiceState

Root = tuple[str, str]

DEPLOY = "qtctl deploy"
"""In a remedy; judge adds the host."""
DEFAULT_BURST = 5
"""DefaultStartLimitBurst= as systemd ships it."""
PRESENT_ENABLEMENT = ("enabled", "static", "alias", "indirect", "generated")
"""What comes up at boot or with whatever wants it: good for a unit whose [Install] is not ours."""

ABSENT_ENABLEMENT = ("disabled", "static", "indirect", "masked")


@dataclass(frozen=True, slots=True)
class DeclaredUnit:
    """`active` None: may be either (on-timer). `enablement`: what is accepted, the first one shown as expected.

    `file` is the generated one's path ('' where none is). `causes` explain why it does not run.
    """

    unit: str
    kind: str
    active: bool | None
    enablement: tuple[str, ...]
    origin: Origin
    file: str = ""
    burst: int = DEFAULT_BURST
    names: tuple[str, ...] = ()
    causes: tuple[Root, ...] = ()
    holders: tuple[Root, ...] = ()
    """Checks of the units it stops with or cannot start without."""

    @property
    def is_service(self) -> bool:
        return self.unit.endswith(".service")


def down(unit: str) -> tuple[Root, ...]:
    """The checks that say a unit is not up."""
    return tuple((check, unit) for check in ("QT201", "QT206", "QT205", "QT204", "QT219"))


def port_subject(port: Listener) -> str:
    return f"{port.address}:{port.port}" + ("/udp" if port.protocol == "udp" else "")


def declared_units(desired: Desired) -> tuple[DeclaredUnit, ...]:
    """Everything declared that systemd can load, sorted by unit: of templates their instances."""
    if not _latest or _latest[0][0] is not desired:
        _latest[:] = [(desired, _declared_units(desired))]
    return _latest[0][1]


_latest: list[tuple[Desired, tuple[DeclaredUnit, ...]]] = []
"""The last answer of `declared_units`: each rule asks again, of the same value."""


def _declared_units(desired: Desired) -> tuple[DeclaredUnit, ...]:
    files = {file.subject: file.path for file in desired.files if file.kind == "unit"}
    found = (
        *_services(desired, files),
        *_targets(desired, files),
        *_timers(desired, files),
        *_lesser(desired, files),
        *_externals(desired),
    )
    return tuple(sorted(found, key=lambda declared: declared.unit))


def _enablement(*, installable: bool, enabled: bool) -> tuple[str, ...]:
    if not installable:
        return ("static",)
    return ("enabled",) if enabled else ("disabled",)


def _services(desired: Desired, files: dict[str, str]) -> Iterator[DeclaredUnit]:
    generated = {file.path for file in desired.files if file.kind == "env"}
    wanted = {ServiceState.RUNNING: True, ServiceState.STOPPED: False}
    for service in desired.services:
        holders = (*service.requires, *service.binds_to, *service.part_of)
        yield DeclaredUnit(
            unit=service.unit,
            kind="service",
            active=wanted.get(service.state),
            enablement=_enablement(installable=bool(service.wanted_by or service.install), enabled=service.enabled),
            origin=service.origin,
            file=files.get(service.template or service.unit, ""),
            burst=_burst(service),
            causes=_causes(service, generated),
            holders=_flat(down(holder) for holder in holders),
        )


def _burst(service: DesiredService) -> int:
    value = dict(service.start_limit).get("StartLimitBurst", "")
    return int(value) if value.isdecimal() else DEFAULT_BURST


def _causes(service: DesiredService, generated: set[str]) -> tuple[Root, ...]:
    """What makes a start of it fail: no interpreter, no env file, a port that is taken."""
    venv = [(check, service.venv) for check in ("QT401", "QT402")] if service.venv else []
    files = (service.env_file if service.env_file in generated else "", service.secrets_file)
    env = [("QT601", path) for path in files if path]
    written = [("QT713", path.lstrip("-+")) for key, path in service.sandbox if key == "ReadWritePaths"]
    return (("QT711", service.user), *venv, *env, *written, *(("QT302", port_subject(port)) for port in service.ports))


def _targets(desired: Desired, files: dict[str, str]) -> Iterator[DeclaredUnit]:
    for target in desired.targets:
        yield DeclaredUnit(
            unit=target.unit,
            kind="target",
            active=True,
            enablement=_enablement(installable=bool(target.wanted_by or target.install), enabled=True),
            origin=target.origin,
            file=files.get(target.unit, ""),
            holders=_flat(down(holder) for holder in target.part_of),
        )


def _timers(desired: Desired, files: dict[str, str]) -> Iterator[DeclaredUnit]:
    for timer in desired.timers:
        yield DeclaredUnit(
            unit=timer.unit,
            kind="timer",
            active=timer.active,
            enablement=_enablement(installable=bool(timer.wanted_by or timer.install), enabled=timer.active),
            origin=timer.origin,
            file=files.get(timer.unit, ""),
        )


def _lesser(desired: Desired, files: dict[str, str]) -> Iterator[DeclaredUnit]:
    for unit in desired.units:
        if is_template(unit.unit):
            continue
        yield DeclaredUnit(
            unit=unit.unit,
            kind=unit.section.lower(),
            active=None if unit.section == "Slice" else unit.active,
            enablement=_enablement(installable=bool(unit.wanted_by or unit.install), enabled=unit.active),
            origin=unit.origin,
            file=files.get(unit.unit, ""),
            holders=_flat(down(holder) for holder in (*unit.requires, *unit.binds_to, *unit.part_of)),
        )


def _externals(desired: Desired) -> Iterator[DeclaredUnit]:
    for external in desired.externals:
        yield DeclaredUnit(
            unit=external.unit,
            kind="external",
            active=external.running,
            enablement=PRESENT_ENABLEMENT if external.enabled else ABSENT_ENABLEMENT,
            origin=external.origin,
            names=external_names(external),
            causes=tuple(("QT302", port_subject(port)) for port in external.ports),
        )


def _flat(groups: Iterable[tuple[Root, ...]]) -> tuple[Root, ...]:
    return tuple(root for group in groups for root in group)
