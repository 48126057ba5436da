"""A variable of a compose service, and its value in the units that the service went to.

Secret values are never shown.
"""

from qtctl.model.compose_settings import ComposeSetting, Dimension
from qtctl.model.secret import HIDDEN, Secret
from qtctl.parity.contracts import Contracts
from qtctl.parity.declared import Declared
from qtctl.parity.record import ServiceRules
from qtctl.parity.verdicts import Judged, show
from qtctl.rules.setting_fates import Fate


def judge_variable(setting: ComposeSetting, unit: Declared, rules: ServiceRules, contracts: Contracts) -> Judged:
    name, renamed = rules.rename(setting.key)
    by = (renamed,) if renamed else ()
    then = show(setting.key, setting.value)
    if name in unit.env:
        judged = _judge_value(setting, name, unit.env[name], rules)
        judged = Judged(judged.fate, judged.then, judged.now, judged.reason, (*by, *judged.rules))
        if renamed and judged.fate is Fate.KEPT:
            judged = Judged(Fate.CHANGED, judged.then, judged.now, f"renamed {name}", judged.rules)
        return _judge_contract(setting, name, unit, contracts, judged)
    if name in unit.secrets:
        if renamed:
            return Judged(Fate.CHANGED, then, name, f"renamed {name}, a secret", by)
        if setting.values:
            return Judged(Fate.KEPT, then, HIDDEN, "its name is declared; no value is compared")
        return Judged(Fate.CHANGED, then, HIDDEN, "kept by its name, as a secret now")
    if unit.further_files:
        files = ", ".join(unit.further_files)
        return Judged(Fate.UNKNOWN, then, "", f"may be in {files}, which the registry does not write", by)
    return Judged(Fate.LOST, then, "", f"renamed {name}, which nothing declares" if renamed else "", by)


def _judge_value(setting: ComposeSetting, name: str, now: str, rules: ServiceRules) -> Judged:
    then, shown = show(setting.key, setting.value), show(name, now)
    if setting.values:
        return Judged(Fate.DIFFERS, then, shown, "a secret then, a plain value of the registry now")
    text = setting.value.reveal() if isinstance(setting.value, Secret) else setting.value
    if text == now:
        return Judged(Fate.KEPT, then, shown)
    replaced = rules.replace(text)
    if replaced.rules and replaced.value == now:
        return Judged(Fate.CHANGED, then, shown, f"by {', '.join(replaced.rules)}", replaced.rules)
    return Judged(Fate.DIFFERS, then, shown, rules=replaced.rules)


def _judge_contract(setting: ComposeSetting, name: str, unit: Declared, contracts: Contracts, judged: Judged) -> Judged:
    """For Redis: the value leads to a declared store, or is the name of a declared key."""
    if setting.dimension is not Dimension.REDIS or judged.fate not in (Fate.KEPT, Fate.CHANGED):
        return judged
    wrong = contracts.find_fault(name, unit.env)
    return Judged(Fate.DIFFERS, judged.then, judged.now, wrong, judged.rules) if wrong else judged
