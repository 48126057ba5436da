"""A loaded model → the project in JSON as `docker compose config --format json` prints it, key by key."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from qtctl.dialects.compose import shell
from qtctl.dialects.compose.interpolation import Wrong, boolean
from qtctl.dialects.compose.scalars import single, written
from qtctl.dialects.compose.units import duration, nanoseconds, size
from qtctl.dialects.compose.values import Table
from qtctl.errors import InputError, Place

Value = Any
Convert = Callable[[Value], Value]


def text(value: Value) -> Value:
    return written(value) if isinstance(value, int) and not isinstance(value, bool) else value


def texts(value: Value) -> Value:
    return [str(value)] if isinstance(value, str) else [text(each) for each in value or ()]


def printed(value: Value) -> Value:
    return [value] if isinstance(value, str) else [written(each) for each in value or ()]


def whole(value: Value) -> Value:
    return int(value) if value is not None else None


def number(value: Value) -> Value:
    return single(float(value)) if value is not None else None


def truth(value: Value) -> Value:
    return boolean(value) if isinstance(value, str) else value


def argv(value: Value) -> Value:
    """Words, None where nothing is said."""
    if not isinstance(value, str):
        return None if value is None else [str(each) for each in value]
    found = shell.split(value)
    if found is None:
        raise Wrong("has a quote that does not end, or a bracket that the shell would need")
    return list(found[0])


def test(value: Value) -> Value:
    return ["CMD-SHELL", value] if isinstance(value, str) else [str(each) for each in value or ()]


def amount(value: Value) -> Value:
    """Bytes, as text."""
    found = value if isinstance(value, int) else size(value) if isinstance(value, str) else 0
    return str(found) if found else ""


def time(value: Value) -> Value:
    return None if value is None else duration(nanoseconds(written(value) if not isinstance(value, str) else value))


def some_time(value: Value) -> Value:
    found = time(value)
    return "" if found == "0s" else found


def environment(value: Value) -> Value:
    """Name → value, None where it has none."""
    if isinstance(value, Mapping):
        return {key: None if each is None else _written(each) for key, each in value.items()}
    found: dict[str, Value] = {}
    for each in value or ():
        name, equals, rest = str(each).partition("=")
        if name[-1:].isspace():
            raise Wrong(f"has a variable {name.strip()} with a space at its end")
        found[name] = rest if equals else None
    return found


def pairs(value: Value) -> Value:
    """As an environment, with '' where there is no value."""
    if isinstance(value, Mapping):
        return {key: "" if each is None else _written(each) for key, each in value.items()}
    return {name: rest for name, _, rest in (_written(each).partition("=") for each in value or ())}


def _written(value: Value) -> str:
    return value if isinstance(value, str) else written(value)


def many(value: Value) -> Value:
    return {key: [_written(e) for e in (each if isinstance(each, list) else [each])] for key, each in value.items()}


def hosts(value: Value) -> Value:
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
    return sorted(f"{host}={_bare(address)}" for host, address in found)


def _bare(address: str) -> str:
    return address[1:-1] if address[:1] == "[" and address[-1:] == "]" and address != "[]" else address


def ulimit(value: Value) -> Value:
    if isinstance(value, Mapping):
        return {key: int(value[key]) for key in ("soft", "hard") if value.get(key)}
    return int(value) or {}


def mode(value: Value) -> Value:
    return f"0{int(str(value), 8) if isinstance(value, str) else int(value):o}"


def count(value: Value) -> Value:
    return -1 if str(value).lower() == "all" else int(value)


def ssh(value: Value) -> Value:
    return [key if path is None else {key: path} for key, path in value.items()]


class Struct:
    """Fields of a mapping. What is empty is left out, but for `always`; `kept` stay where they are said."""

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
                raise InputError(f"{key}: {error}", place=_place(value, key)) from error
            except (ValueError, TypeError, OverflowError) as error:
                raise InputError(f"{key}: is not the number that belongs there", place=_place(value, key)) from error
            if key in self.always or key in self.kept or found not in (None, "", 0, [], {}):
                made[key] = found
            if found == {} and isinstance(convert, Struct):
                made[key] = found
        return made


def _place(value: Value, key: str) -> Place:
    return value.line_of(key) if isinstance(value, Table) else Place("")


def each(convert: Convert) -> Convert:
    return lambda value: [convert(one) for one in value or ()]


def by_name(convert: Convert) -> Convert:
    return lambda value: {key: None if one is None else convert(one) for key, one in value.items()}


def _fields(convert: Convert, names: str) -> dict[str, Convert]:
    return dict.fromkeys(names.split(), convert)


_REQUEST = Struct({"capabilities": texts, "driver": text, "count": count, "device_ids": texts, "options": pairs})
_FILE = Struct({**_fields(text, "source target uid gid"), "mode": mode})
_HOOK = Struct(
    {"command": argv, "environment": environment, "privileged": truth, **_fields(text, "user working_dir")},
    {"command": None},
)
_BUILD = Struct(
    {
        **_fields(text, "context dockerfile dockerfile_inline provenance sbom isolation network target"),
        **_fields(texts, "entitlements cache_from cache_to tags platforms"),
        **_fields(truth, "no_cache pull privileged"),
        **_fields(pairs, "labels additional_contexts"),
        "args": environment, "ssh": ssh, "extra_hosts": hosts, "secrets": each(_FILE), "shm_size": amount,
        "ulimits": by_name(ulimit),
    }
)  # fmt: skip
_UPDATE = Struct(
    {"parallelism": whole, "max_failure_ratio": number, **_fields(some_time, "delay monitor"),
     **_fields(text, "failure_action order")},
    kept=("parallelism",),
)  # fmt: skip
_GENERIC = Struct({"discrete_resource_spec": Struct({"kind": text, "value": whole}, {"kind": "", "value": 0})})
_RESOURCE = Struct(
    {"cpus": number, "memory": amount, "pids": whole, "devices": each(_REQUEST), "generic_resources": each(_GENERIC)}
)
_DEPLOY = Struct(
    {
        **_fields(text, "mode endpoint_mode"),
        "replicas": whole, "labels": pairs, "update_config": _UPDATE, "rollback_config": _UPDATE,
        "resources": Struct({"limits": _RESOURCE, "reservations": _RESOURCE}),
        "restart_policy": Struct(
            {"condition": text, "max_attempts": whole, **_fields(time, "delay window")},
            kept=("delay", "window", "max_attempts"),
        ),
        "placement": Struct(
            {"constraints": texts, "preferences": each(Struct({"spread": text})), "max_replicas_per_node": whole}
        ),
    },
    {"resources": {}, "placement": {}},
    kept=("replicas",),
)  # fmt: skip
_THROTTLE = Struct({"path": text, "rate": amount})


def _devices(convert: Convert, named: str) -> Convert:
    """Compose prints these with capital letters."""
    return lambda value: [
        {"Path": one.get("path", ""), named: convert(one.get(named.lower(), 0))} for one in value or ()
    ]


def _rate(value: Value) -> str:
    return amount(value) or "0"


_VOLUME = Struct(
    {
        **_fields(text, "type source target consistency"),
        "read_only": truth,
        "bind": Struct({**_fields(text, "selinux propagation recursive"), "create_host_path": truth}),
        "volume": Struct({"labels": pairs, "nocopy": truth, "subpath": text}),
        "tmpfs": Struct({"size": amount, "mode": whole}),
        "image": Struct({"subpath": text}),
    }
)
_NETWORK_OF_SERVICE = Struct(
    {
        **_fields(text, "interface_name ipv4_address ipv6_address mac_address"),
        **_fields(texts, "aliases link_local_ips"),
        **_fields(whole, "priority gw_priority"),
        "driver_opts": pairs,
    }
)
SERVICE: Final = Struct(
    {
        **_fields(pairs, "annotations labels sysctls storage_opt"),
        **_fields(
            text,
            "cgroup cgroup_parent container_name cpuset domainname hostname image ipc isolation mac_address "
            "network_mode pid platform pull_policy restart runtime stop_signal user userns_mode uts working_dir",
        ),
        **_fields(
            texts,
            "cap_add cap_drop device_cgroup_rules dns dns_opt dns_search external_links group_add links profiles "
            "security_opt tmpfs volumes_from",
        ),
        **_fields(
            whole,
            "cpu_count cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares oom_score_adj pids_limit scale",
        ),
        **_fields(number, "cpus cpu_percent"),
        **_fields(truth, "attach init oom_kill_disable privileged read_only stdin_open tty use_api_socket"),
        **_fields(amount, "mem_limit mem_reservation memswap_limit mem_swappiness shm_size"),
        **_fields(argv, "command entrypoint"),
        **_fields(each(_FILE), "configs secrets"),
        **_fields(each(_HOOK), "post_start pre_stop"),
        "blkio_config": Struct(
            {
                "weight": whole,
                "weight_device": _devices(whole, "Weight"),
                **_fields(
                    _devices(_rate, "Rate"), "device_read_bps device_read_iops device_write_bps device_write_iops"
                ),
            }
        ),
        "build": _BUILD,
        "credential_spec": Struct(_fields(text, "config file registry")),
        "depends_on": by_name(Struct({"condition": text, "restart": truth, "required": truth}, {"required": False})),
        "deploy": _DEPLOY,
        "develop": Struct(
            {
                "watch": each(
                    Struct(
                        {**_fields(text, "path action target"), **_fields(texts, "include ignore"), "exec": _HOOK,
                         "initial_sync": truth},
                        {"path": "", "action": "", "exec": {"command": None}},
                    )
                )
            }
        ),
        "devices": each(Struct(_fields(text, "source target permissions"))),
        "environment": environment,
        "expose": printed,
        "extra_hosts": hosts,
        "gpus": each(_REQUEST),
        "healthcheck": Struct(
            {"test": test, "retries": whole, "disable": truth,
             **_fields(time, "interval timeout start_period start_interval")},
            kept=("retries", "interval", "timeout", "start_period", "start_interval"),
        ),
        "logging": Struct({"driver": text, "options": pairs}),
        "models": by_name(Struct(_fields(text, "endpoint_var model_var"))),
        "networks": by_name(_NETWORK_OF_SERVICE),
        "ports": each(
            Struct({**_fields(text, "name mode host_ip published protocol app_protocol"), "target": whole})
        ),
        "provider": Struct({"type": text, "options": many}),
        "stop_grace_period": time,
        "ulimits": by_name(ulimit),
        "volumes": each(_VOLUME),
    },
    {"command": None, "entrypoint": None},
    kept=("attach", "init", "scale", "stop_grace_period"),
)  # fmt: skip
_OBJECT = {**_fields(text, "name file environment content driver template_driver"),
           **_fields(pairs, "labels driver_opts"), "external": truth}  # fmt: skip
RESOURCES: Final[dict[str, Struct]] = {
    "networks": Struct(
        {
            **_fields(text, "name driver"),
            **_fields(pairs, "driver_opts labels"),
            **_fields(truth, "external internal attachable enable_ipv4 enable_ipv6"),
            "ipam": Struct(
                {
                    "driver": text,
                    "config": each(Struct({**_fields(text, "subnet gateway ip_range"), "aux_addresses": pairs})),
                }
            ),
        },
        {"ipam": {}},
        kept=("enable_ipv4", "enable_ipv6"),
    ),
    "volumes": Struct({**_fields(text, "name driver"), **_fields(pairs, "driver_opts labels"), "external": truth}),
    "secrets": Struct({key: convert for key, convert in _OBJECT.items() if key != "content"}),
    "configs": Struct(_OBJECT),
}
