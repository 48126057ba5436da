"""Links to installations: which must lead elsewhere, which units run from them, and what is in the way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qtctl.dialects.paths import is_in
from qtctl.meaning.originals import describe_seen
from qtctl.meaning.units import is_up
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_install import STORE, DesiredInstall
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File, Unit
from qtctl.model.plan import Refusal, Step, StepKind

TAKE_OVER = "--take-over puts the link in its place and keeps it on the host"
_PATHS = ("PYTHONPATH", "PATH", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Switch:
    """A path that must lead elsewhere. `seen` as in Step; `built`: whether the target is on the host already."""

    install: DesiredInstall
    seen: str
    built: bool

    @property
    def reason(self) -> str:
        if self.seen == f"link:{self.install.target}":
            return f"{self.install.text}, to which it leads, is not whole on the host, and is put there first"
        made = "" if self.built else ", which is put on the host first"
        return f"{_describe(self.seen)}, declared {self.install.text}{made}"

    def make_step(self, used_by: tuple[str, ...]) -> Step:
        users = f"; run from it: {', '.join(used_by)}" if used_by else ""
        return Step(
            StepKind.LINK, self.install.path, f"{self.reason}{users}", self.seen, target=self.install.target
        )  # fmt: skip


def _describe(seen: str) -> str:
    if seen == "absent":
        return "not on the host"
    if seen.startswith(f"link:{STORE}/"):
        return f"leads to {seen.removeprefix(f'link:{STORE}/')[:12]}"
    return f"a link to {seen.removeprefix('link:')}" if seen.startswith("link:") else "a folder"


def list_needs(desired: Desired) -> tuple[Need, ...]:
    paths = {path for each in desired.installs for path in (each.path, each.target, each.seal)}
    return tuple(Need(File.FACT, path) for path in sorted(paths))


def find_switches(desired: Desired, facts: Facts) -> tuple[Switch, ...]:
    """Sorted by path. A link that leads to nothing, or to something unfinished, is made again with what it leads to."""
    found = []
    for each in desired.installs:
        there = facts.read(File, each.path)
        built = all(facts.read(File, path) is not None for path in (each.target, each.seal))
        if not built or there is None or there.kind != "link" or there.target != each.target:
            found.append(Switch(each, describe_seen(there), built))
    return tuple(found)


def plan_steps(switched: tuple[Switch, ...], uses: Mapping[str, tuple[str, ...]]) -> tuple[Step, ...]:
    """`uses`: unit → the paths that it runs from."""
    return tuple(
        each.make_step(tuple(sorted(unit for unit, paths in uses.items() if each.install.path in paths)))
        for each in switched
    )


def find_obstacles(desired: Desired, facts: Facts, *, take_over: bool) -> Iterator[Refusal]:
    switched = find_switches(desired, facts)
    for each in switched:
        path, kind = each.install.path, each.seen.partition(":")[0]
        if kind not in ("absent", "link", "dir"):
            yield Refusal(path, "there is neither a folder nor a link", "move it away, then deploy again")
        elif kind != "absent" and not each.seen.startswith(f"link:{STORE}/") and not take_over:
            yield Refusal(path, f"there is {_describe(each.seen)} that qtctl did not put there", TAKE_OVER)
    yield from _find_running_jobs(desired, facts, {each.install.path for each in switched})


def _find_running_jobs(desired: Desired, facts: Facts, switched: set[str]) -> Iterator[Refusal]:
    """A running job would continue with other code than it began with, and is not run twice."""
    starters = desired.map_starters()
    for unit in desired.units():
        used = switched.intersection(list_used_paths(unit, desired))
        kinds = {type(each).__name__ for each in starters.get(unit.unit, ())}
        if not used or unit.must_be_active is not None or not _is_job(unit, kinds):
            continue
        state = facts.read(Unit, unit.unit)
        if state is not None and is_up(state.active_state):
            what = f"it runs now, from {min(used)}, which changes"
            yield Refusal(unit.unit, what, "wait until it has ended, then deploy again")


def _is_job(unit: DesiredUnit, starters: set[str]) -> bool:
    """Whether it ends by itself: a timer starts it, or it is a oneshot."""
    return "DesiredTimer" in starters or (isinstance(unit, DesiredService) and unit.type == "oneshot")


def list_used_paths(unit: DesiredUnit, desired: Desired) -> tuple[str, ...]:
    """The installed paths that a unit runs from: it names them, or something below them."""
    if not isinstance(unit, DesiredService) or not desired.installs:
        return ()
    named = tuple(_list_named_paths(unit))
    return tuple(each.path for each in desired.installs if any(is_in(path, each.path) for path in named))


def _list_named_paths(service: DesiredService) -> Iterator[str]:
    yield from (service.venv, service.code, service.working_directory.removeprefix("-"), service.entry_point)
    yield from service.argv
    for command in service.commands:
        yield from command.argv
    for key, value in (*service.unit_env, *service.env):
        if key in _PATHS:
            yield from value.split(":")
