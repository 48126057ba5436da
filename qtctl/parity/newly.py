"""What a unit declares that the compose service it came from never said."""

from collections.abc import Iterable, Iterator, Sequence

from qtctl.model.compose_settings import ComposeSetting, Dimension, SettingKind
from qtctl.parity.settings import Service
from qtctl.parity.verdicts import show
from qtctl.rules.setting_fates import Fate, SettingFate

_DIRECTIVES = {
    "MemoryMax": Dimension.LIMITS,
    "MemoryHigh": Dimension.LIMITS,
    "CPUQuota": Dimension.LIMITS,
    "TasksMax": Dimension.LIMITS,
    "Restart": Dimension.RESTART,
    "User": Dimension.USERS,
    "Group": Dimension.USERS,
}
"""Those that readers look for."""


def list_new_settings(settings: Sequence[ComposeSetting], service: Service) -> Iterator[SettingFate]:
    """Each new setting once, however many units have it."""
    found = (
        *_list_new_variables(settings, service),
        *_list_new_directives(settings, service),
        *_list_other_new(settings, service),
    )
    yield from {(each.dimension, each.item): each for each in found}.values()


def _make(dimension: Dimension, item: str, now: str) -> SettingFate:
    return SettingFate(dimension, item, 0, "", now, Fate.NEW, Fate.NEW)


def _list_keys(settings: Iterable[ComposeSetting], kind: SettingKind) -> frozenset[str]:
    return frozenset(each.key for each in settings if each.kind is kind)


def _list_new_variables(settings: Sequence[ComposeSetting], service: Service) -> Iterator[SettingFate]:
    old = {service.rules.rename(each)[0] for each in _list_keys(settings, SettingKind.VARIABLE)}
    for unit in service.units:
        for name, value in unit.env.items():
            if name not in old:
                dimension = Dimension.REDIS if "REDIS" in name else Dimension.ENVIRONMENT
                dimension = Dimension.TIMEZONE if name == "TZ" else dimension
                yield _make(dimension, f"env.{name}", show(name, value))
        for name in sorted(unit.secrets - old):
            yield _make(Dimension.ENVIRONMENT, f"secrets.keys.{name}", "")


def _list_new_directives(settings: Sequence[ComposeSetting], service: Service) -> Iterator[SettingFate]:
    old = _list_keys(settings, SettingKind.DIRECTIVE)
    for unit in service.units:
        for directive, dimension in _DIRECTIVES.items():
            if directive in unit.directives and directive not in old:
                yield _make(dimension, directive, " ".join(unit.directives[directive]))


def _list_other_new(settings: Sequence[ComposeSetting], service: Service) -> Iterator[SettingFate]:
    others = {unit for name in _list_keys(settings, SettingKind.DEPENDENCY) for unit in service.places.get(name) or ()}
    checked = bool(_list_keys(settings, SettingKind.HEALTHCHECK))
    for unit in service.units:
        wanted = (*unit.service.wants, *unit.service.requires, *unit.service.binds_to)
        for other in dict.fromkeys(wanted):
            if other not in others:
                yield _make(Dimension.DEPENDENCIES, f"order.{other}", other)
        for port in unit.service.ports:
            if port.health_path and not checked:
                yield _make(
                    Dimension.HEALTH, f"health.{port.name}", f"GET {port.address}:{port.port}{port.health_path}"
                )
