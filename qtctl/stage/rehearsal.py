"""Evidence of a real host, and what its registry declares → a throwaway host that is like it, and what is not.

Pure: which units the real host has already, which it has otherwise than qtctl wrote them, what holds its ports, and the
tree of files that the throwaway host boots with.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from shlex import quote

from qtctl.dialects.systemd.unit_name import is_valid
from qtctl.meaning.units import is_absent, is_up
from qtctl.model.desired import Desired, DesiredFile
from qtctl.model.desired_host import HostLimits
from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts, File, Listeners, Unit
from qtctl.model.tree import StandIn, Tree, TreeFile
from qtctl.stage import externals, programs, standins
from qtctl.stage.lab import make_lab_tree
from qtctl.stage.seen_host import SeenHost, merge_trees

UNIT_DIR = "/etc/systemd/system"
_ANY_LOAD = 1_000_000
ANY_LIMITS = HostLimits(
    disk_used=100, inodes_used=100, memory_available=0, swap_used=100, load_per_cpu=_ANY_LOAD, memory_pressure=100,
    io_pressure=100,
)  # fmt: skip
"""Load, memory and disks of a throwaway host are those of this machine."""
OF_UNITS = ("unit", "dropin", "env")
EDIT = "# The real host has something else here, which its evidence does not show."


@dataclass(frozen=True, slots=True)
class HandMade:
    """A unit of the real host that qtctl did not write: the throwaway host has a stand-in that holds its ports.

    `declared`: the registry declares it too, so that a deploy finds its file in the way.
    """

    unit: str
    active: bool
    declared: bool
    listen: tuple[tuple[str, int], ...]
    udp: tuple[tuple[str, int], ...]


def loosen(desired: Desired) -> Desired:
    """What of a registry can be held to on a throwaway host: without what only the real machine can have."""
    stores = tuple(replace(each, password_env="", user="", tls=None) for each in desired.stores)
    return replace(
        desired, limits=ANY_LIMITS, stores=stores, checks=(), installs=(), code=(), left_containers=(),
        expected_hostname="", machine="", questions=None,
    )  # fmt: skip


def select_present(desired: Desired, facts: Facts) -> Desired:
    """Of `desired` the units whose files the evidence does not deny, and their files. Rendered, as `desired` is."""
    gone = {file.subject for file in desired.files if file.kind == "unit" and not _may_be_ours(facts, file)}

    def keep(unit: str, made_by: str) -> bool:
        return unit not in gone and made_by not in gone

    def select_file(file: DesiredFile) -> bool:
        return file.subject not in gone if file.kind in OF_UNITS else _may_be_ours(facts, file)

    return replace(
        desired,
        services=tuple(each for each in desired.services if keep(each.unit, each.made_by)),
        templates=tuple(each for each in desired.templates if keep(each.unit, each.made_by)),
        timers=tuple(each for each in desired.timers if keep(each.unit, each.made_by)),
        targets=tuple(each for each in desired.targets if keep(each.unit, each.made_by)),
        other_units=tuple(each for each in desired.other_units if keep(each.unit, each.made_by)),
        files=tuple(each for each in desired.files if select_file(each)),
    )


def has_units(desired: Desired) -> bool:
    return any(file.kind == "unit" for file in desired.files)


def _may_be_ours(facts: Facts, file: DesiredFile) -> bool:
    item = facts.find_item(Need(File.FACT, file.path))
    if item.state is State.ABSENT:
        return False
    found = facts.find(File, file.path)
    return found is None or found.ours or found.sha256 in (None, file.sha256)


def list_hand_made(declared: Iterable[Desired], facts: Facts) -> tuple[HandMade, ...]:
    """Services of the real host that qtctl did not write, and that are the fleet's or hold a port."""
    declared = tuple(declared)
    ours = {file.subject for each in declared for file in each.files if file.kind == "unit"}
    known = {name for each in declared for name in each.unit_names()}
    owners = {row[2] for protocol in ("tcp", "udp") for row in _list_rows(facts, protocol)}
    named = {*facts.list_subjects(Unit.FACT), *owners}
    found = (name for name in sorted(named) if name.endswith(".service") and is_valid(name) and "@" not in name)
    by_hand = {file.subject for each in declared for file in each.files if _is_by_hand(facts, file)}
    wanted = (
        name
        for name in found
        if (name in by_hand or name not in known | ours)
        and not externals.is_provided(name)
        and (name in owners or not is_absent(facts.find(Unit, name)))
    )
    return tuple(_make_hand_made(facts, name, name in by_hand, name in owners) for name in wanted)


def _is_by_hand(facts: Facts, file: DesiredFile) -> bool:
    return file.kind == "unit" and facts.find(File, file.path) is not None and not _may_be_ours(facts, file)


def _make_hand_made(facts: Facts, unit: str, declared: bool, listens: bool) -> HandMade:
    found = facts.find(Unit, unit)
    active = listens or (found is not None and is_up(found.active_state))
    return HandMade(unit, active, declared, _list_ports(facts, "tcp", unit), _list_ports(facts, "udp", unit))


def _list_rows(facts: Facts, protocol: str) -> list[list[str]]:
    found = facts.find(Listeners, protocol)
    return found.rows if found is not None else []


def _list_ports(facts: Facts, protocol: str, unit: str) -> tuple[tuple[str, int], ...]:
    rows = (row for row in _list_rows(facts, protocol) if row[2] == unit and row[1].isdecimal())
    return tuple(sorted({(row[0], int(row[1])) for row in rows}))


def make_specs(desired: Desired, hand_made: Iterable[HandMade]) -> TreeFile:
    """What the stand-ins of the throwaway host do while `desired` is in force."""
    more = tuple(
        StandIn(each.unit, listen=tuple((*at, "", 200) for at in each.listen), udp=each.udp) for each in hand_made
    )
    others = {each.unit for each in more}
    kept = (each for each in standins.make_stand_ins(desired) if each.unit not in others)
    return standins.make_specs_file(sorted((*kept, *more), key=lambda each: each.unit))


def make_tree(
    before: Desired, after: Desired, facts: Facts, hand_made: tuple[HandMade, ...], *, audit_user: str, deploy_user: str
) -> Tree:
    """What the throwaway host boots with: all that `before` and `after` run from, as far as the evidence has it."""
    first, second = (make_lab_tree(each, audit_user=audit_user, deploy_user=deploy_user) for each in (before, after))
    seen = SeenHost.of(facts)
    tree = seen.shape(merge_trees(first, second), (audit_user, deploy_user))
    absent = {f"{externals.UNIT_DIR}/{unit}" for unit in _list_absent_externals(before, after, facts)}
    specs = make_specs(before, hand_made)
    files = [each for each in tree.files if each.path not in absent | {specs.path}]
    files += [specs, *(TreeFile(f"{UNIT_DIR}/{each.unit}", _write_stand_in(each).encode()) for each in hand_made)]
    enabled = {each for each in tree.enable if f"{externals.UNIT_DIR}/{each}" not in absent}
    enabled |= {each.unit for each in hand_made if each.active}
    return replace(tree, files=tuple(sorted(files, key=lambda each: each.path)), enable=tuple(sorted(enabled)))


def _list_absent_externals(before: Desired, after: Desired, facts: Facts) -> set[str]:
    """Units that the fleet needs and that the real host does not have."""
    found = {each.unit for desired in (before, after) for each in desired.externals}
    known = (unit for unit in found if facts.find_item(Need(Unit.FACT, unit)).state.known)
    return {unit for unit in known if is_absent(facts.find(Unit, unit))}


def _write_stand_in(each: HandMade) -> str:
    return (
        f"[Unit]\nDescription=Stands in for {each.unit} of the real host\n\n"
        f"[Service]\nType=exec\nExecStart={programs.PYTHON} {programs.STANDIN}\n\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )


@dataclass(frozen=True, slots=True)
class Drift:
    """Shell scripts that make a host on which `before` is deployed differ from it as the real one does.

    `edited`: paths whose content the real host has otherwise; `states`: units that are in another state.
    """

    edited: tuple[str, ...]
    dropins: tuple[str, ...]
    states: tuple[tuple[str, str], ...]

    def write_script(self) -> str:
        """'' if nothing differs."""
        lines = [f"printf '%s\\n' {quote(EDIT)} >> {quote(path)}" for path in self.edited]
        for path in self.dropins:
            folder = quote(path.rpartition("/")[0])
            lines.append(f"mkdir -p {folder} && printf '%s\\n' {quote(EDIT)} > {quote(path)}")
        lines += ["systemctl daemon-reload"] if lines else []
        lines += [f"systemctl {verb} {quote(unit)}" for verb, unit in self.states]
        return "\n".join(lines)


def find_drift(before: Desired, facts: Facts) -> Drift:
    edited = [file.path for file in before.files if file.of_unit and _is_edited(facts, file)]
    ours = {file.path for file in before.files}
    dropins = {
        path
        for unit in before.units()
        if unit.generated and (found := facts.find(Unit, unit.unit)) is not None
        for path in found.drop_in_paths or ()
        if path not in ours and path.startswith(f"{UNIT_DIR}/")
    }
    return Drift(tuple(edited), tuple(sorted(dropins)), tuple(_list_states(before, facts)))


def _is_edited(facts: Facts, file: DesiredFile) -> bool:
    found = facts.find(File, file.path)
    return found is not None and found.sha256 not in (None, file.sha256)


def _list_states(before: Desired, facts: Facts) -> Iterator[tuple[str, str]]:
    for unit in before.units():
        found = facts.find(Unit, unit.unit)
        if not unit.generated or found is None:
            continue
        if unit.must_be_active and not is_up(found.active_state):
            yield "stop", unit.unit
        elif unit.must_be_active is False and is_up(found.active_state):
            yield "start", unit.unit
        if unit.must_be_enabled and unit.installable and found.unit_file_state == "disabled":
            yield "disable --quiet", unit.unit
