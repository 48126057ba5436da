"""Adopt, render, and let a real systemd say whether it is the same: the law of adoption."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from qtctl.adapters.files import locate_shipped, read_templates, read_text
from qtctl.adapters.unit_folders import read_unit_folder
from qtctl.adopt.adoption import Adoption, FileKind
from qtctl.adopt.merged_units import Selection
from qtctl.adopt.registry import HostFacts
from qtctl.flows.adopt import Adopted, Into, Source, adopt_units
from qtctl.flows.declare import declare
from qtctl.flows.schemas import make_registry_schemas, read_meanings
from qtctl.model.adoption import Found
from tests.adopt import same

FOLLOWS = {
    ("Timer", "Persistent"): ("Unit.After", "Unit.CanClean", "Unit.Requires", "Unit.RequiresMountsFor"),
    ("Install", "Alias"): ("Unit.Names", "Unit.UnitFileState", "Install.Links", "Install.Enabled"),
    ("Install", "WantedBy"): ("Unit.WantedBy", "Install.Links", "Install.Enabled", "Unit.UnitFileState"),
}
"""What else changes with a directive: a persistent timer needs the folder where its stamps lie, links are enabling."""
HOST = "host-1"
VERSION = 252


@dataclass(frozen=True, slots=True)
class Outcome:
    """`unexplained`: what the host has otherwise, and the adoption's report does not say why."""

    adoption: Adoption
    compared: tuple[str, ...]
    explained: tuple[same.Difference, ...]
    unexplained: tuple[same.Difference, ...]


def adopt(found: Iterable[Found]) -> tuple[Adopted, Mapping[str, bytes]]:
    """The adoption, and the unit files that its registry renders, by path below /etc/systemd/system."""
    into = _into()
    adopted = adopt_units(Source("found", tuple(found)), Selection(VERSION), into)
    registry = {path: text for path, text in adopted.files.items() if not path.startswith("schemas/")}
    files = declare(registry, into.templates, HOST, None).desired.files
    below = f"/{same.FOLDER}/"
    return adopted, {file.path.removeprefix(below): file.content for file in files if file.path.startswith(below)}


@lru_cache(maxsize=1)
def _into() -> Into:
    schemas = make_registry_schemas(read_meanings(read_text(locate_shipped("keys.toml"))))
    return Into("fleet", HostFacts(HOST, HOST, systemd=VERSION), schemas, read_templates(None))


def judged(host: str, found: Iterable[Found], *, hosts_own: bool = False) -> Outcome:
    """Only units that were adopted are compared: what was not stands in the report, with its reason.

    `hosts_own`: the host has these units in another folder, too, and would read drop-ins that were merged once more.
    """
    those = tuple(found)
    adopted, rendered = adopt(those)
    adoption = adopted.adoption
    units = sorted(each.unit for each in adoption.units)
    before = _before(those, adoption, set(units))
    loaded = [name for name in before.units if name in units or _of_template(name, units)]
    old = same.loaded(host, before, loaded)
    hidden = {name: "/dev/null" for name in before.texts if "/" in name and name not in rendered} if hosts_own else {}
    new = same.loaded(host, same.Files(rendered, hidden), loaded)
    differences = same.differences(old, new)
    explained = tuple(each for each in differences if _unloaded(each, old, adoption) or _explained(each, adoption))
    unexplained = tuple(each for each in differences if each not in explained)
    return Outcome(adoption, tuple(loaded), explained, unexplained)


def folder(path: Path) -> tuple[Found, ...]:
    return read_unit_folder(path)


def _before(found: Iterable[Found], adoption: Adoption, units: set[str]) -> same.Files:
    """What was adopted, as it was: of several copies the one that was taken."""
    taken = {each.path: each for each in adoption.files if each.taken}
    texts: dict[str, bytes] = {}
    links: dict[str, str] = {}
    for each in found:
        fate = taken.get(each.path)
        if fate is None:
            continue
        parts = each.path.split("/")
        name = "/".join(parts[-2:]) if len(parts) > 1 and _beside(parts[-2]) else parts[-1]
        if each.link is not None:
            links[name] = each.link
        elif fate.kind is FileKind.DROPIN or fate.unit in units:
            texts[name] = each.content
    return same.Files(texts, links)


def _beside(folder: str) -> bool:
    return folder.endswith((".d", ".wants", ".requires", ".upholds"))


def _of_template(unit: str, units: Iterable[str]) -> bool:
    """An instance, or another unit that only has drop-ins here."""
    head, at, tail = unit.partition("@")
    return bool(at) and f"{head}@.{tail.rpartition('.')[2]}" in units


def _unloaded(difference: same.Difference, old: same.Loaded, adoption: Adoption) -> bool:
    """Whether systemd gave up the original, and an error of the report says so: there is nothing to be the same as."""
    gave_up = old.get(difference.unit, {}).get("Unit.LoadState") != "loaded"
    return gave_up and any(each.id and each.subject == difference.unit for each in adoption.judgments)


def _explained(difference: same.Difference, adoption: Adoption) -> bool:
    section, _, name = difference.property.partition(".")
    for each in adoption.differences:
        if not each.because or each.unit != difference.unit:
            continue
        if name.startswith(each.directive.removesuffix("Sec")) and section in (each.section, "Unit", "Install"):
            return True
        if difference.property in FOLLOWS.get((each.section, each.directive), ()):
            return True
    return False
