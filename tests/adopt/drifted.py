"""A small registry with a unit of each kind, and every directive as a hot fix of one of them.

`python -m tests.adopt.drifted` tries each directive by itself, in a drop-in; test_drift.py many at once.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping

from qtctl.adapters.templates import load_unit_templates
from qtctl.dialects.systemd.table.lookup import find_kind, list_keys, list_unit_sections
from qtctl.flows.adopt_drift import DriftFound, DriftQuestion, adopt_drift
from qtctl.flows.declare import declare
from qtctl.model.adoption import Found, UnitState
from qtctl.model.desired import Desired
from qtctl.model.drift import DriftFate
from tests.adopt.samples import values
from tests.builders.registry import write_fleet, write_host

VERSION = 252
UNITS = "/etc/systemd/system"
API = """\
# What customers see.
summary = "Answers"
state = "running"
target = "core"

[run]
kind = "command"  # as it is
argv = ["/usr/bin/sleep", "inf"]

[limits]
memory_max = "512M"  # measured in May
cpu_quota = "50%"

[order]
after = [
  "worker",  # it fills the cache
]
"""
FILES: Mapping[str, str] = {
    "fleet.toml": write_fleet("shop", defaults='[defaults.order]\nafter = ["network.target"]\n'),
    "hosts.toml": write_host(extra=f"systemd = {VERSION}\n"),
    "targets.toml": '[core]\nsummary = "All of it"\n',
    "services/api.toml": API,
    "services/worker.toml": 'summary = "Works"\nstate = "running"\nrun = { kind = "exec", lines = ["/bin/sleep 5"] }\n',
    "services/job.toml": (
        'summary = "Counts"\nstate = "on-timer"\ntype = "oneshot"\nrun = { kind = "command", argv = ["/bin/true"] }\n'
    ),
    "services/door.toml": 'summary = "Door"\nstate = "on-demand"\nrun = { kind = "command", argv = ["/bin/cat"] }\n',
    "timers.toml": '[job]\nsummary = "Daily"\nservice = "job"\non_calendar = ["daily"]  # at night\n',
    "sockets.toml": '[door]\nsummary = "Door"\nservice = "door"\nlisten = ["stream /run/door"]\n',
    "paths.toml": '[job]\nsummary = "Watches"\nservice = "job"\npath_exists = ["/run/go"]\n',
    "slices.toml": '[shop]\nsummary = "All"\n',
    "mounts.toml": '[data]\nsummary = "Data"\nwhere = "/srv/data"\nwhat = "/dev/sdz1"\n',
    "dropins.toml": '[redis]\nunit = "redis.service"\n[redis.limits]\nmemory_max = "1G"  # Redis\n',
    "externals.toml": '[redis]\nsummary = "Redis"\n',
}
OF_KIND = {
    "service": "shop-worker.service",
    "timer": "shop-job.timer",
    "socket": "shop-door.socket",
    "path": "shop-job.path",
    "slice": "shop-shop.slice",
    "mount": "srv-data.mount",
    "target": "shop-core.target",
}


def registry(changes: Mapping[str, str] | None = None) -> dict[str, bytes]:
    return {path: text.encode() for path, text in {**FILES, **(changes or {})}.items()}


def desired(files: Mapping[str, bytes]) -> Desired:
    return declare(files, load_unit_templates(None), "box", None).desired


def as_deployed(of_host: Desired) -> dict[str, bytes]:
    """Path → content of the unit files on a host that has just been deployed to."""
    return {file.path: file.content for file in of_host.files if file.of_unit and not file.may_be_absent}


def ask(
    files: Mapping[str, bytes],
    host: Mapping[str, bytes | str],
    *,
    states: Mapping[str, UnitState] | None = None,
    deployed: Desired | None = None,
) -> DriftFound:
    """`host`: path → content, or where a link leads."""
    found = tuple(
        Found(path, link=there) if isinstance(there, str) else Found(path, there) for path, there in host.items()
    )
    return adopt_drift(DriftQuestion(files, load_unit_templates(None), "box", None, found, states or {}, deployed))


def dropin(unit: str, text: str, name: str = "override.conf", folder: str = UNITS) -> dict[str, bytes]:
    return {f"{folder}/{unit}.d/{name}": text.encode()}


def hot_fixes(kinds: Iterable[str] = OF_KIND) -> Iterator[tuple[str, str, str, str]]:
    """Unit, section, directive and value: of each kind of unit each directive that its systemd knows."""
    for kind in kinds:
        unit = OF_KIND[kind]
        for section in list_unit_sections(unit):
            for key in list_keys(section, VERSION):
                sample = values(section, key, find_kind(section, key, VERSION) or "")
                if sample is not None:
                    yield unit, section, key, sample[0]


def main() -> int:
    """Each by itself; 1 if one neither became a change of the registry nor has a reason."""
    files = registry()
    of_host = desired(files)
    plain, bad, count = as_deployed(of_host), 0, 0
    for unit, section, key, value in hot_fixes(sys.argv[1:] or OF_KIND):
        found = ask(files, {**plain, **dropin(unit, f"[{section}]\n{key}={value}\n")}, deployed=of_host)
        count += 1
        if not is_adopted(unit, section, key, found):
            bad += 1
            fates = [(each.what, each.fate, each.why) for each in found.drifts]
            sys.stdout.write(f"{unit} [{section}] {key}={value}: {fates}\n")
    sys.stdout.write(f"{count} hot fixes, {bad} not adopted\n")
    return 1 if bad else 0


def is_adopted(unit: str, section: str, key: str, found: DriftFound) -> bool:
    """Whether the registry says it, or there is a reason why it does not."""
    fates = {each.fate for each in found.drifts}
    expected = EXPECTED.get((section, key), SAYS_NOTHING.get(unit, {}).get((section, key), DriftFate.ADOPTED))
    return fates == ({expected} if expected else set())


EXPECTED: Mapping[tuple[str, str], DriftFate | None] = {
    ("Service", "ExecStart"): DriftFate.LEFT,
    ("Mount", "Where"): DriftFate.LEFT,
    ("Socket", "Accept"): DriftFate.LEFT,
    **{(each, "SetCredential"): DriftFate.HIDDEN for each in ("Service", "Socket", "Mount")},
    ("Timer", "Unit"): None,
    ("Path", "Unit"): None,
}
"""None: nothing changes for systemd.

systemd refuses a second ExecStart=, a mount at another place and a socket of another kind. A timer or path starts the
first unit that it names. A credential is a secret.
"""
SAYS_NOTHING: Mapping[str, Mapping[tuple[str, str], None]] = {
    "shop-worker.service": dict.fromkeys(
        ("Service", key)
        for key in (
            "LockPersonality", "NoNewPrivileges", "PrivateTmp", "ProtectControlGroups", "RestrictSUIDSGID", "Type",
        )
    ),
}  # fmt: skip
"""The unit says these already."""


if __name__ == "__main__":
    raise SystemExit(main())
