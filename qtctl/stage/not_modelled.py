"""What the host of a rehearsal lacks in comparison with the real one, item by item: none of it counts as tried."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qtctl.dialects.wording import join_some
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File, HostBaseline
from qtctl.model.rehearsal import NotModelled
from qtctl.model.unit_kinds import UnitKind
from qtctl.stage.rehearsal import Drift, HandMade

NAMED = 5
MATTERS = {
    "unit": "which units it has and how they are",
    "file": "which files it has",
    "way": "programs, code and folders, and who may use them",
    "venv": "virtual environments",
    "user": "accounts and their ids",
    "account": "accounts",
    "listeners": "what listens on its ports",
}
"""Kinds of facts that a throwaway host is modelled on."""
_NO_DEVICES = (UnitKind.MOUNT, UnitKind.AUTOMOUNT, UnitKind.SWAP)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the throwaway host runs on: release (`bookworm`), kernel and architecture of this machine."""

    suite: str
    kernel: str
    machine: str
    suite_is_own: bool
    """Whether the suite is the release of the real host."""


def list_not_modelled(
    desired: Desired,
    facts: Facts,
    needs: Iterable[Need],
    ground: Ground,
    *,
    drift: Drift,
    hand_made: Iterable[HandMade],
) -> tuple[NotModelled, ...]:
    """`needs`: everything that an audit of `desired` asks; what the evidence does not show of it is a gap."""
    return (
        *_list_gaps(facts, needs),
        *_list_of_machine(facts, ground),
        *_list_of_programs(desired),
        *_list_of_secrets(desired),
        *_list_env_files(desired, facts),
        *_list_left_out(desired),
        *_list_unseen(drift, hand_made),
    )


def _list_gaps(facts: Facts, needs: Iterable[Need]) -> Iterator[NotModelled]:
    unknown: dict[str, list[str]] = {}
    for need in needs:
        item = facts.find_item(need)
        if need.fact in MATTERS and not item.state.known and not item.needs_root:
            unknown.setdefault(need.fact, []).append(need.subject)
    for fact, subjects in sorted(unknown.items()):
        why = f"{MATTERS[fact]}: not in the evidence for {name_some(sorted(subjects))}; taken as the registry needs it"
        yield NotModelled(fact, why, gap=True, remedy="qtctl audit --host HOST --save FILE, with this registry")


def name_some(names: Iterable[str]) -> str:
    """a, b, c and 4 more."""
    return join_some(tuple(names), NAMED)


def _list_of_machine(facts: Facts, ground: Ground) -> Iterator[NotModelled]:
    seen = facts.find(HostBaseline, "host")
    if not ground.suite_is_own:
        own = f"{seen.os}, systemd {seen.systemd}" if seen is not None else "not in the evidence"
        yield NotModelled("release", f"the real host: {own}; the rehearsal ran on {ground.suite}")
    kernel = seen.kernel if seen is not None else "not in the evidence"
    why = f"the real host: {kernel}; the rehearsal ran on {ground.kernel}, {ground.machine}"
    yield NotModelled("kernel and architecture", why)
    yield NotModelled(
        "size", "memory, processors, disks and load are those of this machine; memory limits kill nothing"
    )
    yield NotModelled("network", "the throwaway host reaches nothing but itself")


def _list_of_programs(desired: Desired) -> Iterator[NotModelled]:
    running = [each.unit for each in desired.services if each.argv]
    if running:
        why = f"stand-ins listen, answer and stream in place of the programs of {name_some(running)}"
        yield NotModelled("programs", why)
    if desired.venvs:
        yield NotModelled("virtual environments", f"the packages of {name_some(each.name for each in desired.venvs)}")
    if desired.stores:
        why = f"data and settings of {name_some(each.name for each in desired.stores)}: Redis starts empty, as packaged"
        yield NotModelled("Redis", why)


def _list_of_secrets(desired: Desired) -> Iterator[NotModelled]:
    files = {each.secrets_file for each in desired.services if each.secrets_file}
    files |= {path for each in desired.services for _, path in each.credentials}
    if files:
        why = f"values in {name_some(sorted(files))}: every declared key has the same placeholder"
        yield NotModelled("secrets", why)
    locked = [each.name for each in desired.stores if each.password_env or each.tls]
    if locked:
        yield NotModelled("Redis login", f"passwords and TLS of {name_some(locked)}")


def _list_env_files(desired: Desired, facts: Facts) -> Iterator[NotModelled]:
    """The auditing account may not read them, so edits by hand do not show."""
    seen = ((file.path, facts.find(File, file.path)) for file in desired.files if file.kind == "env")
    unread = [path for path, file in seen if file is not None and file.sha256 is None]
    if unread:
        yield NotModelled("env files", f"edits by hand of {name_some(unread)}: only root may read them")


def _list_left_out(desired: Desired) -> Iterator[NotModelled]:
    if desired.checks:
        yield NotModelled("checks of the registry", f"not run: {name_some(each.id for each in desired.checks)}")
    if desired.installs:
        why = f"not installed: {name_some(each.name for each in desired.installs)}; stand-ins are at their paths"
        yield NotModelled("installed code", why)
    elif desired.code:
        yield NotModelled("checkouts", f"code of {name_some(each.name for each in desired.code)}")
    if desired.left_containers:
        yield NotModelled("containers", "containers of compose services that units took over from")
    devices = [each.unit for each in desired.other_units if each.kind in _NO_DEVICES]
    if devices:
        yield NotModelled("devices", f"there is nothing to mount or swap to for {name_some(devices)}")


def _list_unseen(drift: Drift, hand_made: Iterable[HandMade]) -> Iterator[NotModelled]:
    if drift.failed:
        failed = name_some(unit for unit, _ in drift.failed)
        yield NotModelled(
            "failed units", f"why {failed} failed: stand-ins fail too, unless the deploy changes the unit"
        )
    if drift.edited:
        why = f"what {name_some(drift.edited)} contain: they differ from the registry, evidence has only their digests"
        yield NotModelled("edited files", why)
    if drift.dropins:
        yield NotModelled("drop-ins", f"what {name_some(drift.dropins)} contain: qtctl did not write them")
    units = [each.unit for each in hand_made]
    if units:
        why = f"{name_some(units)}: qtctl did not write them; stand-ins hold the ports that they were seen with"
        yield NotModelled("units made by hand", why)
