"""What a restore brings a host back to: a backup, or generation 0, which was there before the first deploy."""

from dataclasses import dataclass, replace

from qtctl.dialects.wording import add_more_aside
from qtctl.model.backup import Backup, EntryKind
from qtctl.model.desired import Desired
from qtctl.model.generation import FOUND
from qtctl.plan.fleet_names import FleetNames, find_unit, is_in_unit_folder


@dataclass(frozen=True, slots=True)
class Words:
    """How it is called. `then`: when it was so. `note`: the key under which a generation records it.

    `of_another`: what to do if it is of another host.
    """

    name: str
    then: str
    again: str
    note: str
    of_another: str


OF_BACKUP = Words(
    "the backup", "when the backup was taken", "restore again", "backup", "qtctl backup list shows those of each host"
)
OF_FOUND = Words(
    "generation 0", "before the first deploy", "roll back again", FOUND,
    "name the host that the registry declares with --as",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a host cannot be brought back to it: `what` begins with a verb."""

    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Aim:
    """`names`: whose paths may be restored and removed."""

    backup: Backup
    names: FleetNames
    words: Words

    def find_misfit(self, desired: Desired) -> Misfit | None:
        """None if it is of this host, and holds nothing but the fleet's files and units."""
        manifest = self.backup.manifest
        if (manifest.fleet, manifest.host) != (desired.fleet, desired.host):
            what = f"is of {manifest.host} of {manifest.fleet}, not of {desired.host} of {desired.fleet}"
            return Misfit(what, self.words.of_another)
        if strangers := self._list_strangers():
            what = f"holds {strangers[0]}{add_more_aside(len(strangers) - 1)}, which does not belong to {desired.fleet}"
            return Misfit(what, "fleet.toml says what does: env_dir, unit_patterns")
        return None

    def list_asked(self) -> tuple[str, ...]:
        """Units to ask about: those of the backup, and further names from its links."""
        entries = self.backup.manifest.entries
        links = (each for each in entries if each.kind is EntryKind.LINK and is_in_unit_folder(each.path))
        further = (find_unit(each.path) for each in links)
        asked = (each.unit for each in self.backup.manifest.units)
        return (*asked, *(each for each in further if not self.names.has(each)))

    def _list_strangers(self) -> tuple[str, ...]:
        """Paths and units without a name of the fleet: nothing may be written, started or stopped there."""
        manifest = self.backup.manifest
        paths = (each.path for each in manifest.entries if not self.names.owns(each.path, each.target))
        return (*paths, *(each.unit for each in manifest.units if not self.names.has(each.unit)))


def aim_at_backup(backup: Backup, desired: Desired) -> Aim:
    return Aim(backup, FleetNames.of(desired), OF_BACKUP)


def aim_at_found(found: Backup, desired: Desired) -> Aim:
    """The registry may have dropped units since: what generation 0 holds belongs to the fleet."""
    names, manifest = FleetNames.of(desired), found.manifest
    made = {each.path for each in manifest.entries if each.has_content and names.may_be_env(each.path)}
    units = {each.unit for each in manifest.units}
    return Aim(found, replace(names, units=names.units | units, made_env=names.made_env | made), OF_FOUND)
