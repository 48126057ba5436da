"""One declared service → what its host must have."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from qtctl.dialects.systemd.exec_lines import read_commands
from qtctl.dialects.systemd.quoting import list_loaded_argv
from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.dialects.systemd.unit_name import is_template, strip_type
from qtctl.model.desired import DesiredService, Membership
from qtctl.model.desired_unit import DEFAULT_PART, Pairs
from qtctl.model.fields import INSTANCE
from qtctl.model.names import Names, find_slice, make_unit_name
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry
from qtctl.model.service import Port, Run, RunKind, Service
from qtctl.model.states import STARTED_BY_OTHERS, ServiceState
from qtctl.resolve.listeners import resolve_listeners, resolve_unix_listeners
from qtctl.resolve.settings import (
    install_of,
    list_commands,
    list_further_sections,
    list_pairs,
    list_raw_directives,
    list_unit_settings,
    order_of,
)

DEFAULT_PROFILE = "default"
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
    """The service with its defaults. The registry has been checked: every name in it is declared."""
    service = registry.services[name]
    run = service.run
    if run is None:
        raise ValueError(f"service {name} has no [run]")
    defaults = registry.fleet.defaults
    origin = registry.origins["services", name]
    unit = make_unit_name(registry, "services", name)
    template = is_template(unit)
    own_env = template and any(own.env for own in service.instance.values())
    env = {**defaults.env, **service.env}
    target = make_unit_name(registry, "targets", service.target) if service.target else ""
    waits = service.state in STARTED_BY_OTHERS
    by_itself = not waits or service.enabled is True
    order = order_of(names, defaults.order, service.order)
    if target and not waits:
        order["part_of"] = tuple(dict.fromkeys((*order["part_of"], target)))
    wanted_by, install = install_of(names, service.install, (target or "multi-user.target",) if by_itself else ())
    restart = None if waits else defaults.restart
    specifiers = template if service.specifiers is None else service.specifiers
    argv = _build_argv(registry, run, service.ports)
    return DesiredService(
        name=name,
        unit=unit,
        summary=service.summary,
        category=service.category,
        owner=service.owner,
        critical=service.critical,
        state=service.state,
        why=service.why,
        type=service.type or defaults.type,
        user=defaults.user if service.user is None else service.user,
        group=_choose_group(service, defaults.group),
        argv=argv,
        working_directory=_choose_directory(run, defaults.code),
        venv=registry.venvs[run.venv].path if run.venv else "",
        entry_point=_find_entry_point(run, run.code or defaults.code, argv),
        env_file=_make_env_file_path(registry, name, own=own_env) if env or own_env else "",
        env=tuple(sorted(env.items())),
        secrets_file=(service.secrets.env_file or "") if service.secrets else "",
        secrets_keys=service.secrets.keys if service.secrets else (),
        target=target,
        wanted_by=wanted_by,
        limits=list_pairs(service.limits, defaults.limits),
        restart=list_pairs(service.restart, restart),
        start_limit=list_pairs(service.restart, restart, section="Unit"),
        sandbox=_list_sandbox(registry, service),
        # The ports of a template belong to its instances.
        ports=() if template else resolve_listeners(service.ports, origin),
        unix_sockets=resolve_unix_listeners(service.unix_sockets, origin),
        publishes=service.streams.publishes,
        writes=service.streams.writes,
        reads=service.streams.reads,
        consumes=_list_memberships(registry, name, service, origin),
        max_unavailable=str(service.max_unavailable or DEFAULT_PART),
        silent_us=parse_microseconds(silent) if (silent := service.streams.silent_after) else None,
        store=_store_of(registry, service),
        enabled=service.state is ServiceState.RUNNING if service.enabled is None else service.enabled,
        origin=origin,
        unit_settings=list_unit_settings(names, service, defaults.order),
        commands=list_commands(service.commands),
        settings=_list_settings(registry, service),
        syslog_identifier=_choose_identifier(registry, service, unit),
        lines=run.lines,
        loaded=_list_loaded(run, argv, unit if run.lines or specifiers else ""),
        unit_env=tuple(service.unit_env.items()),
        env_files=service.env_files,
        code=run.code or defaults.code,
        install=(*install, *list_raw_directives(service.systemd, "Install")),
        extra=list_further_sections(service.systemd, ("Unit", "Service", "Install")),
        specifiers=specifiers,
        **order,
    )


def _make_env_file_path(registry: Registry, name: str, *, own: bool) -> str:
    """`own`: each instance has its own file, which repeats what they all share."""
    return f"{registry.fleet.env_dir}/{name.removesuffix('@')}{'@%i' if own else ''}.env"


def _choose_group(service: Service, default: str) -> str:
    """A service with its own user gets the group of the same name."""
    if service.group is not None:
        return service.group
    return default if service.user is None else service.user


def _choose_directory(run: Run, code: str) -> str:
    return (run.code or code) if run.cwd is None else run.cwd


_SAID_ELSEWHERE = ("type", "user", "group", "slice", "unit_env", "env_files")


def _list_settings(registry: Registry, service: Service) -> Pairs:
    defaults = registry.fleet.defaults
    slice_ = (("Slice", find_slice(registry, service.slice)),) if service.slice else ()
    return (
        *list_pairs(service, leave=_SAID_ELSEWHERE),
        *slice_,
        *list_pairs(service.process),
        *list_pairs(service.scheduling),
        *list_pairs(service.timeouts, defaults.timeouts),
        *list_pairs(service.kill),
        *list_pairs(service.directories),
        *list_pairs(service.log, defaults.log, leave=("identifier",)),
        *list_pairs(service.terminal),
        *(list_pairs(service.secrets) if service.secrets else ()),
        *list_raw_directives(service.systemd, "Service"),
    )


def _choose_identifier(registry: Registry, service: Service, unit: str) -> str:
    """The identifier of its log lines, by default the unit's name."""
    own = service.log.identifier
    chosen = registry.fleet.defaults.log.identifier if own is None else own
    if chosen is not None:
        return chosen
    return f"{strip_type(unit)}%i" if is_template(unit) and service.specifiers is not False else strip_type(unit)


def _list_loaded(run: Run, argv: tuple[str, ...], unit: str) -> tuple[tuple[str, ...], ...]:
    if run.lines:
        found = [(each.path, *each.argv[1:]) for line in run.lines for each in read_commands(line)]
    else:
        found = [list_loaded_argv(argv)] if argv else []
    known = unit and not is_template(unit)
    return tuple(tuple(expand(word, unit) for word in words) if known else tuple(words) for words in found)


def _build_argv(registry: Registry, run: Run, ports: Mapping[str, Port]) -> tuple[str, ...]:
    if run.kind is RunKind.EXEC:
        return read_commands(run.lines[0])[0].argv if run.lines else ()
    if run.kind is RunKind.COMMAND:
        return (*run.argv, *run.args)
    python = run.python or registry.fleet.defaults.python
    if run.venv:
        python = f"{registry.venvs[run.venv].path}/bin/python"
    return (python, *_list_program_arguments(run, run.code or registry.fleet.defaults.code, ports), *run.args)


def _list_program_arguments(run: Run, code: str, ports: Mapping[str, Port]) -> tuple[str, ...]:
    if run.kind is RunKind.MODULE:
        return ("-m", str(run.module))
    if run.kind is RunKind.SCRIPT:
        return (str(PurePosixPath(code) / str(run.script)),)
    address, _, port = ports[str(run.port)].listen.rpartition(":")
    host = address.strip("[]").replace("*", "::")
    return ("-m", "uvicorn", str(run.app), "--host", host, "--port", port if INSTANCE in port else str(int(port)))


def _find_entry_point(run: Run, code: str, argv: tuple[str, ...]) -> str:
    """The program's file: if it is missing, the code is not installed."""
    if run.kind in (RunKind.COMMAND, RunKind.EXEC):
        return argv[0] if argv else ""
    if run.kind is RunKind.SCRIPT:
        return str(PurePosixPath(code) / str(run.script))
    module = run.module if run.kind is RunKind.MODULE else str(run.app).partition(":")[0]
    return f"{code}/{str(module).replace('.', '/')}.py"


def _list_sandbox(registry: Registry, service: Service) -> Pairs:
    """The profile's directives, except those that a key overrides; then the keys."""
    default, own = registry.fleet.defaults.sandbox, service.sandbox
    keys = list_pairs(own, default, leave=("profile",))
    spoken = {directive for directive, _ in keys}
    profile = PROFILES[own.profile or default.profile or DEFAULT_PROFILE]
    return (*(pair for pair in profile if pair[0] not in spoken), *keys)


def _list_memberships(registry: Registry, name: str, service: Service, origin: Origin) -> tuple[Membership, ...]:
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
            max_idle_us=parse_microseconds(registry.fleet.thresholds.max_idle if idle is None else idle),
        )
        for stream, consumes in sorted(service.streams.consumes.items())
        for idle in (consumes.max_idle,)
    )


def _store_of(registry: Registry, service: Service) -> str:
    streams = service.streams
    used = [*streams.publishes, *streams.consumes, *streams.writes, *streams.reads]
    return registry.keys[used[0]].store if used else ""
