"""Registry → Desired: what one host must have, defaults merged, names completed. Sorted by name."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from qtctl.dialects.nearest import find_nearest
from qtctl.dialects.systemd.size import parse_bytes
from qtctl.dialects.systemd.table.lookup import list_versions
from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.dialects.systemd.unit_name import is_template
from qtctl.dialects.wording import join_some
from qtctl.errors import InputError
from qtctl.model.desired import (
    Desired,
    DesiredExternal,
    DesiredKey,
    DesiredService,
    DesiredVenv,
    Login,
    RetiredUnit,
)
from qtctl.model.desired_host import HostLimits
from qtctl.model.desired_lock import DesiredPackage
from qtctl.model.desired_original import DesiredOriginal
from qtctl.model.desired_store import DesiredStore, StoreTls
from qtctl.model.host_defaults import list_host_tables
from qtctl.model.host_values import apply_host_values
from qtctl.model.names import ENDINGS, Names, list_spoken_names, list_units, make_unit_name
from qtctl.model.origin import Origin
from qtctl.model.placement import includes_host
from qtctl.model.registry import Host, HostThresholds, Registry, Tls
from qtctl.model.states import ServiceState
from qtctl.model.unit_kinds import OTHER_UNIT_TABLES, UNIT_TABLES
from qtctl.resolve.accounts import resolve_accounts, resolve_folders, resolve_hosts_file
from qtctl.resolve.checks import resolve_checks
from qtctl.resolve.code import resolve_code
from qtctl.resolve.containers import list_left_containers
from qtctl.resolve.installs import resolve_installs
from qtctl.resolve.instances import U, add_instances, make_instance
from qtctl.resolve.listeners import resolve_listeners, resolve_unix_listeners
from qtctl.resolve.services import resolve_service
from qtctl.resolve.units import resolve_dropin, resolve_other_unit, resolve_target, resolve_timer

_NAMED = 3
"""How many hosts an error suggests."""
_LISTED = 20
"""How many hosts an error lists."""


def stands_in(registry: Registry, target: str, as_name: str | None = None) -> str:
    """The registry host that `target` stands for: `as_name`, itself, or the only one declared. InputError if none fits.

    `target` is empty if a command names no host.
    """
    wanted = target if as_name is None else as_name
    if wanted in registry.hosts:
        return wanted
    known = join_some(sorted(registry.hosts), _LISTED)
    if as_name is not None:
        near = find_nearest(as_name, registry.hosts)
        hint = f"did you mean --as {near}?" if near else f"hosts.toml has {known}"
        raise InputError(f"--as {as_name}: the registry has no such host", hint=hint)
    if len(registry.hosts) == 1:
        return next(iter(registry.hosts))
    if not target:
        hint = f"name one: {' or '.join(f'--as {name}' for name in sorted(registry.hosts)[:_NAMED])}"
        raise InputError(f"the registry has {len(registry.hosts)} hosts, and none is named", hint=hint)
    near = find_nearest(target, registry.hosts)
    meant = f"did you mean {near}? Else say" if near else "say"
    raise InputError(
        f"{target} is not a host of the registry",
        hint=f"{meant} which of its hosts {target} stands in for, with --as: {known}",
    )


def resolve(registry: Registry, host: str) -> Desired:
    """What `host` must have. `files` is empty until render has run."""
    registry = apply_host_values(registry, host)
    declared = registry.hosts[host]
    names = Names.of(registry)
    found = tuple(resolve_service(registry, names, name) for name in _list_declared(registry, "services", host))
    templates = tuple(service for service in found if is_template(service.unit))
    whole = (service for service in found if service not in templates)
    services = tuple(sorted((*whole, *_resolve_instances(registry, templates)), key=lambda service: service.name))
    loop = registry.fleet.thresholds.restart_loop
    return Desired(
        fleet=registry.fleet.name,
        host=host,
        tags=declared.tags,
        login=make_login(declared),
        unit_patterns=registry.fleet.unit_patterns,
        loop_restarts=loop.restarts,
        loop_up_us=parse_microseconds(loop.up_less_than),
        stuck_us=parse_microseconds(registry.fleet.thresholds.stuck_after),
        steady_s=registry.policy.deploy.watch.steady_s,
        timezone=declared.timezone,
        memory=parse_bytes(declared.memory),
        services=services,
        templates=templates,
        targets=_resolve_units(registry, host, "targets", partial(resolve_target, registry, names)),
        timers=_resolve_units(registry, host, "timers", partial(resolve_timer, registry, names)),
        other_units=tuple(
            unit
            for table in OTHER_UNIT_TABLES
            for unit in _resolve_units(registry, host, table, partial(resolve_other_unit, registry, names, table))
        ),
        dropins=tuple(resolve_dropin(registry, names, name) for name in _list_declared(registry, "dropins", host)),
        originals=tuple(_resolve_originals(registry)),
        venvs=_resolve_venvs(registry, host, services, "present"),
        retired_venvs=_resolve_venvs(registry, host, services, "retired"),
        keys=_resolve_keys(registry, host, services),
        stores=_resolve_stores(registry, host),
        externals=_resolve_externals(registry, host),
        retired_units=tuple(_list_retired_units(registry)),
        retired_externals=tuple(_list_retired_externals(registry, host)),
        severities=tuple(sorted(registry.policy.severities.items())),
        fail_on=registry.policy.fail_on,
        evidence=registry.policy.evidence,
        waivers=registry.policy.list_waivers(),
        accounts=resolve_accounts(registry, host),
        folders=resolve_folders(registry, host),
        hosts_file=resolve_hosts_file(registry, host),
        checks=resolve_checks(registry, host),
        code=resolve_code(registry, host),
        installs=resolve_installs(registry, host),
        left_containers=list_left_containers(registry),
        limits=_resolve_limits(registry.fleet.thresholds.host),
        os="" if "os" in declared.guessed else declared.os,
        env_dir=registry.fleet.env_dir,
        expected_hostname=declared.expected_hostname,
        machine=declared.machine,
        host_tables=list_host_tables(registry, host),
        zone_guessed="timezone" in declared.guessed,
        systemd=list_versions()[-1] if "systemd" in declared.guessed else declared.systemd,
    )


def make_login(declared: Host) -> Login:
    return Login(declared.address, declared.ssh_port, declared.audit_user, declared.deploy_user)


def _resolve_limits(declared: HostThresholds) -> HostLimits:
    return HostLimits(
        **declared.model_dump(exclude={"clock_skew"}), clock_skew_us=parse_microseconds(declared.clock_skew)
    )


def _list_declared(registry: Registry, kind: str, host: str) -> Iterator[str]:
    """The names of what is declared for the host and not retired, sorted."""
    for name, node in sorted(getattr(registry, kind).items()):
        if node.state != "retired" and includes_host(registry, node.hosts, host):
            yield name


def _resolve_instances(registry: Registry, templates: tuple[DesiredService, ...]) -> Iterator[DesiredService]:
    for template in templates:
        declared = registry.services[template.name]
        for name in declared.instances:
            yield make_instance(template, declared, name)


def _resolve_units(registry: Registry, host: str, table: str, resolve_unit: Callable[[str], U]) -> tuple[U, ...]:
    """Resolve the units of `table`, which are not services: templates and their instances."""
    found = (resolve_unit(name) for name in _list_declared(registry, table, host))
    return add_instances(registry, table, found)


def _resolve_originals(registry: Registry) -> Iterator[DesiredOriginal]:
    for name, each in sorted(registry.originals.items()):
        origin = registry.origins["originals", name]
        yield DesiredOriginal(
            each.path, each.says, tuple(sorted(each.files.items())), each.beside, each.until or "", origin
        )


def _resolve_venvs(
    registry: Registry, host: str, services: tuple[DesiredService, ...], state: str
) -> tuple[DesiredVenv, ...]:
    users = _group_by_key(services, lambda service: (service.venv,))
    return tuple(
        DesiredVenv(
            name=name,
            path=venv.path,
            interpreter=f"{venv.path}/bin/python",
            used_by=users.get(venv.path, ()),
            origin=registry.origins["venvs", name],
            packages=_read_packages(registry, venv.lock),
        )
        for name, venv in sorted(registry.venvs.items())
        if venv.state == state and includes_host(registry, venv.hosts, host)
    )


def _read_packages(registry: Registry, lock: str | None) -> tuple[DesiredPackage, ...] | None:
    if lock is None:
        return None
    return tuple(DesiredPackage(each.name, each.versions, each.required) for each in registry.locks.get(lock, ()))


def _resolve_keys(registry: Registry, host: str, services: tuple[DesiredService, ...]) -> tuple[DesiredKey, ...]:
    running = [service for service in services if service.state is not ServiceState.STOPPED]
    publishers = _group_by_key(running, lambda service: (*service.publishes, *service.writes))
    consumers = _group_by_key(running, lambda service: (membership.stream for membership in service.consumes))
    return tuple(
        DesiredKey(
            store=key.store,
            name=name,
            type=key.type,
            summary=key.summary,
            max_age_us=parse_microseconds(key.max_age) if key.max_age else None,
            max_length=key.max_length,
            publishers=publishers.get(name, ()),
            consumers=consumers.get(name, ()),
            origin=registry.origins["keys", name],
        )
        for name, key in sorted(registry.keys.items())
        if key.state == "active" and includes_host(registry, registry.stores[key.store].hosts, host)
    )


def _group_by_key(
    services: Iterable[DesiredService], keys: Callable[[DesiredService], Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """Key → the names of the services that have it, in order."""
    found: dict[str, list[str]] = {}
    for service in services:
        for key in dict.fromkeys(keys(service)):
            found.setdefault(key, []).append(service.name)
    return {key: tuple(names) for key, names in found.items()}


def _resolve_stores(registry: Registry, host: str) -> tuple[DesiredStore, ...]:
    found = []
    for name, store in sorted(registry.stores.items()):
        if not includes_host(registry, store.hosts, host):
            continue
        address, port = _split_address(store.address)
        unit = make_unit_name(registry, "externals", store.external)
        origin = registry.origins["stores", name]
        saved = parse_microseconds(store.saved_within) if store.saved_within else None
        found.append(
            DesiredStore(
                name, unit, address, port, store.password_env or "", origin,
                user=store.username or "", db=store.db, appendonly=store.appendonly, saved_within_us=saved,
                key_patterns=store.key_patterns, group_patterns=store.group_patterns,
                tls=_resolve_tls(store.tls, address) if store.tls else None,
                retired_keys=_list_retired_keys(registry, name) if store.key_patterns else (),
            )
        )  # fmt: skip
    return tuple(found)


def _split_address(address: str) -> tuple[str, int]:
    """Address and port; a unix socket has no port."""
    if address.startswith("/"):
        return address, 0
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _resolve_tls(tls: Tls, address: str) -> StoreTls:
    return StoreTls(tls.ca or "", tls.certificate or "", tls.key or "", tls.server_name or address)


def _list_retired_keys(registry: Registry, store: str) -> tuple[str, ...]:
    keys = sorted(registry.keys.items())
    return tuple(name for name, key in keys if key.store == store and key.state == "retired")


def _resolve_externals(registry: Registry, host: str) -> tuple[DesiredExternal, ...]:
    found = []
    for name, external in sorted(registry.externals.items()):
        if external.state == "retired" or not includes_host(registry, external.hosts, host):
            continue
        origin = registry.origins["externals", name]
        found.append(
            DesiredExternal(
                name=name,
                unit=make_unit_name(registry, "externals", name),
                aliases=external.aliases,
                summary=external.summary,
                running=external.state == "running",
                enabled=external.enabled,
                owner=external.owner,
                critical=external.critical,
                ports=resolve_listeners(external.ports, origin),
                unix_sockets=resolve_unix_listeners(external.unix_sockets, origin),
                origin=origin,
            )
        )
    return tuple(found)


def _list_retired_units(registry: Registry) -> Iterator[RetiredUnit]:
    for kind in UNIT_TABLES:
        for name, node in sorted(getattr(registry, kind).items()):
            if node.state == "retired":
                origin: Origin = registry.origins[kind, name]
                yield from (RetiredUnit(name, unit, node.why, origin) for unit in list_units(registry, kind, name))


def _list_retired_externals(registry: Registry, host: str) -> Iterator[RetiredUnit]:
    """Each name of a retired external, unless a unit that is not retired goes by it too."""
    live = {
        spoken
        for table in (*UNIT_TABLES, "externals")
        for name, node in getattr(registry, table).items()
        if node.state != "retired"
        for spoken in list_spoken_names(registry, table, name)
    }
    for name, external in sorted(registry.externals.items()):
        if external.state == "retired" and includes_host(registry, external.hosts, host):
            unit = make_unit_name(registry, "externals", name)
            others = (each for each in external.aliases if each.endswith(ENDINGS) and each not in live)
            for each in dict.fromkeys((unit, *others)):
                yield RetiredUnit(name, each, external.why, registry.origins["externals", name])
