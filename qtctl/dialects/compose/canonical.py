"""A loaded model → the project in JSON as `docker compose config --format json` prints it, key by key."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from qtctl.dialects.compose import shell
from qtctl.dialects.compose.interpolation import Wrong, parse_boolean
from qtctl.dialects.compose.scalars import round_to_single, write_plain
from qtctl.dialects.compose.units import format_duration, parse_nanoseconds, parse_size
from qtctl.dialects.compose.values import Table
from qtctl.errors import InputError, Place

Value = Any
Convert = Callable[[Value], Value]


def write_text(value: Value) -> Value:
    return write_plain(value) if isinstance(value, int) and not isinstance(value, bool) else value


def write_texts(value: Value) -> Value:
    return [str(value)] if isinstance(value, str) else [write_text(each) for each in value or ()]


def write_printed(value: Value) -> Value:
    return [value] if isinstance(value, str) else [write_plain(each) for each in value or ()]


def write_whole(value: Value) -> Value:
    return int(value) if value is not None else None


def write_number(value: Value) -> Value:
    return round_to_single(float(value)) if value is not None else None


def write_truth(value: Value) -> Value:
    return parse_boolean(value) if isinstance(value, str) else value


def write_argv(value: Value) -> Value:
    """Words; None if nothing is given."""
    if not isinstance(value, str):
        return None if value is None else [str(each) for each in value]
    found = shell.split(value)
    if found is None:
        raise Wrong("has an unclosed quote, or a bracket that needs a shell")
    return list(found[0])


def test(value: Value) -> Value:
    return ["CMD-SHELL", value] if isinstance(value, str) else [str(each) for each in value or ()]


def write_amount(value: Value) -> Value:
    """Bytes, as text."""
    found = value if isinstance(value, int) else parse_size(value) if isinstance(value, str) else 0
    return str(found) if found else ""


def write_time(value: Value) -> Value:
    return (
        None
        if value is None
        else format_duration(parse_nanoseconds(write_plain(value) if not isinstance(value, str) else value))
    )


def write_some_time(value: Value) -> Value:
    found = write_time(value)
    return "" if found == "0s" else found


def write_environment(value: Value) -> Value:
    """Name → value; None for a name without a value."""
    if isinstance(value, Mapping):
        return {key: None if each is None else _write(each) for key, each in value.items()}
    found: dict[str, Value] = {}
    for each in value or ():
        name, equals, rest = str(each).partition("=")
        if name[-1:].isspace():
            raise Wrong(f"has a variable {name.strip()} with a space at its end")
        found[name] = rest if equals else None
    return found


def write_pairs(value: Value) -> Value:
    """As an environment, but '' for a name without a value."""
    if isinstance(value, Mapping):
        return {key: "" if each is None else _write(each) for key, each in value.items()}
    return {name: rest for name, _, rest in (_write(each).partition("=") for each in value or ())}


def _write(value: Value) -> str:
    return value if isinstance(value, str) else write_plain(value)


def write_many(value: Value) -> Value:
    return {key: [_write(e) for e in (each if isinstance(each, list) else [each])] for key, each in value.items()}


def write_hosts(value: Value) -> Value:
    found: list[tuple[str, str]] = []
    if isinstance(value, Mapping):
        for host, each in value.items():
            found += ((host, str(one or "")) for one in (each if isinstance(each, list) else [each]))
    for each in value if isinstance(value, list) else ():
        sign = "=" if "=" in str(each) else ":"
        host, there, addresses = str(each).partition(sign)
        if not there:
            raise Wrong(f"{each} has no address")
        found += ((host, one) for one in addresses.split(","))
    for host, _ in found:
        if not host or ":" in host or "=" in host:
            raise Wrong(f"{host!r} is not the name of a host")
    return sorted(f"{host}={_strip_brackets(address)}" for host, address in found)


def _strip_brackets(address: str) -> str:
    return address[1:-1] if address[:1] == "[" and address[-1:] == "]" and address != "[]" else address


def write_ulimit(value: Value) -> Value:
    if isinstance(value, Mapping):
        return {key: int(value[key]) for key in ("soft", "hard") if value.get(key)}
    return int(value) or {}


def write_mode(value: Value) -> Value:
    return f"0{int(str(value), 8) if isinstance(value, str) else int(value):o}"


def count(value: Value) -> Value:
    return -1 if str(value).lower() == "all" else int(value)


def write_ssh(value: Value) -> Value:
    return [key if path is None else {key: path} for key, path in value.items()]


class Struct:
    """Fields of a mapping. Empty ones are left out, except `always`; `kept` stay if they are given."""

    def __init__(
        self, fields: Mapping[str, Convert], always: Mapping[str, Value] = {}, kept: tuple[str, ...] = ()
    ) -> None:
        self.fields, self.always, self.kept = fields, always, kept

    def __call__(self, value: Value) -> dict[str, Value]:
        made: dict[str, Value] = dict(self.always)
        for key, each in value.items():
            convert = self.fields.get(key)
            if convert is None or (each is None and key not in self.always):
                continue
            try:
                found = convert(each)
            except Wrong as error:
                raise InputError(f"{key}: {error}", place=_find_place(value, key)) from error
            except (ValueError, TypeError, OverflowError) as error:
                raise InputError(
                    f"{key}: is not the number that belongs there", place=_find_place(value, key)
                ) from error
            if key in self.always or key in self.kept or found not in (None, "", 0, [], {}):
                made[key] = found
            if found == {} and isinstance(convert, Struct):
                made[key] = found
        return made


def _find_place(value: Value, key: str) -> Place:
    return value.line_of(key) if isinstance(value, Table) else Place("")


def map_each(convert: Convert) -> Convert:
    return lambda value: [convert(one) for one in value or ()]


def map_by_name(convert: Convert) -> Convert:
    return lambda value: {key: None if one is None else convert(one) for key, one in value.items()}


def _map_fields(convert: Convert, names: str) -> dict[str, Convert]:
    return dict.fromkeys(names.split(), convert)


_REQUEST = Struct(
    {
        "capabilities": write_texts,
        "driver": write_text,
        "count": count,
        "device_ids": write_texts,
        "options": write_pairs,
    }
)
_FILE = Struct({**_map_fields(write_text, "source target uid gid"), "mode": write_mode})
_HOOK = Struct(
    {
        "command": write_argv,
        "environment": write_environment,
        "privileged": write_truth,
        **_map_fields(write_text, "user working_dir"),
    },
    {"command": None},
)
_BUILD = Struct(
    {
        **_map_fields(write_text, "context dockerfile dockerfile_inline provenance sbom isolation network target"),
        **_map_fields(write_texts, "entitlements cache_from cache_to tags platforms"),
        **_map_fields(write_truth, "no_cache pull privileged"),
        **_map_fields(write_pairs, "labels additional_contexts"),
        "args": write_environment, "ssh": write_ssh, "extra_hosts": write_hosts, "secrets": map_each(_FILE),
        "shm_size": write_amount,
        "ulimits": map_by_name(write_ulimit),
    }
)  # fmt: skip
_UPDATE = Struct(
    {"parallelism": write_whole, "max_failure_ratio": write_number, **_map_fields(write_some_time, "delay monitor"),
     **_map_fields(write_text, "failure_action order")},
    kept=("parallelism",),
)  # fmt: skip
_GENERIC = Struct(
    {"discrete_resource_spec": Struct({"kind": write_text, "value": write_whole}, {"kind": "", "value": 0})}
)
_RESOURCE = Struct(
    {
        "cpus": write_number,
        "memory": write_amount,
        "pids": write_whole,
        "devices": map_each(_REQUEST),
        "generic_resources": map_each(_GENERIC),
    }
)
_DEPLOY = Struct(
    {
        **_map_fields(write_text, "mode endpoint_mode"),
        "replicas": write_whole, "labels": write_pairs, "update_config": _UPDATE, "rollback_config": _UPDATE,
        "resources": Struct({"limits": _RESOURCE, "reservations": _RESOURCE}),
        "restart_policy": Struct(
            {"condition": write_text, "max_attempts": write_whole, **_map_fields(write_time, "delay window")},
            kept=("delay", "window", "max_attempts"),
        ),
        "placement": Struct(
            {
                "constraints": write_texts,
                "preferences": map_each(Struct({"spread": write_text})),
                "max_replicas_per_node": write_whole,
            }
        ),
    },
    {"resources": {}, "placement": {}},
    kept=("replicas",),
)  # fmt: skip


def _map_devices(convert: Convert, named: str) -> Convert:
    """Compose prints these with capital letters."""
    return lambda value: [
        {"Path": one.get("path", ""), named: convert(one.get(named.lower(), 0))} for one in value or ()
    ]


def _write_rate(value: Value) -> str:
    return write_amount(value) or "0"


_VOLUME = Struct(
    {
        **_map_fields(write_text, "type source target consistency"),
        "read_only": write_truth,
        "bind": Struct({**_map_fields(write_text, "selinux propagation recursive"), "create_host_path": write_truth}),
        "volume": Struct({"labels": write_pairs, "nocopy": write_truth, "subpath": write_text}),
        "tmpfs": Struct({"size": write_amount, "mode": write_whole}),
        "image": Struct({"subpath": write_text}),
    }
)
_NETWORK_OF_SERVICE = Struct(
    {
        **_map_fields(write_text, "interface_name ipv4_address ipv6_address mac_address"),
        **_map_fields(write_texts, "aliases link_local_ips"),
        **_map_fields(write_whole, "priority gw_priority"),
        "driver_opts": write_pairs,
    }
)
SERVICE: Final = Struct(
    {
        **_map_fields(write_pairs, "annotations labels sysctls storage_opt"),
        **_map_fields(
            write_text,
            "cgroup cgroup_parent container_name cpuset domainname hostname image ipc isolation mac_address "
            "network_mode pid platform pull_policy restart runtime stop_signal user userns_mode uts working_dir",
        ),
        **_map_fields(
            write_texts,
            "cap_add cap_drop device_cgroup_rules dns dns_opt dns_search external_links group_add links profiles "
            "security_opt tmpfs volumes_from",
        ),
        **_map_fields(
            write_whole,
            "cpu_count cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares oom_score_adj pids_limit scale",
        ),
        **_map_fields(write_number, "cpus cpu_percent"),
        **_map_fields(write_truth, "attach init oom_kill_disable privileged read_only stdin_open tty use_api_socket"),
        **_map_fields(write_amount, "mem_limit mem_reservation memswap_limit mem_swappiness shm_size"),
        **_map_fields(write_argv, "command entrypoint"),
        **_map_fields(map_each(_FILE), "configs secrets"),
        **_map_fields(map_each(_HOOK), "post_start pre_stop"),
        "blkio_config": Struct(
            {
                "weight": write_whole,
                "weight_device": _map_devices(write_whole, "Weight"),
                **_map_fields(
                    _map_devices(_write_rate, "Rate"),
                    "device_read_bps device_read_iops device_write_bps device_write_iops",
                ),
            }
        ),
        "build": _BUILD,
        "credential_spec": Struct(_map_fields(write_text, "config file registry")),
        "depends_on": map_by_name(
            Struct({"condition": write_text, "restart": write_truth, "required": write_truth}, {"required": False})
        ),
        "deploy": _DEPLOY,
        "develop": Struct(
            {
                "watch": map_each(
                    Struct(
                        {**_map_fields(write_text, "path action target"), **_map_fields(write_texts, "include ignore"),
                         "exec": _HOOK, "initial_sync": write_truth},
                        {"path": "", "action": "", "exec": {"command": None}},
                    )
                )
            }
        ),
        "devices": map_each(Struct(_map_fields(write_text, "source target permissions"))),
        "environment": write_environment,
        "expose": write_printed,
        "extra_hosts": write_hosts,
        "gpus": map_each(_REQUEST),
        "healthcheck": Struct(
            {"test": test, "retries": write_whole, "disable": write_truth,
             **_map_fields(write_time, "interval timeout start_period start_interval")},
            kept=("retries", "interval", "timeout", "start_period", "start_interval"),
        ),
        "logging": Struct({"driver": write_text, "options": write_pairs}),
        "models": map_by_name(Struct(_map_fields(write_text, "endpoint_var model_var"))),
        "networks": map_by_name(_NETWORK_OF_SERVICE),
        "ports": map_each(
            Struct(
                {**_map_fields(write_text, "name mode host_ip published protocol app_protocol"), "target": write_whole}
            )
        ),
        "provider": Struct({"type": write_text, "options": write_many}),
        "stop_grace_period": write_time,
        "ulimits": map_by_name(write_ulimit),
        "volumes": map_each(_VOLUME),
    },
    {"command": None, "entrypoint": None},
    kept=("attach", "init", "scale", "stop_grace_period"),
)  # fmt: skip
_OBJECT = {**_map_fields(write_text, "name file environment content driver template_driver"),
           **_map_fields(write_pairs, "labels driver_opts"), "external": write_truth}  # fmt: skip
RESOURCES: Final[dict[str, Struct]] = {
    "networks": Struct(
        {
            **_map_fields(write_text, "name driver"),
            **_map_fields(write_pairs, "driver_opts labels"),
            **_map_fields(write_truth, "external internal attachable enable_ipv4 enable_ipv6"),
            "ipam": Struct(
                {
                    "driver": write_text,
                    "config": map_each(
                        Struct({**_map_fields(write_text, "subnet gateway ip_range"), "aux_addresses": write_pairs})
                    ),
                }
            ),
        },
        {"ipam": {}},
        kept=("enable_ipv4", "enable_ipv6"),
    ),
    "volumes": Struct(
        {
            **_map_fields(write_text, "name driver"),
            **_map_fields(write_pairs, "driver_opts labels"),
            "external": write_truth,
        }
    ),
    "secrets": Struct({key: convert for key, convert in _OBJECT.items() if key != "content"}),
    "configs": Struct(_OBJECT),
}
