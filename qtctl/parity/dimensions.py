"""Every setting of one compose service → its fate, with the evidence of the host, dimension by dimension."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from qtctl.dialects.compose.types import Published
from qtctl.errors import InputError
from qtctl.findings.finding import Outcome
from qtctl.meaning.addresses import Relation, is_loopback, relate_addresses
from qtctl.meaning.listeners import DeclaredPort
from qtctl.model.compose_settings import ComposeSetting, Dimension
from qtctl.model.registry import Disposition, DispositionKind
from qtctl.parity.evidence import Audited
from qtctl.parity.newly import list_new_settings
from qtctl.parity.record import ServiceRules
from qtctl.parity.rows import DimensionRow
from qtctl.parity.settings import Service, judge
from qtctl.parity.verdicts import Judged, settle, write_then
from qtctl.rules.parity.ports import GONE
from qtctl.rules.setting_fates import HOLDING, Fate, SettingFate
from qtctl.rules.sides import PortSide, UnitSide

NO_DISPOSITION = "no disposition says what became of the service"


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A service without a comparable unit on this host: why, and the rules that may settle its settings."""

    why: str
    rules: ServiceRules


def judge_settings(settings: Iterable[ComposeSetting], service: Service | Unplaced) -> tuple[SettingFate, ...]:
    """Judge the settings by what the registry declares. New ones come last."""
    rules, found = service.rules, tuple(settings)
    if rules.whole:
        return tuple(_settle_whole(setting, rules) for setting in found)
    if isinstance(service, Unplaced):
        return tuple(settle(setting, _judge_alike(setting, Fate.UNKNOWN, service.why), rules) for setting in found)
    judged = tuple(settle(setting, judge(setting, service), rules) for setting in found)
    return (*judged, *list_new_settings(found, service))


def _settle_whole(setting: ComposeSetting, rules: ServiceRules) -> SettingFate:
    return replace(settle(setting, _judge_alike(setting, Fate.CHANGED, rules.whole), rules), on_paper=True)


def _judge_alike(setting: ComposeSetting, fate: Fate, why: str) -> Judged:
    """One fate for all settings of a service, except those that mean nothing to systemd."""
    if setting.means_nothing:
        return Judged(Fate.NOT_APPLICABLE, write_then(setting), "", setting.why)
    return Judged(fate, write_then(setting), "", why)


def make_rows(
    own: Sequence[SettingFate], judged: Sequence[SettingFate], service: Service | Unplaced, audited: Audited
) -> tuple[DimensionRow, ...]:
    """One row for each dimension. `own`: of the service itself and its ports, which have evidence of their own."""
    by_dimension: dict[Dimension, list[SettingFate]] = {}
    for each in judged:
        by_dimension.setdefault(each.dimension, []).append(each)
    rows = []
    for dimension in Dimension:
        first = [each for each in own if each.dimension is dimension]
        found = by_dimension.get(dimension, [])
        why = _explain(dimension, found, service, audited)
        rows.append(DimensionRow(dimension, (*first, *(_with_evidence(each, why) for each in found)), why))
    return tuple(rows)


def _explain(dimension: Dimension, found: Sequence[SettingFate], service: Service | Unplaced, audited: Audited) -> str:
    if isinstance(service, Unplaced) or dimension in (Dimension.SERVICES, Dimension.PORTS):
        return ""
    if not any(_wants_evidence(each) for each in found):
        return ""
    reasons = (
        audited.explain_missing(unit.service, dimension, _list_uses(dimension, found, unit.service.user))
        for unit in service.units
    )
    return next(filter(None, reasons), "")


def _list_uses(dimension: Dimension, found: Sequence[SettingFate], user: str) -> Iterator[str]:
    """What the settings name now: keys of Redis, the account, or paths and the folders that contain them."""
    if dimension is Dimension.USERS:
        yield user
    for each in found:
        if dimension is Dimension.REDIS:
            yield each.now
        elif dimension is Dimension.VOLUMES and each.now.startswith("/"):
            path = PurePosixPath(each.now.partition(" ")[0])
            yield from map(str, (path, *path.parents))


def _wants_evidence(found: SettingFate) -> bool:
    return not found.on_paper and found.declared in HOLDING


def _with_evidence(found: SettingFate, why: str) -> SettingFate:
    """What is declared and not shown by the host is unknown."""
    if not why or not _wants_evidence(found):
        return found
    return replace(found, fate=Fate.UNKNOWN, reason=why)


def judge_itself(name: str, line: int, disposition: Disposition | None, sides: Sequence[UnitSide]) -> SettingFate:
    """What became of the service itself."""

    def make_fate(fate: Fate, reason: str, *, declared: Fate | None = None) -> SettingFate:
        now = ", ".join(side.unit or side.name for side in sides)
        item = f"services.{name}"
        return SettingFate(Dimension.SERVICES, item, line, name, now, declared or fate, fate, reason)

    if disposition is None:
        return make_fate(Fate.LOST, NO_DISPOSITION)
    if disposition.is_ in (DispositionKind.ABSORBED, DispositionKind.DEPRECATED):
        return replace(make_fate(Fate.CHANGED, f"{disposition.is_.value}: {disposition.why}"), on_paper=True)
    declared = Fate.KEPT if disposition.is_ is DispositionKind.MAPPED else Fate.CHANGED
    if not sides:
        return make_fate(Fate.LOST, "nothing that is declared took over from it")
    for outcome, fate in ((Outcome.BROKEN, Fate.DIFFERS), (Outcome.UNKNOWN, Fate.UNKNOWN)):
        worse = next((side for side in sides if side.outcome is outcome), None)
        if worse is not None:
            return make_fate(fate, worse.reason, declared=declared)
    return make_fate(declared, disposition.why if declared is Fate.CHANGED else "")


def judge_port(side: PortSide) -> SettingFate:
    port = side.published
    then = f"{port.host_ip or '0.0.0.0'}:{port.published or port.raw}/{port.protocol}"  # noqa: S104 - Docker's default
    now = ", ".join(f"{each.address}:{each.port}" for each in side.declared)
    item = f"ports.{port.raw}"
    found = SettingFate(Dimension.PORTS, item, port.line, then, now, Fate.KEPT, Fate.KEPT)
    if side.disposition.startswith(GONE):
        reason = side.disposition.removeprefix(GONE).strip()
        return replace(found, declared=Fate.CHANGED, fate=Fate.CHANGED, reason=f"gone: {reason}", on_paper=True)
    if side.outcome is Outcome.BROKEN:
        return replace(found, declared=Fate.LOST, fate=Fate.LOST, reason=side.reason)
    fate, reason = _compare_port(side)
    if side.outcome is Outcome.UNKNOWN and fate is not Fate.DIFFERS:
        return replace(found, declared=fate, fate=Fate.UNKNOWN, reason=side.reason)
    return replace(found, declared=fate, fate=fate, reason=reason)


def _compare_port(side: PortSide) -> tuple[Fate, str]:
    exposure = compare_exposure(side.published, [each.address for each in side.declared])
    moved = f"moved from {side.published.published}" if side.expected != side.published.published else ""
    if exposure in (Relation.WIDER, Relation.ELSEWHERE):
        return Fate.DIFFERS, "exposed wider than it was published, or elsewhere"
    words = [moved, f"exposure {exposure.value}" if exposure is Relation.NARROWER else ""]
    reason = "; ".join(filter(None, words))
    return (Fate.CHANGED, reason) if reason else (Fate.KEPT, "")


_WORST = (Relation.WIDER, Relation.ELSEWHERE, Relation.EXACT, Relation.NARROWER)
ANY, ANY_IPV4 = "*", "0.0.0.0"  # noqa: S104 - addresses to compare


def compare_exposure(port: Published, declared: Sequence[str]) -> Relation:
    """How the widest declared address relates to where Docker published the port. EXACT if nothing is declared.

    Docker publishes on all addresses of both families if the file names none.
    """
    then = f"[{port.host_ip}]" if ":" in port.host_ip else port.host_ip or ANY
    then = ANY if then == ANY_IPV4 else then
    found = set()
    for address in declared:
        try:
            where = relate_addresses(then, ANY if address == ANY_IPV4 else address)
            found.add(Relation.NARROWER if where is Relation.ELSEWHERE and is_loopback(address) else where)
        except InputError:
            continue
    return next((each for each in _WORST if each in found), Relation.EXACT)


def list_new_ports(published: Collection[tuple[str, int]], ports: Iterable[DeclaredPort]) -> Iterator[SettingFate]:
    """Ports of the units that no service of the file published. `published`: protocol and current number."""
    for each in dict.fromkeys(ports):
        port = each.port
        if (port.protocol, port.port) not in published:
            now = f"{port.address}:{port.port}/{port.protocol}"
            yield SettingFate(
                Dimension.PORTS, f"ports.{port.port}/{port.protocol}", 0, "", now, Fate.NEW, Fate.NEW, "newly open"
            )
