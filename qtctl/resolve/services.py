"""One declared service → what its host must have."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from qtctl.model.desired import DesiredService, Listener, Membership
from qtctl.model.names import Names, unit_name
from qtctl.model.origin import Origin
from qtctl.model.registry import Limits, Order, Registry, Restart, Run, RunKind, Sandbox, Service, ServiceState
from qtctl.resolve.listeners import listeners
from qtctl.resolve.settings import commands, identifier, settings, unit_settings

Pairs = tuple[tuple[str, str], ...]

LIMITS = {
    "memory_high": "MemoryHigh",
    "memory_max": "MemoryMax",
    "cpu_quota": "CPUQuota",
    "cpu_weight": "CPUWeight",
    "io_weight": "IOWeight",
    "tasks_max": "TasksMax",
    "nofile": "LimitNOFILE",
    "oom_score_adjust": "OOMScoreAdjust",
}
RESTART = {"restart": "Restart", "restart_sec": "RestartSec"}
START_LIMIT = {"start_limit_interval": "StartLimitIntervalSec", "start_limit_burst": "StartLimitBurst"}
PROFILES: dict[str, Pairs] = {
    "none": (),
    "default": (
        ("NoNewPrivileges", "yes"),
        ("PrivateTmp", "yes"),
        ("ProtectSystem", "full"),
        ("ProtectControlGroups", "yes"),
        ("RestrictSUIDSGID", "yes"),
        ("LockPersonality", "yes"),
    ),
    "strict": (
        ("NoNewPrivileges", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("ProtectControlGroups", "yes"),
        ("ProtectKernelTunables", "yes"),
        ("ProtectKernelModules", "yes"),
        ("RestrictSUIDSGID", "yes"),
        ("RestrictRealtime", "yes"),
        ("LockPersonality", "yes"),
    ),
}
"""Sandbox profiles: directives of [Service], in file order."""


def resolve_service(registry: Registry, names: Names, name: str) -> DesiredService:
    """The service with its defaults. The registry has been checked: every name in it leads somewhere."""
    service = registry.services[name]
    run = service.run
    if run is None:
        raise ValueError(f"service {name} has no [run]")
    defaults = registry.fleet.defaults
    origin = registry.origins["services", name]
    ports = listeners(service.ports, origin)
    restart = _merged(defaults.restart, service.restart)
    env = {**defaults.env, **service.env}
    target = unit_name(registry, "targets", service.target) if service.target else ""
    on_timer = service.state is ServiceState.ON_TIMER
    order = {key: _units(names, defaults.order, service.order, key) for key in Order.model_fields}
    if target and not on_timer:
        order["part_of"] = (*order["part_of"], target)
    return DesiredService(
        name=name,
        unit=unit_name(registry, "services", name),
        summary=service.summary,
        category=service.category,
        state=service.state,
        why=service.why,
        type=service.type or defaults.type,
        user=service.user or defaults.user,
        group=service.group or (service.user or defaults.group),
        argv=_argv(registry, run, ports),
        working_directory=run.cwd or run.code or defaults.code,
        venv=registry.venvs[run.venv].path if run.venv else "",
        entry_point=_entry_point(run, run.code or defaults.code),
        env_file=f"{registry.fleet.env_dir}/{name}.env" if env else "",
        env=tuple(sorted(env.items())),
        secrets_file=service.secrets.env_file if service.secrets else "",
        secrets_keys=service.secrets.keys if service.secrets else (),
        target=target,
        wanted_by=() if on_timer else (target or "multi-user.target",),
        limits=_directives(_merged(defaults.limits, service.limits), LIMITS),
        restart=() if on_timer else _directives(restart, RESTART),
        start_limit=() if on_timer else _directives(restart, START_LIMIT),
        sandbox=_sandbox(defaults.sandbox, service.sandbox),
        ports=ports,
        publishes=service.streams.publishes,
        writes=service.streams.writes,
        consumes=_memberships(registry, name, service, origin),
        store=_store(registry, service),
        enabled=service.state is ServiceState.RUNNING,
        origin=origin,
        unit_settings=unit_settings(service),
        commands=commands(service),
        settings=settings(defaults, service),
        syslog_identifier=identifier(defaults, service),
        **order,
    )


def _argv(registry: Registry, run: Run, ports: tuple[Listener, ...]) -> tuple[str, ...]:
    if run.kind is RunKind.COMMAND:
        return (*run.argv, *run.args)
    python = run.python or registry.fleet.defaults.python
    if run.venv:
        python = f"{registry.venvs[run.venv].path}/bin/python"
    return (python, *_program(run, run.code or registry.fleet.defaults.code, ports), *run.args)


def _program(run: Run, code: str, ports: tuple[Listener, ...]) -> tuple[str, ...]:
    if run.kind is RunKind.MODULE:
        return ("-m", str(run.module))
    if run.kind is RunKind.SCRIPT:
        return (str(PurePosixPath(code) / str(run.script)),)
    port = next(port for port in ports if port.name == run.port)
    host = port.address.strip("[]").replace("*", "::")
    return ("-m", "uvicorn", str(run.app), "--host", host, "--port", str(port.port))


def _entry_point(run: Run, code: str) -> str:
    """The file that holds the program: its absence means that the code is not there."""
    if run.kind is RunKind.COMMAND:
        return run.argv[0]
    if run.kind is RunKind.SCRIPT:
        return str(PurePosixPath(code) / str(run.script))
    module = run.module if run.kind is RunKind.MODULE else str(run.app).partition(":")[0]
    return f"{code}/{str(module).replace('.', '/')}.py"


def _merged(default: Limits | Restart, own: Limits | Restart) -> dict[str, object]:
    return {**default.model_dump(exclude_none=True), **own.model_dump(exclude_none=True)}


def _directives(values: dict[str, object], names: dict[str, str]) -> Pairs:
    return tuple((directive, str(values[key])) for key, directive in names.items() if key in values)


def _sandbox(default: Sandbox, own: Sandbox) -> Pairs:
    profile = PROFILES[own.profile or default.profile or "default"]
    writable = _unique((*default.read_write_paths, *own.read_write_paths))
    readable = _unique((*default.read_only_paths, *own.read_only_paths))
    return (
        *profile,
        *(("ReadWritePaths", path) for path in writable),
        *(("ReadOnlyPaths", path) for path in readable),
    )


def _units(names: Names, default: Order, own: Order, key: str) -> tuple[str, ...]:
    return _unique(names.unit(name) for name in (*getattr(default, key), *getattr(own, key)))


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _memberships(registry: Registry, name: str, service: Service, origin: Origin) -> tuple[Membership, ...]:
    fallback = registry.fleet.thresholds.max_lag
    return tuple(
        Membership(
            store=registry.keys[stream].store,
            stream=stream,
            group=consumes.group,
            max_lag=fallback if consumes.max_lag is None else consumes.max_lag,
            max_pending=consumes.max_pending,
            service=name,
            origin=origin.at("streams", "consumes", stream),
        )
        for stream, consumes in sorted(service.streams.consumes.items())
    )


def _store(registry: Registry, service: Service) -> str:
    streams = service.streams
    used = [*streams.publishes, *streams.consumes, *streams.writes, *streams.reads]
    return registry.keys[used[0]].store if used else ""
