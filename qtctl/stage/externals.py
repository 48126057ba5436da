"""Stubs for units that the fleet depends on and that a lab host's distribution does not have: they run the stand-in."""

from qtctl.dialects.systemd.unit_name import valid
from qtctl.model.desired import Desired, DesiredExternal
from qtctl.model.tree import TreeFile, TreeLink
from qtctl.stage.programs import PYTHON, STANDIN
from qtctl.stage.standins import feeder_units

UNIT_DIR = "/usr/lib/systemd/system"
"""Where a package would put them: what the fleet deploys goes to /etc."""
PROVIDED = {"redis-server.service", "ssh.service", "dbus.service", "dbus.socket"}


def is_provided(unit: str) -> bool:
    """Whether the lab's root file system brings this unit."""
    return unit in PROVIDED or unit.startswith("systemd-")


def external_files(desired: Desired) -> tuple[TreeFile, ...]:
    """A unit file for each external that is not provided."""
    ports = {store.unit: (store.address, store.port) for store in desired.stores}
    return tuple(
        TreeFile(f"{UNIT_DIR}/{external.unit}", _write_stub(external, ports.get(external.unit)).encode())
        for external in desired.externals
        if not is_provided(external.unit) and external.unit.endswith((".service", ".target"))
    )


def hidden_dropins(desired: Desired) -> tuple[TreeLink, ...]:
    """The root file system's drop-in for its own Redis is not for one of the same name that the registry declares."""
    declared = any(unit.unit == "redis-server.service" for unit in desired.generated_units())
    return (TreeLink(f"/etc/systemd/system/{_OF_REDIS}", "/dev/null"),) if declared else ()


_OF_REDIS = "redis-server.service.d/qtctl-lab.conf"
"""lab/rootfs.py writes it below UNIT_DIR."""


def named_files(desired: Desired) -> tuple[TreeFile, ...]:
    """A stub for each unit that others name and the registry does not declare, unless the root file system has it."""
    known = desired.unit_names()
    named = {
        name
        for unit in desired.units()
        for name in (*unit.wants, *unit.requires, *unit.binds_to, *unit.after)
        if name not in known and "%" not in name and name.endswith((".service", ".target")) and valid(name)
    }
    return tuple(
        TreeFile(f"{UNIT_DIR}/{name}", _write_named_stub(name).encode(), yields=True) for name in sorted(named)
    )


def _write_named_stub(unit: str) -> str:
    head = f"[Unit]\nDescription=Lab stand-in for {unit}, which no registry declares\n"
    if unit.endswith(".target"):
        return head
    return f"{head}\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n"


def feeder_files(desired: Desired) -> tuple[TreeFile, ...]:
    """The lab's feeders. They also pull in externals that are declared running but not enabled: nothing else would."""
    wanted = [
        each.unit for each in desired.externals if each.running and not each.enabled and not is_provided(each.unit)
    ]
    return tuple(
        TreeFile(f"{UNIT_DIR}/{unit}", _write_feeder(wanted if number == 0 else []).encode())
        for number, unit in enumerate(feeder_units(desired))
    )


def enabled(desired: Desired) -> tuple[str, ...]:
    """Units that the lab host enables before its first boot."""
    stubs = [each.unit for each in desired.externals if each.enabled and not is_provided(each.unit)]
    return tuple(sorted((*(unit for unit in stubs if unit.endswith((".service", ".target"))), *feeder_units(desired))))


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
