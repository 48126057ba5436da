"""Compose attributes → keys of a registry: one function for each attribute with a counterpart in systemd."""

import re
from collections.abc import Callable
from typing import Any, Final

from qtctl.adopt.compose_reading import Reading, list_attributes
from qtctl.dialects.compose.units import parse_nanoseconds
from qtctl.dialects.paths import explain_trouble, normalize

Value = Any
Handler = Callable[[Reading], None]
_ULIMITS: Final = {
    "nofile": "nofile", "nproc": "nproc", "core": "core", "memlock": "memlock", "as": "address_space",
    "stack": "stack", "data": "data", "cpu": "cpu_time", "fsize": "file_size", "rss": "resident_set",
    "locks": "locks", "sigpending": "pending_signals", "msgqueue": "message_queues", "nice": "nice",
    "rtprio": "realtime_priority", "rttime": "realtime_time",
}  # fmt: skip
_DEFAULT_CAPABILITIES: Final = (
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
    "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
)  # fmt: skip
"""Docker's default capabilities."""
MOST_REPLICAS: Final = 500
_MICRO, _SECOND, _MINUTE = 1_000, 10**9, 60 * 10**9
_NAMED: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,30}")


def format_span(text: str) -> str:
    """A duration in Compose's notation as systemd writes it."""
    nano = parse_nanoseconds(text)
    if nano and nano % _MINUTE == 0:
        return f"{nano // _MINUTE}min"
    return f"{nano // _SECOND}s" if nano % _SECOND == 0 else f"{nano // _MICRO}us"


def read_user(reading: Reading) -> None:
    user, _, group = str(reading.values["user"]).partition(":")
    if user:
        reading.put("user", "root" if user == "0" else user, "user")
    if group:
        reading.put("group", "root" if group == "0" else group, "user")
    elif user in ("root", "0"):
        reading.put("group", "root", "user")


def read_working_dir(reading: Reading) -> None:
    folder = str(reading.values["working_dir"])
    plain = normalize(folder) if folder.startswith("/") else folder
    if folder.startswith("/") and not explain_trouble(plain):
        reading.put("run.cwd", plain, "working_dir")
    else:
        reading.leave("is not an absolute path", "working_dir", to_do="set run.cwd")


def read_stop_signal(reading: Reading) -> None:
    text = str(reading.values["stop_signal"]).upper()
    reading.put("kill.signal", text if text.isdecimal() else f"SIG{text.removeprefix('SIG')}", "stop_signal")


def read_stop_grace_period(reading: Reading) -> None:
    reading.put("timeouts.stop", format_span(str(reading.service["stop_grace_period"])), "stop_grace_period")


def read_ulimits(reading: Reading) -> None:
    for name, value in reading.service["ulimits"].items():
        attributes = tuple(list_attributes(f"ulimits.{name}", value))
        if name not in _ULIMITS:
            reading.leave("is a limit that systemd does not have", *attributes)
            continue
        if isinstance(value, dict):
            soft, hard = (_format_limit(int(value[key])) for key in ("soft", "hard"))
            limit: Value = f"{soft}:{hard}"
        else:
            limit = _format_limit(int(value))
            limit = int(limit) if limit.isdecimal() else limit
        reading.put(f"limits.{_ULIMITS[name]}", limit, *attributes)


def _format_limit(number: int) -> str:
    return "infinity" if number < 0 else str(number)


def read_read_only(reading: Reading) -> None:
    if reading.values.get("read_only"):
        reading.put("sandbox.protect_system", "strict", "read_only")
    else:
        reading.note_typed("read_only")


def read_capabilities(reading: Reading) -> None:
    """Both keys together: drops apply first, whatever the order."""
    added, dropped = (_list_capabilities(reading.values.get(key, ())) for key in ("cap_add", "cap_drop"))
    attributes = (*list_attributes("cap_add", reading.service.get("cap_add", [])),) if added else ()
    attributes += (*list_attributes("cap_drop", reading.service.get("cap_drop", [])),) if dropped else ()
    if "ALL" in added:
        every = tuple(each for each in attributes if each.startswith("cap_add"))
        reading.leave("gives all capabilities", *every, to_do="name those that it needs")
        reading.leave("has no effect beside cap_add: ALL", *(each for each in attributes if each not in every))
        return
    kept = [] if "ALL" in dropped else [each for each in _DEFAULT_CAPABILITIES if each not in dropped]
    bounding = list(dict.fromkeys((*kept, *added)))
    reading.put("sandbox.capability_bounding_set", [f"CAP_{each}" for each in bounding], *attributes)
    if added:
        reading.put("sandbox.ambient_capabilities", [f"CAP_{each}" for each in added], *attributes)


def _list_capabilities(entries: Value) -> list[str]:
    return [str(each).upper().removeprefix("CAP_") for each in entries]


def read_tmpfs(reading: Reading) -> None:
    for number, each in enumerate(reading.values["tmpfs"]):
        attribute = f"tmpfs[{number}]" if isinstance(reading.service["tmpfs"], list) else "tmpfs"
        _read_temporary(reading, each, attribute)


def _read_temporary(reading: Reading, text: str, *attributes: str) -> None:
    path, _, options = text.partition(":")
    if not path.startswith("/") or explain_trouble(path) or any(char.isspace() for char in text):
        reading.leave("is not an absolute path", *attributes, to_do="set sandbox.temporary_file_systems")
        return
    reading.add("sandbox.temporary_file_systems", [f"{path}:{options}" if options else path], *attributes)


def read_security_opt(reading: Reading) -> None:
    for number, each in enumerate(reading.values["security_opt"]):
        attribute = f"security_opt[{number}]"
        kind, _, value = str(each).replace("=", ":", 1).partition(":")
        if kind == "no-new-privileges":
            reading.put("sandbox.no_new_privileges", value.lower() != "false", attribute)
        elif kind == "apparmor" and value:
            reading.put("sandbox.app_armor_profile", value, attribute)


def read_group_add(reading: Reading) -> None:
    for number, each in enumerate(reading.values["group_add"]):
        if _NAMED.fullmatch(each):
            reading.add("supplementary_groups", [each], f"group_add[{number}]")
        else:
            reading.leave("is not the name of a group", f"group_add[{number}]", to_do="set supplementary_groups")


def read_devices(reading: Reading) -> None:
    for number, each in enumerate(reading.values["devices"]):
        source, attributes = each.get("source", ""), tuple(list_attributes("devices", reading.service["devices"]))
        attribute = attributes[number]
        if (
            source == each.get("target")
            and source.startswith("/dev/")
            and not explain_trouble(source)
            and " " not in source
        ):
            reading.add("limits.device_allow", [f"{source} {each.get('permissions', 'rwm')}"], attribute)
            reading.put("sandbox.private_devices", False)
        else:
            reading.leave("is a device under another name", attribute, to_do="set limits.device_allow")


def read_network_mode(reading: Reading) -> None:
    mode = str(reading.values["network_mode"])
    if mode == "none":
        reading.put("sandbox.private_network", True, "network_mode")
    elif mode in ("host", "bridge", "default"):
        reading.leave("needs no key: a service uses the network of its host", "network_mode")
    else:
        reading.leave("needs no key: all services of a host share its network", "network_mode")


def read_ipc(reading: Reading) -> None:
    if reading.values["ipc"] in ("private", "none"):
        reading.put("sandbox.private_ipc", True, "ipc")


def read_cgroup_parent(reading: Reading) -> None:
    name = str(reading.values["cgroup_parent"])
    if re.fullmatch(r"[A-Za-z0-9:_.\\-]+\.slice", name):
        reading.put("slice", name, "cgroup_parent")


def read_logging(reading: Reading) -> None:
    driver = reading.values["logging"].get("driver", "")
    if driver == "journald":
        reading.leave("needs no key: the journal is where services log", "logging.driver")
    elif driver == "none":
        for key in ("stdout", "stderr"):
            reading.put(f"log.{key}", "null", "logging.driver")


def read_hooks(reading: Reading) -> None:
    for key, commands in (("post_start", "start_post"), ("pre_stop", "stop")):
        for number, each in enumerate(reading.values.get(key, ())):
            attribute = f"{key}[{number}]"
            argv = each.get("command") or ()
            plain = set(each) <= {"command"} and argv and argv[0].startswith("/") and not explain_trouble(argv[0])
            if plain:
                reading.add(f"commands.{commands}", [tuple(argv)], attribute)
                reading.table["commands"][commands] = [list(one) for one in reading.table["commands"][commands]]
            else:
                why = "is a command that `commands` cannot express"
                reading.leave(why, attribute, to_do=f"set commands.{commands}")


def read_blkio(reading: Reading) -> None:
    values = reading.values["blkio_config"]
    if values.get("weight"):
        weight = int(values["weight"])
        reading.put("limits.io_weight", 1 + (weight - 10) * 9999 // 990 if weight > 10 else 1, "blkio_config.weight")  # noqa: PLR2004 - the kernel's two scales
    for name, key in (("read_bps", "io_read_bandwidth_max"), ("write_bps", "io_write_bandwidth_max"),
                      ("read_iops", "io_read_iops_max"), ("write_iops", "io_write_iops_max")):  # fmt: skip
        for number, each in enumerate(values.get(f"device_{name}", ())):
            reading.add(f"limits.{key}", [f"{each['Path']} {each['Rate']}"], f"blkio_config.device_{name}[{number}]")


def read_expose(reading: Reading) -> None:
    reading.leave("needs no key: services of a host can always reach each other", *reading.list_unsettled("expose"))


def read_init(reading: Reading) -> None:
    reading.leave("needs no key: systemd reaps processes itself", "init")


def read_credentials(reading: Reading) -> None:
    """Files that only the service sees."""
    fields = tuple(list_attributes("secrets", reading.service["secrets"]))
    for number, each in enumerate(reading.values["secrets"]):
        name = str(each.get("source", ""))
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", name):
            reading.leave("has no valid name for a credential", fields[number], to_do="set secrets.credentials")
            continue
        reading.put(f"secrets.credentials.{name}", f"/etc/{reading.fleet}/{name}", fields[number])
        reading.notes.append(
            f"The secret {name} was at {each.get('target')}; it is now at $CREDENTIALS_DIRECTORY/{name}."
        )


def allow_low_ports(reading: Reading) -> None:
    """Docker lets any program listen below 1024; systemd only root, and programs with the capability."""
    low = any(
        int(port["listen"].rpartition(":")[2]) < _UNPRIVILEGED for port in reading.table.get("ports", {}).values()
    )
    if not low or reading.table.get("user") == "root":
        return
    sandbox = reading.table.setdefault("sandbox", {})
    for key in ("ambient_capabilities", "capability_bounding_set"):
        if key in sandbox or key == "ambient_capabilities":
            sandbox[key] = list(dict.fromkeys((*sandbox.get(key, ()), "CAP_NET_BIND_SERVICE")))


_UNPRIVILEGED: Final = 1024


HANDLERS: Final[dict[str, Handler]] = {
    "user": read_user,
    "working_dir": read_working_dir,
    "stop_signal": read_stop_signal,
    "stop_grace_period": read_stop_grace_period,
    "ulimits": read_ulimits,
    "read_only": read_read_only,
    "cap_add": read_capabilities,
    "cap_drop": read_capabilities,
    "tmpfs": read_tmpfs,
    "security_opt": read_security_opt,
    "group_add": read_group_add,
    "devices": read_devices,
    "network_mode": read_network_mode,
    "ipc": read_ipc,
    "cgroup_parent": read_cgroup_parent,
    "logging": read_logging,
    "post_start": read_hooks,
    "pre_stop": read_hooks,
    "blkio_config": read_blkio,
    "expose": read_expose,
    "init": read_init,
    "secrets": read_credentials,
}
