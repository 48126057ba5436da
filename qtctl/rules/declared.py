"""The declared units of a host in one form: what each is, what it must be, and what may bring it down."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from qtctl.dialects.shell import quote
from qtctl.findings.remedy import Command
from qtctl.meaning.restarts import RestartPolicy
from qtctl.model.desired import Desired, DesiredService, DesiredTimer
from qtctl.model.desired_unit import DesiredUnit, Listener
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.json import JsonObject
from qtctl.model.latest import keep_latest
from qtctl.model.origin import Origin
from qtctl.rules.rule import Expectation, Judgment

Root = tuple[str, str]

PRESENT_ENABLEMENT = ("enabled", "static", "alias", "indirect", "generated")
"""It comes up at boot or with whatever wants it: acceptable for a unit whose [Install] is not ours."""

ABSENT_ENABLEMENT = (
    "disabled", "static", "indirect", "masked", "masked-runtime", "generated", "transient", "linked", "enabled-runtime",
)  # fmt: skip
NOT_AT_BOOT = ("disabled", "linked", "indirect", "enabled-runtime", "static")
"""It does not come up at the next boot: acceptable for a unit of ours that must not.

`static`: the file that it was adopted from has no [Install].
"""


@dataclass(frozen=True, slots=True)
class DeclaredUnit:
    """`active` None: may be either (on-timer). `enablement`: what is accepted, the first one shown as expected.

    `file` is the generated one's path ('' if none is). `causes` explain why it does not run.
    """

    unit: str
    kind: str
    active: bool | None
    enablement: tuple[str, ...]
    origin: Origin
    file: str = ""
    made_by: str = ""
    """The unit whose file it uses: for an instance its template."""
    restart: RestartPolicy | None = None
    names: tuple[str, ...] = ()
    causes: tuple[Root, ...] = ()
    holders: tuple[Root, ...] = ()
    """Checks of the units it stops with or cannot start without."""

    @property
    def is_service(self) -> bool:
        return self.unit.endswith(".service")


def list_aliases(desired: Desired) -> Iterator[tuple[str, tuple[str, ...], Origin]]:
    """Each name that the host's /etc/hosts must give: the name, its addresses, and where they are declared."""
    if (declared := desired.hosts_file) is not None:
        yield from ((name, declared.list_addresses(name), declared.origin.at("aliases")) for name in declared.names)


def deploy(facts: Facts) -> str:
    """The command that brings the host to what is declared, for a remedy."""
    return f"qtctl deploy --host {quote(facts.target)}"


def deploy_command(facts: Facts, *more: str) -> Command:
    return ("qtctl", "deploy", "--host", facts.target, *more)


def make_unit_expectation(
    unit: DeclaredUnit | DesiredUnit,
    expected: JsonObject,
    judge: Callable[[Facts], Judgment],
    roots: tuple[Root, ...] = (),
) -> Expectation:
    """The expectation for a declared unit whose state alone decides it."""
    return Expectation(unit.unit, expected, (Need(Unit.FACT, unit.unit),), judge, unit.origin, roots)


def list_down_checks(unit: str) -> tuple[Root, ...]:
    """The checks that say a unit is not up."""
    return tuple((check, unit) for check in ("QT201", "QT206", "QT205", "QT204", "QT219"))


def name_port(port: Listener) -> str:
    return f"{port.address}:{port.port}" + ("/udp" if port.protocol == "udp" else "")


@keep_latest
def list_declared_units(desired: Desired) -> tuple[DeclaredUnit, ...]:
    """Everything declared that systemd can load, sorted by unit; instances instead of templates."""
    files = {file.subject: file.path for file in desired.files if file.kind == "unit"}
    env = {file.path for file in desired.files if file.kind == "env"}
    return tuple(_make_declared(unit, files, env) for unit in desired.units())


def _make_declared(unit: DesiredUnit, files: Mapping[str, str], env: Collection[str]) -> DeclaredUnit:
    return DeclaredUnit(
        unit=unit.unit,
        kind=str(unit.kind) if unit.generated else "external",
        active=unit.must_be_active,
        enablement=_list_enablement(unit),
        origin=unit.origin,
        file=files.get(unit.made_by, "") if unit.generated else "",
        made_by=unit.made_by,
        restart=RestartPolicy.of(unit) if isinstance(unit, DesiredService) else None,
        names=unit.names[1:],
        causes=_list_causes(unit, env),
        holders=tuple(_list_holders(unit)),
    )


def _list_holders(unit: DesiredUnit) -> Iterator[Root]:
    """What keeps it from running: a unit that it requires is not up, or the unit that it starts cannot be loaded."""
    for holder in (*unit.requires, *unit.binds_to, *unit.part_of):
        yield from list_down_checks(holder)
    if isinstance(unit, DesiredTimer):
        yield "QT201", unit.triggers


def _list_enablement(unit: DesiredUnit) -> tuple[str, ...]:
    if not unit.generated:
        return PRESENT_ENABLEMENT if unit.must_be_enabled else ABSENT_ENABLEMENT
    if not unit.installable:
        return ("static",)
    return ("enabled",) if unit.must_be_enabled else NOT_AT_BOOT


def _list_causes(unit: DesiredUnit, generated: Collection[str]) -> tuple[Root, ...]:
    """What makes its start fail: a port that is taken; for a service, memory, interpreter or env file."""
    taken = tuple(("QT302", name_port(port)) for port in unit.ports)
    return (*_list_service_causes(unit, generated), *taken) if isinstance(unit, DesiredService) else taken


def _list_service_causes(service: DesiredService, generated: Collection[str]) -> tuple[Root, ...]:
    venv = [(check, service.venv) for check in ("QT401", "QT402")] if service.venv else []
    files = (service.env_file if service.env_file in generated else "", service.secrets_file)
    env = [("QT601", path) for path in files if path]
    written = [("QT713", path.lstrip("-+")) for key, path in service.sandbox if key == "ReadWritePaths"]
    return (("QT207", service.unit), ("QT711", service.user), *venv, *env, *written)
