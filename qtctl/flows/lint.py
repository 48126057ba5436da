"""What a registry declares, counted, and what is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from qtctl.errors import InputError, InputErrors, Place, Unrendered
from qtctl.findings.finding import Finding, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.lint.found import Placed
from qtctl.lint.lint import lint as judge
from qtctl.meaning.alike_hosts import find_alike
from qtctl.model.desired import Desired
from qtctl.model.instance_ports import list_claimed_ports
from qtctl.model.origin import Origin
from qtctl.model.policy import Policy
from qtctl.model.registry import Registry
from qtctl.model.states import KeyType
from qtctl.model.unit_kinds import OTHER_UNIT_TABLES
from qtctl.model.vocabulary import map_key_paths
from qtctl.registry.load import Reading, load
from qtctl.registry.load import examine as read
from qtctl.registry.places import Places
from qtctl.render.render import render
from qtctl.resolve.alike import adapt
from qtctl.resolve.resolve import resolve
from qtctl.rules.units.misread import judge_unwritable

Files = Mapping[str, bytes]
Templates = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Linted:
    """`registry` is None if it has `errors`; `findings` then cover the parts that could be read."""

    registry: Registry | None
    findings: tuple[Placed, ...]
    errors: tuple[InputError, ...] = ()
    policy: Policy = field(default_factory=Policy)

    @property
    def gate(self) -> Severity:
        return Severity(self.policy.fail_on)

    @property
    def conclusion(self) -> Conclusion:
        return Conclusion.NOT_AS_DECLARED if self.errors else conclude(self.findings, self.gate)


def lint(files: Files, templates: Templates) -> Linted:
    """All findings of the registry and of what is rendered from it, for each of its hosts.

    InputErrors with everything that prevents it from loading, or a template from being filled.
    """
    linted = examine(files, templates)
    if linted.errors:
        raise InputErrors(linted.errors)
    return linted


def examine(files: Files, templates: Templates) -> Linted:
    """All errors and all findings in one pass. InputErrors if a template cannot be filled."""
    try:
        registry = load(files)
    except InputErrors:
        return _lint_rest(files, templates, read(files))
    return Linted(registry, _add_places(files, list_findings(registry, templates)), policy=registry.policy)


def _lint_rest(files: Files, templates: Templates, reading: Reading) -> Linted:
    """Findings in the parts that do not depend on an entry with an error, if these can be determined."""
    from qtctl.registry.salvage import salvage  # noqa: PLC0415 - good registries do without

    rest = None
    if reading.registry is not None and not reading.excessive:
        rest = salvage(reading.registry, reading.damaged)
    if rest is None:
        return Linted(None, (), reading.errors)
    unsure = frozenset(name for _, name in rest.unsure)
    every = list_findings(rest.registry, templates, unsure)
    found = [each for each in every if not _is_beside_an_error(each, reading.errors)]
    return Linted(None, _add_places(files, found), reading.errors, rest.registry.policy)


def _is_beside_an_error(finding: Finding, errors: Iterable[InputError]) -> bool:
    """Whether a key in the same inner table could not be read: the finding may come from its placeholder."""
    at = finding.place
    if not isinstance(at, Origin):
        return False
    inner = 1 if at.file.startswith("services/") else 2
    table = ".".join(at.path[:-1])
    beside = (each for each in errors if each.place is not None and each.place.file == at.file)
    return len(at.path) > inner and any(each.field.rpartition(".")[0] == table for each in beside)


def list_findings(
    registry: Registry, templates: Templates, unsure: frozenset[str] | None = None
) -> tuple[Finding, ...]:
    """Findings of all hosts, without places. `unsure`: names of entries that were not read completely."""
    hosts: dict[str, Desired] = {}
    refused: list[Finding] = []
    alike = find_alike(registry)
    for host in sorted(registry.hosts):
        if host in alike:
            hosts[host] = adapt(hosts[alike[host]], registry, host)
            continue
        desired = resolve(registry, host)
        try:
            hosts[host] = render(desired, templates)
        except InputError as error:
            hosts[host] = desired
            values = _list_value_errors(error) if unsure is None else _list_whole_errors(desired, error, unsure)
            refused += list(judge_unwritable(desired, values, map_key_paths()))
    today = datetime.now(UTC).date().isoformat()
    found = judge(registry, hosts.values(), templates, map_key_paths(), unsure=unsure, today=today, alike=alike)
    return (*dict.fromkeys(refused), *found)


def _list_value_errors(error: InputError) -> list[Unrendered]:
    """Errors in declared values. An error in a template is raised again: it is not the registry's."""
    values = _list_declared_errors(error)
    if len(values) < len(error.errors if isinstance(error, InputErrors) else (error,)):
        raise error
    return values


def _list_declared_errors(error: InputError) -> list[Unrendered]:
    errors = error.errors if isinstance(error, InputErrors) else (error,)
    return [each for each in errors if isinstance(each, Unrendered) and not each.in_template]


def _list_whole_errors(desired: Desired, error: InputError, unsure: frozenset[str]) -> list[Unrendered]:
    """Errors in values of units that were read completely: others may be consequences."""
    names = {unit.unit: unit.name for unit in desired.units()}
    return [each for each in _list_declared_errors(error) if not unsure & {"", names.get(each.units[0], "")}]


def _add_places(files: Files, found: Iterable[Finding]) -> tuple[Placed, ...]:
    """With file and line, sorted by place; findings that differ only in their subject become one."""
    places = Places(files)
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for each in found:
        alike.setdefault((each.id, each.severity, each.what, each.remedy, str(each.place)), []).append(each)
    placed = (_merge_subjects(places, those) for those in alike.values())
    return tuple(sorted(placed, key=lambda each: (each.place.file, each.place.line or 0, each.id, each.subjects)))


def _merge_subjects(places: Places, those: list[Finding]) -> Placed:
    at = those[0].place
    place = places.of(at) if isinstance(at, Origin) else at or Place("fleet.toml")
    subjects = tuple(dict.fromkeys(each.subject for each in those))
    return Placed(those[0], subjects, place, tuple(dict.fromkeys(each.fix for each in those if each.fix is not None)))


def list_declared(registry: Registry) -> dict[str, tuple[str, ...]]:
    """The names of each kind that is declared, in the order in which they are shown."""
    services = registry.services
    live_keys = {name: key for name, key in registry.keys.items() if key.state == "active"}
    nodes = [(kind, name) for kind in ("services", "externals") for name in _list_live(getattr(registry, kind))]
    ports = [each for kind, name in nodes for each in list_claimed_ports(registry, kind, name)]
    return {
        "hosts": (*registry.hosts,),
        "services": (*services,),
        **{
            f"services {state}": tuple(name for name, each in services.items() if each.state.value == state)
            for state in ("running", "stopped", "on-timer", "on-demand", "retired")
        },
        "timers": _list_live(registry.timers),
        "targets": _list_live(registry.targets),
        "sockets, paths and other units": tuple(
            f"{table}/{name}"
            for table in (*OTHER_UNIT_TABLES, "dropins")
            for name in _list_live(getattr(registry, table))
        ),
        "venvs": _list_live(registry.venvs),
        "streams": tuple(name for name, key in live_keys.items() if key.type is KeyType.STREAM),
        "hashes and other keys": tuple(name for name, key in live_keys.items() if key.type is not KeyType.STREAM),
        "ports": tuple(f"{each.name}.{each.key}" for each in ports),
        "ports with a health URL": tuple(f"{each.name}.{each.key}" for each in ports if each.port.health is not None),
        "externals": _list_live(registry.externals),
        "users": _list_live(registry.users),
        "folders": _list_live(registry.folders),
        "compose services with a disposition": tuple(
            f"{record.compose}/{name}" for record in registry.legacy for name in record.services
        ),
    }


def _list_live(nodes: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(name for name, node in nodes.items() if getattr(node, "state", None) != "retired")
