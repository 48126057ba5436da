"""Implicit ordering: of the units of every boot, and what default dependencies add to a unit.

From the units that systemd ships (247 to 257) and unit_add_default_dependencies of each type (service.c, socket.c …).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.unitfile import Effective

_EARLY = (
    "dev-hugepages.mount", "dev-mqueue.mount", "kmod-static-nodes.service", "systemd-binfmt.service",
    "systemd-journald.service", "systemd-modules-load.service", "systemd-sysctl.service", "systemd-sysusers.service",
    "systemd-tmpfiles-setup-dev.service", "systemd-tmpfiles-setup.service", "systemd-udev-trigger.service",
    "systemd-udevd.service", "systemd-update-utmp.service",
)  # fmt: skip
STANDARD: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_EARLY, ()),
    "basic.target": ("paths.target", "slices.target", "sockets.target", "sysinit.target"),
    "dbus.socket": ("sysinit.target",),
    "local-fs-pre.target": (),
    "local-fs.target": ("local-fs-pre.target",),
    "multi-user.target": ("basic.target",),
    "network-online.target": ("network.target",),
    "network-pre.target": (),
    "network.target": ("network-pre.target",),
    "paths.target": (),
    "remote-fs-pre.target": (),
    "remote-fs.target": ("remote-fs-pre.target",),
    "slices.target": (),
    "sockets.target": ("dbus.socket", "systemd-journald.socket"),
    "swap.target": (),
    "sysinit.target": ("local-fs.target", "swap.target", *_EARLY),
    "systemd-journald.socket": (),
    "systemd-tmpfiles-setup.service": ("local-fs.target", "systemd-sysusers.service"),
    "time-set.target": (),
    "time-sync.target": ("time-set.target",),
    "timers.target": ("sysinit.target",),
}
"""Unit → the units that it starts after; timers.target after systemd-tmpfiles-clean.timer, which is after sysinit."""
WITHOUT_DEFAULTS = frozenset(("local-fs.target", "remote-fs.target", "shutdown.target", "timers.target"))
"""Targets that systemd ships with DefaultDependencies=no: they are not ordered after what they pull in."""
DEFAULT = "default.target"
BOOTED = (
    DEFAULT, "graphical.target", "multi-user.target", "basic.target", "sysinit.target", "local-fs.target",
    "swap.target", "timers.target", "sockets.target", "paths.target",
)  # fmt: skip
"""What a boot pulls in, as far as other packages' units are wanted by it."""
LOGINS = ("ssh.service", "sshd.service", "ssh.socket", "sshd.socket")
ESSENTIAL = (
    *(*LOGINS, "dbus.service", "dbus.socket", "systemd-journald.service", "systemd-journald.socket"),
    "systemd-tmpfiles-setup.service",
)
"""Units without which a host cannot be reached or managed, or lacks folders, whoever declares them."""
NOT_OF_A_BOOT = frozenset(f"{name}.target" for name in (
    "bluetooth", "ctrl-alt-del", "emergency", "exit", "factory-reset", "final", "halt", "hibernate", "hybrid-sleep",
    "initrd", "initrd-fs", "initrd-root-device", "initrd-root-fs", "initrd-switch-root", "initrd-usr-fs", "kbrequest",
    "kexec", "poweroff", "printer", "reboot", "rescue", "runlevel0", "runlevel1", "runlevel6", "shutdown", "sigpwr",
    "sleep", "smartcard", "soft-reboot", "sound", "storage-target-mode", "suspend", "suspend-then-hibernate",
    "system-update", "system-update-pre", "umount", "usb-gadget",
))  # fmt: skip
"""Targets in systemd.special(7) that a normal boot does not reach by itself.

They are for shutdown, sleep, the initrd, updates or a key, or come with a device.
"""
OF_EVERY_BOOT = frozenset((
    *BOOTED, *STANDARD, "cloud-config.target", "cloud-init.target", "getty.target", "network-online.target",
    "nss-lookup.target", "nss-user-lookup.target", "runlevel2.target", "runlevel3.target", "runlevel4.target",
    "runlevel5.target",
))  # fmt: skip
"""Units that every boot starts."""
_NETWORKED = frozenset((
    "9p", "afs", "ceph", "cifs", "davfs", "fuse.sshfs", "glusterfs", "lustre", "ncp", "ncpfs", "nfs", "nfs4", "ocfs2",
    "pvfs2", "smb3", "smbfs", "sshfs",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Added:
    """Units that a unit starts after and before, in addition to its own settings."""

    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


_BY_KIND: Mapping[str, Added] = {
    "service": Added(after=("sysinit.target", "basic.target")),
    "socket": Added(after=("sysinit.target",), before=("sockets.target",)),
    "path": Added(after=("sysinit.target",), before=("paths.target",)),
    "timer": Added(after=("sysinit.target",), before=("timers.target",)),
    "swap": Added(before=("swap.target",)),
    "automount": Added(after=("local-fs-pre.target",), before=("local-fs.target",)),
}


def has_defaults(unit: str, values: Effective) -> bool:
    """Whether a unit has default dependencies; `values` are its own settings, empty if unknown."""
    said = values.get(("Unit", "DefaultDependencies"), ())
    return unit not in WITHOUT_DEFAULTS and (not said or parse_boolean(said[-1]) is not False)


def list_added_order(unit: str, values: Effective) -> Added:
    """What default dependencies add, except the order on shutdown."""
    if not has_defaults(unit, values):
        return Added()
    kind = unit.rpartition(".")[2]
    if kind == "mount":
        return _list_mount_order(values)
    found = _BY_KIND.get(kind, Added())
    if kind == "timer" and values.get(("Timer", "OnCalendar")):
        return Added((*found.after, "time-set.target", "time-sync.target"), found.before)
    return found


def _list_mount_order(values: Effective) -> Added:
    type_ = (*values.get(("Mount", "Type"), ()), "")[0]
    options = {each for value in values.get(("Mount", "Options"), ()) for each in value.split(",")}
    networked = type_ in _NETWORKED or "_netdev" in options
    after = ("network.target", "network-online.target", "remote-fs-pre.target") if networked else _LOCAL
    before = ("remote-fs.target",) if networked else ("local-fs.target",)
    return Added(after, () if "nofail" in options else before)


_LOCAL = ("local-fs-pre.target",)
