"""Which generated files are missing or different on the host, and what prevents a deploy from writing them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname

from qtctl.dialects.shell import quote
from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.dialects.systemd.unit_name import is_template
from qtctl.meaning.originals import ABSENT, describe_seen, is_in_place
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.facts import Facts, File, Unit
from qtctl.model.names import BEFORE_UNIT_DIR
from qtctl.model.plan import READ_AS_ROOT, Refusal, Step, StepKind
from qtctl.plan.change_impact import find_change, is_stopped_otherwise, make_diff
from qtctl.plan.unit_goals import list_goals

UNSHOWN = "content differs (values not shown)"
TAKE_OVER = "--take-over replaces it and keeps the old one on the host"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file to write. `change`: what a unit that was started with the old content needs.

    `stops`: the new content would stop it differently.
    """

    file: DesiredFile
    reason: str
    seen: str
    diff: str
    change: ChangeClass
    stops: bool = False

    @property
    def visible(self) -> bool:
        """Whether a unit that was started with the old content must be started again."""
        return self.change.starts_anew

    @property
    def step(self) -> Step:
        return Step(
            StepKind.WRITE, self.file.path, self.reason, self.seen, self.diff, self.file, keep_mtime=not self.visible,
            change=self.change,
        )  # fmt: skip


def list_to_read(desired: Desired, facts: Facts) -> tuple[str, ...]:
    """Paths of files whose current content a plan needs: regular ones with other content, but no env files."""
    found = []
    for file in _list_to_place(desired, facts):
        there = facts.read(File, file.path)
        if there is not None and _has_other_content(there, file) and there.kind == "file" and file.kind != "env":
            found.append(file.path)
    return tuple(sorted(found))


def _list_to_place(desired: Desired, facts: Facts) -> tuple[DesiredFile, ...]:
    """All files except those whose adopted originals are still in place."""
    return tuple(file for file in desired.files if not is_in_place(file, facts))


def find_changes(desired: Desired, facts: Facts, current: Mapping[str, bytes]) -> tuple[FileChange, ...]:
    """Sorted by path. Call only where `find_obstacles` found nothing that cannot be taken over."""
    found = [_find_change(file, facts.read(File, file.path), current) for file in _list_to_place(desired, facts)]
    return tuple(sorted((change for change in found if change is not None), key=lambda change: change.file.path))


def _find_change(file: DesiredFile, there: File | None, current: Mapping[str, bytes]) -> FileChange | None:
    if there is None:
        # A new file has no time to keep: by its time, every running process is older.
        return FileChange(file, "not on the host", ABSENT, "", ChangeClass.RESTART)
    if not there.ours:
        diff = _show_diff(file, current) if there.kind == "file" else ""
        change = _find_class(file, current) if there.kind == "file" else ChangeClass.RESTART
        stops = _is_stopped_otherwise(file, current)
        return FileChange(file, f"replaces {_describe_file(there)}", describe_seen(there), diff, change, stops)
    if _has_other_content(there, file):
        reason = "content differs" if file.kind != "env" else UNSHOWN
        stops, change = _is_stopped_otherwise(file, current), _find_class(file, current)
        return FileChange(file, reason, describe_seen(there), _show_diff(file, current), change, stops)
    reason = _compare_rights(there, file)
    return FileChange(file, reason, describe_seen(there), "", ChangeClass.NOTHING) if reason else None


def _find_class(file: DesiredFile, current: Mapping[str, bytes]) -> ChangeClass:
    """What the new content needs. A file whose content does not change is not in `current`."""
    if not file.of_unit:
        return ChangeClass.RESTART
    return find_change(current.get(file.path, file.content), file.content, file.subject)


def _is_stopped_otherwise(file: DesiredFile, current: Mapping[str, bytes]) -> bool:
    return file.of_unit and is_stopped_otherwise(current.get(file.path, file.content), file.content, file.subject)


def _show_diff(file: DesiredFile, current: Mapping[str, bytes]) -> str:
    if file.kind == "env" or file.path not in current:
        return ""
    return make_diff(current[file.path], file.content, file.path) or UNSHOWN


def _has_other_content(there: File, file: DesiredFile) -> bool:
    return there.sha256 != file.sha256


def _compare_rights(there: File, file: DesiredFile) -> str:
    """How mode and owner differ, or ''."""
    wrong = []
    if int(there.mode, 8) != int(file.mode, 8):
        wrong.append(f"mode is {there.mode}, declared {file.mode}")
    if (there.owner, there.group) != (file.owner, file.group):
        wrong.append(f"owner is {there.owner}:{there.group}, declared {file.owner}:{file.group}")
    return "; ".join(wrong)


def _describe_file(there: File) -> str:
    if there.kind == "link":
        return "a mask (a link to /dev/null)" if there.target == "/dev/null" else f"a link to {there.target}"
    kinds = {"file": "a file that qtctl did not write", "dir": "a directory"}
    return kinds.get(there.kind, "something that is not a regular file")


def find_obstacles(
    desired: Desired, facts: Facts, current: Mapping[str, bytes], *, take_over: bool, goes: frozenset[str] = frozenset()
) -> tuple[Refusal, ...]:
    """What keeps the files from being written. A file that could not be read does so even with `take_over`.

    `goes`: paths of files that are removed before.
    """
    found: list[Refusal] = []
    for file in _list_to_place(desired, facts):
        there = facts.read(File, file.path)
        found += _find_unreadable(file, there, current)
        found += _find_winner(file, facts)
        if not take_over and not _is_name_of_removed(file, there, goes):
            found += _find_foreign(file, there, facts)
    return (*found, *_find_own_files(desired, facts), *_find_taken_names(desired, facts, goes))


def _is_name_of_removed(file: DesiredFile, there: File | None, goes: frozenset[str]) -> bool:
    """Whether the file takes the place of a link that was another name of a unit that is removed."""
    if there is None or there.kind != "link":
        return False
    return f"{dirname(file.path)}/{basename(there.target)}" in goes


def _find_taken_names(desired: Desired, facts: Facts, goes: frozenset[str]) -> Iterator[Refusal]:
    """Aliases in whose place there is something else: systemctl would not enable the unit."""
    for goal in list_goals(desired):
        for path in goal.alias_links:
            there = facts.read(File, path)
            if there is None or path in goes or (there.kind == "link" and basename(there.target) == goal.unit):
                continue
            what = "a unit file of qtctl's that is no longer declared" if there.ours else _describe_file(there)
            hint = "--prune removes it" if there.ours else "move it away, or declare another alias"
            yield Refusal(path, f"there is {what}, where {goal.unit} has an alias", hint)


def _find_own_files(desired: Desired, facts: Facts) -> Iterator[Refusal]:
    """Instances that have a file or a mask of their own: systemd prefers it to the template, wherever it is."""
    for goal in list_goals(desired):
        unit = facts.read(Unit, goal.unit)
        if unit is None or basename(goal.file) == goal.unit:
            continue
        if unit.load_state == "masked":
            if goal.active or goal.enabled:
                yield Refusal(goal.unit, "masked", f"systemctl unmask {quote(goal.unit)}")
        elif unit.fragment_path and basename(unit.fragment_path) != basename(goal.file):
            what = f"systemd would keep using {unit.fragment_path}, which overrides {goal.file}"
            yield Refusal(goal.unit, what, "move that file away, or declare what it says in dropins.toml")


def _find_unreadable(file: DesiredFile, there: File | None, current: Mapping[str, bytes]) -> list[Refusal]:
    if there is None or there.kind != "file":
        return []
    if there.sha256 is None:
        return [Refusal(file.path, "its content could not be read", READ_AS_ROOT, unknown=True)]
    if file.kind != "env" and _has_other_content(there, file) and file.path not in current:
        return [Refusal(file.path, "its current content could not be read", READ_AS_ROOT, unknown=True)]
    return []


def _find_winner(file: DesiredFile, facts: Facts) -> list[Refusal]:
    """A definition that systemd prefers to the file, even after it has been written."""
    loadable = file.kind == "unit" and not is_template(file.subject)
    unit = facts.read(Unit, file.subject) if loadable else None
    if unit is None or not unit.fragment_path.startswith(BEFORE_UNIT_DIR):
        return []
    hint = f"see what made it: systemctl cat {quote(file.subject)}"
    return [Refusal(file.subject, f"systemd would keep using {unit.fragment_path}, which overrides {file.path}", hint)]


def _find_foreign(file: DesiredFile, there: File | None, facts: Facts) -> list[Refusal]:
    if there is not None:
        return [] if there.ours else [Refusal(file.path, f"there is {_describe_file(there)}", TAKE_OVER)]
    loadable = file.kind == "unit" and not is_template(file.subject)
    unit = facts.read(Unit, file.subject) if loadable else None
    if unit is None:
        return []
    if unit.load_state == "masked" or unit.unit_file_state.startswith("masked"):
        return [Refusal(file.subject, "masked", f"systemctl unmask {quote(file.subject)}, or --take-over")]
    if unit.fragment_path and unit.fragment_path != file.path and unit.load_state != "not-found":
        hint = "--take-over lets the new file override it; it stays where it is"
        return [Refusal(file.subject, f"already defined by {unit.fragment_path}, which qtctl did not write", hint)]
    return []
