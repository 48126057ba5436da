"""Registry → Desired: what one host must have, defaults merged, names made whole. Sorted by name."""

from collections.abc import Iterator

from qtctl.dialects.systemd.size import bytes_of
from qtctl.dialects.systemd.timespan import microseconds
from qtctl.errors import InputError
from qtctl.model.desired import (
    Desired,
    DesiredExternal,
    DesiredKey,
    DesiredService,
    DesiredStore,
    DesiredTarget,
    DesiredTimer,
    DesiredVenv,
    Ghost,
)
from qtctl.model.names import Names, unit_name
from qtctl.model.origin import Origin
from qtctl.model.registry import Order, Registry, ServiceState, Timer
from qtctl.resolve.listeners import listeners
from qtctl.resolve.services import resolve_service


def stands_in(registry: Registry, target: str, as_name: str | None = None) -> str:
    """The registry host that `target` is: `as_name`, itself, or the only one declared. InputError where none fits."""
    for name in (as_name, target):
        if name is not None and name in registry.hosts:
            return name
    known = ", ".join(sorted(registry.hosts))
    if as_name is not None:
        raise InputError(f"host {as_name} is not declared", hint=f"hosts.toml has {known}")
    if len(registry.hosts) == 1:
        return next(iter(registry.hosts))
    raise InputError(f"{target} is not a host of the registry", hint=f"say which it stands in for: --as {known}")


def resolve(registry: Registry, host: str) -> Desired:
    """What `host` must have. `files` stays empty until render has run."""
    declared = registry.hosts[host]
    names = Names.of(registry)
    services = tuple(
        resolve_service(registry, names, name)
        for name, service in sorted(registry.services.items())
        if service.state is not ServiceState.RETIRED and _here(service.hosts, host)
    )
    loop = registry.fleet.thresholds.restart_loop
    return Desired(
        fleet=registry.fleet.name,
        host=host,
        unit_patterns=registry.fleet.unit_patterns,
        loop_restarts=loop.restarts,
        loop_up_us=microseconds(loop.up_less_than),
        timezone=declared.timezone,
        memory=bytes_of(declared.memory),
        services=services,
        targets=_targets(registry, names, host),
        timers=_timers(registry, host),
        venvs=_venvs(registry, host, services),
        keys=_keys(registry, host, services),
        stores=_stores(registry, host),
        externals=_externals(registry, host),
        ghosts=tuple(_ghosts(registry)),
        severities=tuple(sorted(registry.policy.severities.items())),
        fail_on=registry.policy.fail_on,
    )


def _here(hosts: tuple[str, ...], host: str) -> bool:
    return not hosts or host in hosts


def _targets(registry: Registry, names: Names, host: str) -> tuple[DesiredTarget, ...]:
    found = []
    for name, target in sorted(registry.targets.items()):
        if target.state == "retired" or not _here(target.hosts, host):
            continue
        order = {key: tuple(names.unit(each) for each in getattr(target.order, key)) for key in Order.model_fields}
        parent = unit_name(registry, "targets", target.within) if target.within else ""
        found.append(
            DesiredTarget(
                name=name,
                unit=unit_name(registry, "targets", name),
                summary=target.summary,
                wants=order["wants"],
                after=order["after"],
                part_of=(*order["part_of"], *((parent,) if parent else ())),
                wanted_by=(parent or "multi-user.target",),
                origin=registry.origins["targets", name],
                before=order["before"],
                requires=order["requires"],
                binds_to=order["binds_to"],
                conflicts=order["conflicts"],
                on_failure=order["on_failure"],
            )
        )
    return tuple(found)


def _timers(registry: Registry, host: str) -> tuple[DesiredTimer, ...]:
    return tuple(
        DesiredTimer(
            name=name,
            unit=unit_name(registry, "timers", name),
            summary=timer.summary,
            service_unit=unit_name(registry, "services", timer.service),
            schedule=tuple(_schedule(timer)),
            active=timer.state == "active",
            wanted_by=("timers.target",),
            origin=registry.origins["timers", name],
        )
        for name, timer in sorted(registry.timers.items())
        if timer.state != "retired" and _here(timer.hosts, host)
    )


def _schedule(timer: Timer) -> Iterator[tuple[str, str]]:
    yield from (("OnCalendar", expression) for expression in timer.on_calendar)
    for directive, value in (
        ("OnBootSec", timer.on_boot),
        ("OnStartupSec", timer.on_startup),
        ("OnActiveSec", timer.on_active),
        ("OnUnitActiveSec", timer.on_unit_active),
        ("OnUnitInactiveSec", timer.on_unit_inactive),
        ("AccuracySec", timer.accuracy),
        ("RandomizedDelaySec", timer.randomized_delay),
    ):
        if value is not None:
            yield directive, value
    switches = {
        "FixedRandomDelay": timer.fixed_random_delay,
        "Persistent": timer.persistent,
        "WakeSystem": timer.wake_system,
    }
    yield from ((directive, "yes") for directive, on in switches.items() if on)


def _venvs(registry: Registry, host: str, services: tuple[DesiredService, ...]) -> tuple[DesiredVenv, ...]:
    return tuple(
        DesiredVenv(
            name=name,
            path=venv.path,
            interpreter=f"{venv.path}/bin/python",
            used_by=tuple(service.name for service in services if service.venv == venv.path),
            origin=registry.origins["venvs", name],
        )
        for name, venv in sorted(registry.venvs.items())
        if venv.state == "present" and _here(venv.hosts, host)
    )


def _keys(registry: Registry, host: str, services: tuple[DesiredService, ...]) -> tuple[DesiredKey, ...]:
    running = [service for service in services if service.state is not ServiceState.STOPPED]
    return tuple(
        DesiredKey(
            store=key.store,
            name=name,
            type=key.type,
            summary=key.summary,
            max_age_us=microseconds(key.max_age) if key.max_age else None,
            max_length=key.max_length,
            publishers=tuple(service.name for service in running if name in (*service.publishes, *service.writes)),
            consumers=tuple(service.name for service in running if any(m.stream == name for m in service.consumes)),
            origin=registry.origins["keys", name],
        )
        for name, key in sorted(registry.keys.items())
        if key.state == "active" and _here(registry.stores[key.store].hosts, host)
    )


def _stores(registry: Registry, host: str) -> tuple[DesiredStore, ...]:
    found = []
    for name, store in sorted(registry.stores.items()):
        if not _here(store.hosts, host):
            continue
        address, _, port = store.address.rpartition(":")
        unit = unit_name(registry, "externals", store.external)
        origin = registry.origins["stores", name]
        found.append(DesiredStore(name, unit, address.strip("[]"), int(port), store.password_env or "", origin))
    return tuple(found)


def _externals(registry: Registry, host: str) -> tuple[DesiredExternal, ...]:
    found = []
    for name, external in sorted(registry.externals.items()):
        if external.state == "retired" or not _here(external.hosts, host):
            continue
        origin = registry.origins["externals", name]
        found.append(
            DesiredExternal(
                name=name,
                unit=unit_name(registry, "externals", name),
                aliases=external.aliases,
                summary=external.summary,
                running=external.state == "running",
                enabled=external.enabled,
                ports=listeners(external.ports, origin),
                origin=origin,
            )
        )
    return tuple(found)


def _ghosts(registry: Registry) -> Iterator[Ghost]:
    for kind in ("services", "targets", "timers"):
        for name, node in sorted(getattr(registry, kind).items()):
            if node.state == "retired":
                origin: Origin = registry.origins[kind, name]
                yield Ghost(name, unit_name(registry, kind, name), node.why, origin)
