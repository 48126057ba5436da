"""Stubs for units that the fleet depends on and that a lab host's distribution lacks: they run the stand-in."""

from qtctl.dialects.systemd.unit_name import is_valid
from qtctl.model.desired import Desired, DesiredExternal
from qtctl.model.tree import TreeFile, TreeLink
from qtctl.stage.programs import PYTHON, STANDIN
from qtctl.stage.standins import list_feeder_units

UNIT_DIR = "/usr/lib/systemd/system"
"""Where a package would install them: what the fleet deploys goes to /etc."""
PROVIDED = {"redis-server.service", "ssh.service", "dbus.service", "dbus.socket", "sshd.service"}
REDIS = ("redis-server.service", "redis.service")
"""The root file system's Redis: its name and its other name."""
REDIS_LISTENS = {("tcp", "127.0.0.1", 6379), ("tcp", "[::1]", 6379)}
ADMIN_DIR = "/etc/systemd/system"
"""Where the root file system has that other name, and where a mask is."""


def is_provided(unit: str) -> bool:
    """Whether the lab's root file system contains this unit."""
    return unit in PROVIDED or unit in REDIS or unit.startswith("systemd-")


def _is_stub(external: DesiredExternal) -> bool:
    """Whether the lab makes it: also a Redis that listens elsewhere than the one of the root file system."""
    return not is_provided(external.unit) or _is_other_redis(external)


def _is_other_redis(external: DesiredExternal) -> bool:
    listens = {(port.protocol, port.address, port.port) for port in external.ports}
    return external.unit in REDIS and not listens <= REDIS_LISTENS


def make_external_files(desired: Desired) -> tuple[TreeFile, ...]:
    """A unit file for each external that is not provided."""
    ports = {store.unit: (store.address, store.port) for store in desired.stores if not store.socket}
    return tuple(
        TreeFile(f"{_find_folder(external)}/{external.unit}", _write_stub(external, ports.get(external.unit)).encode())
        for external in desired.externals
        if _is_stub(external) and external.unit.endswith((".service", ".target"))
    )


def _find_folder(external: DesiredExternal) -> str:
    return ADMIN_DIR if _is_other_redis(external) else UNIT_DIR


def make_masks(desired: Desired) -> tuple[TreeLink, ...]:
    """What hides the root file system's Redis, or its drop-in, if the fleet has one of its own."""
    own, other = REDIS
    generated = {unit.unit for unit in desired.generated_units()}
    replaced = {external.unit for external in desired.externals if _is_other_redis(external)}
    hidden = [f"{own}.d/qtctl-lab.conf"] if own in generated | replaced else []
    hidden += [own] if other in replaced and own not in generated | replaced else []
    return tuple(TreeLink(f"{ADMIN_DIR}/{name}", "/dev/null") for name in hidden)


def make_named_files(desired: Desired) -> tuple[TreeFile, ...]:
    """A stub for each unit that others name or start and that neither the registry nor the root file system has."""
    known = desired.unit_names()
    named = {
        name
        for unit in desired.units()
        for name in (*unit.wants, *unit.requires, *unit.binds_to, *unit.after, unit.triggers)
        if name not in known and "%" not in name and name.endswith((".service", ".target")) and is_valid(name)
    }
    return tuple(
        TreeFile(f"{UNIT_DIR}/{name}", _write_named_stub(name).encode(), yields=True) for name in sorted(named)
    )


def _write_named_stub(unit: str) -> str:
    head = f"[Unit]\nDescription=Lab stand-in for {unit}, which no registry declares\n"
    if unit.endswith(".target"):
        return head
    return f"{head}\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n"


def make_feeder_files(desired: Desired) -> tuple[TreeFile, ...]:
    """The lab's feeders. They also pull in externals that are declared running but not enabled: nothing else would."""
    wanted = [each.unit for each in desired.externals if each.running and not each.enabled and _is_stub(each)]
    return tuple(
        TreeFile(f"{UNIT_DIR}/{unit}", _write_feeder(wanted if number == 0 else []).encode())
        for number, unit in enumerate(list_feeder_units(desired))
    )


def list_enabled(desired: Desired) -> tuple[str, ...]:
    """Units that the lab host enables before its first boot."""
    stubs = [each.unit for each in desired.externals if each.enabled and _is_stub(each)]
    return tuple(
        sorted((*(unit for unit in stubs if unit.endswith((".service", ".target"))), *list_feeder_units(desired)))
    )


def _write_stub(external: DesiredExternal, redis: tuple[str, int] | None) -> str:
    suffix = f".{external.unit.rpartition('.')[2]}"
    aliases = [alias for alias in external.aliases if alias.endswith(suffix)]
    lines = ["[Unit]", f"Description=Lab stand-in for {external.name}", ""]
    if suffix == ".service":
        lines += ["[Service]", *_write_service(external.running, redis), ""]
    lines += ["[Install]", "WantedBy=multi-user.target", *(f"Alias={alias}" for alias in aliases)]
    return "\n".join(lines) + "\n"


def _write_service(running: bool, redis: tuple[str, int] | None) -> list[str]:
    if not running:
        return ["Type=oneshot", "ExecStart=/bin/true"]
    if redis is not None:
        return ["Type=exec", f"ExecStart=/usr/bin/redis-server --bind {redis[0]} --port {redis[1]} --save ''"]
    return ["Type=exec", f"ExecStart={PYTHON} {STANDIN}"]


def _write_feeder(wanted: list[str]) -> str:
    wants = f"Wants={' '.join(wanted)}\n" if wanted else ""
    return (
        "[Unit]\nDescription=Lab: publishes and consumes what no running service does\nAfter=redis-server.service\n"
        f"{wants}\n[Service]\nType=exec\nExecStart={PYTHON} {STANDIN}\n\n[Install]\nWantedBy=multi-user.target\n"
    )
