"""The steps from what is installed on a host to what a backup holds: files, links, folders, stamps and units."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.dialects.systemd.unit_name import get_template, is_template
from qtctl.meaning.units import is_up
from qtctl.model.backup import Backup, Entry, EntryKind, Installed, UnitThen
from qtctl.model.desired_file import DesiredFile
from qtctl.model.facts import ABSENT_STATES
from qtctl.model.origin import Origin
from qtctl.model.plan import Note, NoteKind, Plan, Refusal, Step, StepKind
from qtctl.plan.change_impact import find_change, make_diff
from qtctl.plan.files import UNSHOWN
from qtctl.plan.fleet_names import STAMPS, UNIT_ROOTS, find_unit, is_in_unit_folder
from qtctl.plan.restore_aim import Aim

ABSENT = "absent"
_NEVER_STOPPED = (".slice", ".scope", ".device")
_NEVER_ANEW = (*_NEVER_STOPPED, ".timer", ".target")
"""Changes of these need no restart."""
_CONFIG = {"/etc/sysusers.d/": StepKind.SYSUSERS, "/etc/tmpfiles.d/": StepKind.TMPFILES}


@dataclass(frozen=True)
class Restore:
    """The input of one restore. `units`: their current state."""

    aim: Aim
    now: Installed
    units: Mapping[str, UnitThen]
    others: Mapping[str, UnitThen] = field(default_factory=dict)
    """Units of others that stop along with one of the fleet's."""
    stop_along: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Unit → those that systemd stops with it."""

    def plan(self) -> Plan:
        refusals = tuple(self._find_obstacles())
        if refusals:
            return Plan(self.aim.backup.manifest.host, (), refusals)
        return Plan(self.aim.backup.manifest.host, tuple(self._plan_steps()), notes=tuple(self._list_notes()))

    @cached_property
    def _wanted(self) -> dict[str, Entry]:
        return self.aim.backup.installed.by_path()

    @cached_property
    def _there(self) -> dict[str, Entry]:
        return self.now.by_path()

    @cached_property
    def _differing(self) -> tuple[tuple[Entry | None, Entry | None], ...]:
        """The wanted and the current entry of each path that must change."""
        found = []
        for path in sorted(self._wanted.keys() | self._there.keys()):
            want, have = self._wanted.get(path), self._there.get(path)
            if not is_alike(want, have) and not self._is_removed_with_folder(path):
                found.append((want, have))
        return tuple(found)

    def _is_removed_with_folder(self, path: str) -> bool:
        """Whether its whole folder is removed, or replaced by a file."""
        folder = path.rpartition("/")[0]
        want, have = self._wanted.get(folder), self._there.get(folder)
        was_folder = have is not None and have.kind is EntryKind.FOLDER
        return was_folder and (want is None or want.kind is not EntryKind.FOLDER)

    def _find_obstacles(self) -> Iterator[Refusal]:
        hint = f"move it away on the host, then {self.aim.words.again}"
        for want, have in self._differing:
            if have is None:
                yield from self._find_taken_names(want)
            elif have.kind is EntryKind.OTHER:
                yield Refusal(have.path, f"it is {have.why} and cannot be restored", hint)
            elif have.kind is EntryKind.PRESENT and want is not None:
                yield Refusal(have.path, "it may hold secrets now, so it is not replaced", hint)
            elif want is not None and want.kind is EntryKind.FOLDER and have.kind is not EntryKind.FOLDER:
                yield Refusal(have.path, f"there is a {have.kind.value} where a folder was", hint)

    def _find_taken_names(self, want: Entry | None) -> Iterator[Refusal]:
        """Refusals for links that would give one of our units the name of another unit."""
        name = (
            find_unit(want.path)
            if want is not None and want.kind is EntryKind.LINK and is_in_unit_folder(want.path)
            else ""
        )
        unit = None if not name or self.aim.names.has(name) else self.units.get(name)
        if unit is not None and unit.load != "not-found":
            yield Refusal(
                name, "there is another unit of this name now", f"remove it, or rename it, then {self.aim.words.again}"
            )

    def _plan_steps(self) -> Iterator[Step]:
        stops, starts = self._stops, self._starts
        yield from (Step(StepKind.STOP, unit, why, self._read_active(unit)) for unit, why in stops.items())
        yield from self._changes
        changed = {step.subject for step in self._changes}
        written = sorted(step.subject for step in self._changes if step.kind is StepKind.WRITE)
        for folder, kind in _CONFIG.items():
            yield from (Step(kind, path, "it changed") for path in written if path.startswith(folder))
        if any(path.startswith(UNIT_ROOTS) for path in changed):
            yield Step(StepKind.RELOAD, "systemd", "unit files changed")
        failed = (unit for unit in starts if self._read_active(unit) == "failed")
        yield from (Step(StepKind.RESET_FAILED, unit, "it has failed") for unit in failed)
        yield from (Step(StepKind.START, unit, why, self._read_active(unit)) for unit, why in starts.items())

    @cached_property
    def _changes(self) -> tuple[Step, ...]:
        order = (StepKind.FOLDER, StepKind.REMOVE, StepKind.WRITE, StepKind.LINK)
        goes = [self._plan_removal(have) for want, have in self._differing if want is None and have is not None]
        steps = goes + [self._plan_change(want, have) for want, have in self._differing if want is not None]
        return tuple(sorted(steps, key=lambda step: (order.index(step.kind), step.subject.startswith(STAMPS))))

    def _plan_change(self, want: Entry, have: Entry | None) -> Step:
        seen = describe_entry(have)
        if want.kind is EntryKind.LINK:
            why = f"a link to {want.target}; now {describe(have)}"
            return Step(StepKind.LINK, want.path, why, seen, target=want.target)
        if want.kind is EntryKind.FOLDER:
            same = have is not None and have.kind is EntryKind.FOLDER
            seen = f"folder:{have.account}:{have.mode}" if have is not None and same else ABSENT
            why = f"{want.account}, mode {want.mode}; now {describe(have)}"
            return Step(StepKind.FOLDER, want.path, why, seen, target=f"{want.account}:{want.mode}")
        return Step(
            StepKind.WRITE, want.path, _explain_change(want, have), seen, self._make_diff(have, want),
            self._make_file(want), change=self._find_change_class(want, have), time=want.time,
        )  # fmt: skip

    def _plan_removal(self, have: Entry) -> Step:
        return Step(
            StepKind.REMOVE, have.path, self._explain_removal(have), describe_entry(have), self._make_diff(have, None)
        )

    def _explain_removal(self, have: Entry) -> str:
        if have.kind is not EntryKind.FOLDER:
            return self._goes
        inside = [path.rpartition("/")[2] for path in self._there if path.startswith(f"{have.path}/")]
        return f"{self._goes}; in it {', '.join(inside)}" if inside else f"{self._goes}; it is empty"

    @property
    def _goes(self) -> str:
        return f"it was not there {self.aim.words.then}"

    def _make_file(self, want: Entry) -> DesiredFile:
        content = b"" if want.kind is EntryKind.STAMP else self.aim.backup.contents[want.sha256]
        kind = (
            "env" if self.aim.names.may_be_env(want.path) else "unit" if want.path.startswith(UNIT_ROOTS) else "other"
        )
        made = Origin("backup")
        return DesiredFile(
            want.path, content, want.mode, want.owner, want.group, want.sha256, kind, find_unit(want.path), made
        )

    def _make_diff(self, have: Entry | None, want: Entry | None) -> str:
        """The diff of unit files; other files have none."""
        path = have.path if have else want.path if want else ""
        if not path.startswith(UNIT_ROOTS):
            return ""
        old, new = _find_content(have, self.now.contents), _find_content(want, self.aim.backup.contents)
        return "" if old == new else make_diff(old, new, path) or UNSHOWN

    def _find_change_class(self, want: Entry, have: Entry | None) -> ChangeClass | None:
        if not want.path.startswith(UNIT_ROOTS):
            return None
        if have is None or not have.has_content:
            return ChangeClass.RESTART
        old, new = _find_content(have, self.now.contents), _find_content(want, self.aim.backup.contents)
        return find_change(old, new, find_unit(want.path)) if old != new else ChangeClass.NOTHING

    @cached_property
    def _anew(self) -> dict[str, str]:
        """Unit → the path because of which its process does not match the backup's files."""
        found: dict[str, str] = {}
        for step in self._changes:
            path = step.subject
            if path.startswith(STAMPS) or step.kind is StepKind.FOLDER or _is_enabling_link(path):
                continue
            if step.kind is StepKind.WRITE and step.change is not None and not step.change.starts_anew:
                continue
            for unit in self._list_affected(path):
                found.setdefault(unit, path)
        return found

    def _list_affected(self, path: str) -> Iterator[str]:
        if not path.startswith(UNIT_ROOTS):
            named = path.encode()
            texts = {**self.now.contents, **self.aim.backup.contents}
            files = (each for each in (*self.now.entries, *self.aim.backup.manifest.entries) if each.has_content)
            subjects = {find_unit(each.path) for each in files if named in texts[each.sha256]}
        else:
            subjects = {find_unit(path)}
        for unit in self.units:
            prefixes = (each for each in subjects if "-." in each)
            if (
                unit in subjects
                or get_template(unit) in subjects
                or any(map(unit.startswith, map(_strip_suffix, prefixes)))
            ):
                yield unit

    @cached_property
    def _stops(self) -> dict[str, str]:
        then = {each.unit: each for each in self.aim.backup.manifest.units}
        found = {}
        for unit, now in sorted(self.units.items()):
            before = then.get(unit)
            if is_template(unit) or unit.endswith(_NEVER_STOPPED) or not is_up(now.active):
                continue
            if before is None or before.load == "not-found":
                found[unit] = self._goes
            elif before.active == "inactive" and now.is_active and not (before.triggered_by or now.triggered_by):
                found[unit] = f"it was down {self.aim.words.then}"
            elif now.is_active and unit in self._anew and not unit.endswith(_NEVER_ANEW) and not _is_timed(before):
                found[unit] = f"it is restarted: {self._anew[unit]} changes"
        sockets = {unit for unit in found if unit.endswith(".socket")}
        for unit, now in self.units.items():
            if now.is_active and unit not in found and sockets & {*now.triggered_by}:
                found[unit] = "it stops with its socket"
        return found

    @cached_property
    def _starts(self) -> dict[str, str]:
        found = {}
        for before in sorted(self.aim.backup.manifest.units, key=lambda each: _rank(each.unit)):
            unit, now = before.unit, self.units.get(before.unit)
            if not before.is_active or is_template(unit) or unit.endswith(_NEVER_STOPPED):
                continue
            if unit in self._stops:
                found[unit] = "it was stopped for this"
            elif not before.triggered_by and (now is None or not now.is_active):
                found[unit] = f"it was up {self.aim.words.then}"
        for unit, because in self._find_dragged().items():
            if (self.others.get(unit) or self.units[unit]).is_active and unit not in self._stops:
                found.setdefault(unit, f"it stops along with {because}")
        return found

    def _find_dragged(self) -> dict[str, str]:
        """Units that stop along with those that are stopped, each with one of these."""
        found: dict[str, str] = {}
        left = [(unit, unit) for unit in self._stops]
        while left:
            name, because = left.pop()
            for each in self.stop_along.get(name, ()):
                if each not in found and (each in self.units or each in self.others):
                    found[each] = because
                    left.append((each, because))
        return found

    def _read_active(self, unit: str) -> str:
        return self.units[unit].active if unit in self.units else "inactive"

    def _list_notes(self) -> Iterator[Note]:
        for want in self._wanted.values():
            if want.kind is EntryKind.PRESENT and want.path not in self._there:
                text = f"it may have held secrets: it is not in {self.aim.words.name}, and it is missing now"
                yield Note(NoteKind.FOREIGN, want.path, text)
            if want.kind is EntryKind.OTHER:
                yield Note(NoteKind.FOREIGN, want.path, f"it was {want.why}: it is not in {self.aim.words.name}")
        for step in self._changes:
            timer = find_unit(step.subject)
            if step.subject.startswith(STAMPS) and (timer in self._starts or self._read_active(timer) == "active"):
                text = "its stamp changes: when it is next started, it catches up on runs that it has missed since then"
                yield Note(NoteKind.FIRES, timer, text)


def is_alike(want: Entry | None, have: Entry | None) -> bool:
    """Whether nothing has to be done. Entries without content in the backup are left alone."""
    if want is not None and want.kind in (EntryKind.PRESENT, EntryKind.OTHER):
        return True
    if want is None or have is None:
        return have is not None and have.kind is EntryKind.PRESENT
    if want.kind is EntryKind.LINK and have.kind is EntryKind.LINK:
        return want.target == have.target
    return want == have


def list_unlike(aim: Aim, now: Installed, planned_on: Installed) -> tuple[str, ...]:
    """A line for each path that is not as in the backup. A stamp newer than at planning time was set by a run."""
    there, before = now.by_path(), planned_on.by_path()
    wanted = aim.backup.installed.by_path()
    lines = []
    for path in sorted(wanted.keys() | there.keys()):
        want, have = wanted.get(path), there.get(path)
        if is_alike(want, have) or _has_run(have, before.get(path)):
            continue
        lines.append(f"{path}: {describe(have)}, in {aim.words.name} {describe(want)}")
    return tuple(lines)


def list_units_unlike(aim: Aim, units: Mapping[str, UnitThen]) -> tuple[str, ...]:
    """Units that were up and are now down, and vice versa."""
    return tuple(
        f"{then.unit}: {now.active}, in {aim.words.name} {then.active}"
        for then in aim.backup.manifest.units
        if (now := units.get(then.unit, UnitThen(then.unit, *ABSENT_STATES, "")))
        and not (then.triggered_by or now.triggered_by or then.unit.endswith(_NEVER_STOPPED))
        and ((then.is_active and not now.is_active) or (then.active == "inactive" and now.is_active))
    )


def _has_run(have: Entry | None, before: Entry | None) -> bool:
    is_stamp = have is not None and have.kind is EntryKind.STAMP
    return is_stamp and have is not None and (before is None or float(have.time) > float(before.time))


def describe_entry(have: Entry | None) -> str:
    """In the words of `look_at` in the host's script."""
    if have is None:
        return ABSENT
    if have.kind is EntryKind.LINK:
        return f"link:{have.target}"
    return "dir" if have.kind is EntryKind.FOLDER else f"sha256:{have.sha256}"


def describe(have: Entry | None) -> str:
    if have is None:
        return ABSENT
    if have.kind is EntryKind.LINK:
        return "a mask" if have.target == "/dev/null" else f"a link to {have.target}"
    return f"a {have.kind.value}, {have.account}, mode {have.mode}"


def _explain_change(want: Entry, have: Entry | None) -> str:
    if have is None:
        return "not on the host"
    if have.kind is not want.kind:
        return f"replaces {describe(have)}"
    wrong = ["content differs"] if have.sha256 != want.sha256 else []
    wrong += [f"its time is {have.time}, was {want.time}"] if have.time != want.time else []
    wrong += [f"mode is {have.mode}, was {want.mode}"] if have.mode != want.mode else []
    wrong += [f"owner is {have.account}, was {want.account}"] if have.account != want.account else []
    return "; ".join(wrong)


def _find_content(entry: Entry | None, contents: Mapping[str, bytes]) -> bytes:
    return contents.get(entry.sha256, b"") if entry is not None and entry.has_content else b""


def _is_enabling_link(path: str) -> bool:
    return path.rpartition("/")[0].endswith((".wants", ".requires", ".upholds"))


def _strip_suffix(name: str) -> str:
    return name.rpartition(".")[0]


def _is_timed(unit: UnitThen) -> bool:
    return any(not each.endswith((".socket", ".automount")) for each in unit.triggered_by)


def _rank(unit: str) -> tuple[int, str]:
    return (2 if unit.endswith(".target") else 0 if unit.endswith((".socket", ".mount")) else 1), unit


def list_baseline_units(planned: Plan, units: Iterable[str]) -> tuple[str, ...]:
    """The units that must be as before if a restore is rolled back."""
    kinds = (StepKind.STOP, StepKind.START)
    known = {unit for unit in units if not is_template(unit)}
    return tuple(sorted(known | {step.subject for step in planned.steps if step.kind in kinds}))


def list_files(backup: Backup) -> tuple[DesiredFile, ...]:
    """Its files, with their contents."""
    files = (each for each in backup.manifest.entries if each.has_content)
    return tuple(
        DesiredFile(
            each.path, backup.contents[each.sha256], each.mode, each.owner, each.group, each.sha256,
            "unit" if each.path.startswith(UNIT_ROOTS) else "other", each.path, Origin("backup"),
        )
        for each in files
    )  # fmt: skip
