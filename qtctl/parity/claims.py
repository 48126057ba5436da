"""Services of the registry that no compose file has, and what the legacy records claim about them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from qtctl.dialects.compose.types import Compose
from qtctl.findings.finding import Finding
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.registry import DispositionKind, Legacy
from qtctl.parity.rows import NewService
from qtctl.rules.compose_service import Service
from qtctl.rules.parity.dispositions import judge_claim, judge_unknown_claim

_TOOK_OVER = (DispositionKind.MAPPED, DispositionKind.MIGRATED)


@dataclass(frozen=True, slots=True)
class Record:
    """A compose file that is compared, and what the registry says about it."""

    compose: Compose
    legacy: Legacy | None


@dataclass(frozen=True, slots=True)
class Known:
    """All files that are compared. `names`, `became`: name of a compose service, and of what took over → file:line."""

    records: tuple[Record, ...]
    names: Mapping[str, str]
    became: Mapping[str, str]

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Known":
        files = tuple(records)
        names: dict[str, str] = {}
        became: dict[str, str] = {}
        for file in files:
            dispositions = file.legacy.services if file.legacy else {}
            for service in file.compose.services:
                place = f"{file.compose.file}:{service.line}"
                names.setdefault(_spell(service.name), place)
                disposition = dispositions.get(service.name)
                if disposition is not None and disposition.is_ in _TOOK_OVER:
                    became.update({name: became.get(name, place) for name in disposition.to})
        return cls(files, names, became)

    def find(self, unit: DesiredService) -> str:
        """file:line of the compose service that has its name or became it; "" for none."""
        for name in (unit.name, unit.unit.partition(".")[0]):
            if _spell(name) in self.names:
                return self.names[_spell(name)]
        return self.became.get(unit.name) or self.became.get(unit.unit) or ""


def judge_claims(record: Record, files: Known, desired: Desired) -> Iterator[Finding]:
    """QT810 and QT809: what a record calls new is checked against every file that is compared."""
    claims = record.legacy.new if record.legacy else {}
    services = {name: each for each in _list_services(desired) for name in (each.name, each.unit)} if claims else {}
    retired = {each.name for each in desired.retired_units}
    for name in sorted(claims):
        service = Service(record.compose.file, "", None, desired.host)
        unit = services.get(name)
        if unit is None and name not in retired:
            yield judge_unknown_claim(service, name)
            continue
        place = files.find(unit) if unit is not None else files.names.get(_spell(name), "")
        if place:
            yield judge_claim(service, name, place)


def list_new_services(files: Known, desired: Desired) -> tuple[NewService, ...]:
    """By name: services that no file has and none became, with what a record says about them."""
    claims = {name: why for each in files.records if each.legacy for name, why in each.legacy.new.items()}
    return tuple(
        NewService(each.name, each.unit, claims.get(each.name) or claims.get(each.unit) or "")
        for each in _list_services(desired)
        if not files.find(each)
    )


def list_uncompared(files: Known, legacies: Iterable[Legacy]) -> tuple[str, ...]:
    """Compose files that ran, as the registry records them, and that are not among those compared."""
    compared = {PurePosixPath(each.compose.file).name for each in files.records}
    return tuple(
        sorted(each.compose for each in legacies if each.ran and PurePosixPath(each.compose).name not in compared)
    )


def _list_services(desired: Desired) -> tuple[DesiredService, ...]:
    """Templates once, without their instances."""
    found = (*(each for each in desired.services if not each.template), *desired.templates)
    return tuple(sorted(found, key=lambda each: each.name))


def _spell(name: str) -> str:
    return name.removesuffix("@").replace("_", "-").lower()
