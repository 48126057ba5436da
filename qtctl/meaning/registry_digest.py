"""Whether two registries declare the same for a host."""

import hashlib
import json

from qtctl.model.desired import Desired
from qtctl.model.desired_unit import DEFAULT_PART


def digest_registry(desired: Desired) -> str:
    """The digest of all that a deploy is made from: files, states of units, accounts, folders, code, retired units."""
    files = sorted([each.path, each.sha256, each.mode, each.owner, each.group] for each in desired.files)
    made = {file.subject for file in desired.files if file.kind == "unit"}
    units = sorted(
        [each.unit, str(each.must_be_active), str(each.must_be_enabled and each.installable), *each.wanted_by]
        for each in desired.units()
        if each.generated and each.made_by in made
    )
    ports = [[unit.unit, port.protocol, port.address, port.port] for unit in desired.units() for port in unit.ports]
    accounts = [[each.name, each.uid, each.gid, each.group, *each.groups] for each in desired.accounts]
    folders = [[each.path, each.user, each.group, each.mode] for each in desired.folders]
    names = list(desired.hosts_file.names) if desired.hosts_file else []
    installs = sorted([each.path, each.digest] for each in desired.installs)
    gone = sorted(each.unit for each in desired.retired_units)
    parts = sorted(
        [each.unit, each.max_unavailable] for each in desired.services if each.max_unavailable != DEFAULT_PART
    )
    whole = [desired.fleet, desired.host, files, units, ports, accounts, folders, names, installs, gone]
    if parts:
        whole.append(parts)
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()
