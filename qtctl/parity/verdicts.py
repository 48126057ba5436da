"""How a setting compares with one unit, and the best of several units."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from qtctl.dialects.secrets import find_secret_spans, is_harmless, is_secret_name
from qtctl.model.compose_settings import ComposeSetting, SettingKind
from qtctl.model.secret import HIDDEN, Secret
from qtctl.parity.record import ServiceRules
from qtctl.rules.setting_fates import BROKEN, Fate, SettingFate

_ORDER = (
    Fate.KEPT, Fate.CHANGED, Fate.NOT_APPLICABLE, Fate.UNKNOWN, Fate.DIFFERS, Fate.LOST, Fate.NEW,
)  # fmt: skip

_ACCEPTABLE = BROKEN | {Fate.UNKNOWN, Fate.NOT_APPLICABLE}
"""What a record may accept."""


@dataclass(frozen=True, slots=True)
class Judged:
    """According to what the registry declares. `rules`: those of the legacy record that were used."""

    fate: Fate
    then: str
    now: str = ""
    reason: str = ""
    rules: tuple[str, ...] = ()


def write_then(setting: ComposeSetting) -> str:
    """What the compose file says, if there is nothing to compare it with."""
    if setting.kind is SettingKind.VARIABLE:
        return show(setting.key, setting.value)
    if setting.kind is SettingKind.VOLUME:
        return str(setting.value)
    if setting.kind is SettingKind.DIRECTIVE:
        return f"{setting.key}={' '.join(setting.values)}"
    if setting.kind is SettingKind.DEPENDENCY:
        return f"{', '.join(setting.values)} {setting.key}"
    return " ".join(setting.values) or setting.item


def show(name: str, value: str | Secret) -> str:
    """The value of a variable, unless it may not be shown."""
    return HIDDEN if isinstance(value, Secret) else _show(name, value)


@lru_cache(maxsize=4096)
def _show(name: str, value: str) -> str:
    return HIDDEN if find_secret_spans(value) or (is_secret_name(name) and not is_harmless(value)) else value


def choose(judged: Iterable[Judged]) -> Judged:
    """If a service went to several units, one that has the setting is enough."""
    return min(judged, key=lambda each: _ORDER.index(each.fate))


def settle(setting: ComposeSetting, judged: Judged, rules: ServiceRules) -> SettingFate:
    """Takes into account what the record accepts. The evidence of the host comes later."""
    found = SettingFate(
        setting.dimension,
        setting.item,
        setting.line,
        judged.then,
        judged.now,
        judged.fate,
        judged.fate,
        judged.reason,
        judged.rules,
        on_paper=judged.fate is Fate.NOT_APPLICABLE,
    )
    if judged.fate not in _ACCEPTABLE:
        return found
    accepted = rules.accept(setting.items)
    if accepted is None:
        return found
    return replace(
        found,
        declared=Fate.CHANGED,
        fate=Fate.CHANGED,
        reason=f"accepted: {accepted.reason}",
        rules=(*judged.rules, accepted.rule),
        on_paper=True,
    )
