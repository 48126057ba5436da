"""Old spellings that systemd still honours, and the current ones (load-fragment-gperf.gperf.in, "compatibility")."""

OLD = {
    ("Unit", "BindTo"): "BindsTo",
    ("Unit", "PropagateReloadTo"): "PropagatesReloadTo",
    ("Unit", "PropagateReloadFrom"): "ReloadPropagatedFrom",
    ("Unit", "RequiresOverridable"): "Requires",
    ("Unit", "RequisiteOverridable"): "Requisite",
    ("Unit", "OnFailureIsolate"): "OnFailureJobMode",
    ("Unit", "StartLimitInterval"): "StartLimitIntervalSec",
    ("Service", "StartLimitInterval"): "StartLimitIntervalSec in [Unit]",
    ("Service", "StartLimitBurst"): "StartLimitBurst in [Unit]",
    ("Service", "StartLimitAction"): "StartLimitAction in [Unit]",
    ("Service", "FailureAction"): "FailureAction in [Unit]",
    ("Service", "RebootArgument"): "RebootArgument in [Unit]",
    ("Service", "PermissionsStartOnly"): "the prefix + of single Exec lines",
}
_EVERYWHERE = {
    "ReadWriteDirectories": "ReadWritePaths",
    "ReadOnlyDirectories": "ReadOnlyPaths",
    "InaccessibleDirectories": "InaccessiblePaths",
    "CPUShares": "CPUWeight",
    "StartupCPUShares": "StartupCPUWeight",
    "MemoryLimit": "MemoryMax",
    "BlockIOAccounting": "IOAccounting",
    "BlockIOWeight": "IOWeight",
    "StartupBlockIOWeight": "StartupIOWeight",
    "BlockIODeviceWeight": "IODeviceWeight",
    "BlockIOReadBandwidth": "IOReadBandwidthMax",
    "BlockIOWriteBandwidth": "IOWriteBandwidthMax",
}


def find_new_spelling(section: str, key: str) -> str | None:
    """What to write instead of an old directive; None if it is not old."""
    return OLD.get((section, key)) or (_EVERYWHERE.get(key) if section not in ("Unit", "Install") else None)
