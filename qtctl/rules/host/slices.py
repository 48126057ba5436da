"""QT230: a slice above services of the fleet limits them."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.slices import is_a_limit, map_foreign_slices
from qtctl.meaning.units import read_unit
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.inquiry import SLICE_LIMITS
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

_NAMES = tuple(name for _, name in SLICE_LIMITS)


def _expect_no_limits(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(name, {"limits": {}}, (Need(Unit.FACT, name),), partial(_is_unlimited, name=name, units=units))
        for name, units in map_foreign_slices(desired).items()
    )


def _is_unlimited(facts: Facts, name: str, units: tuple[str, ...]) -> Judgment:
    found = read_unit(facts, name)
    if found is None or found.loaded is None:
        return NOT_JUDGED
    limits: JsonObject = {key: found.loaded[key] for key in _NAMES if is_a_limit(found.loaded.get(key))}
    frozen = found.freezer_state not in ("", "running")
    need = Need(Unit.FACT, name)
    sources = tuple(_prove_limit(need, name, key) for key in limits)
    if frozen:
        sources = (*sources, proofs.prove_unit_property(need, name, "FreezerState", found.freezer_state))
        limits = {**limits, "freezer": found.freezer_state}
    if not limits:
        return Verdict(True, {"limits": {}}, (proofs.prove_unit_property(need, name, "LoadState", found.load_state),))
    thaw = (("systemctl", "thaw", "--", name),) if frozen else ()
    unset = any(key != "freezer" for key in limits)
    remedy = make_steps(
        ("systemctl", "cat", "--no-pager", "--", name),
        "it shows which file sets it. Where the limit is right, declare the slice in slices.toml; where it is not:",
        *((("systemctl", "revert", "--", name), ("systemctl", "daemon-reload")) if unset else ()),
        *thaw,
    )
    return Verdict(False, {"limits": limits, "services": [*units[:5]]}, sources, remedy=remedy)


def _prove_limit(need: Need, name: str, key: str) -> ProofSource:
    """Whatever systemctl prints for it differs from what it prints for no limit."""
    show = f"systemctl show -p {key} --value -- {name}"
    return ProofSource(need, f"{show} | grep -qxE '(infinity)?' && echo no limit || echo limit", "limit")


QT230 = Rule(
    "QT230",
    "slice above services that limits them",
    Severity.WARNING,
    several="slices above services limit them",
    what="A slice that services of the fleet run in, or one above it (system.slice, -.slice), limits memory, swap, "
    "tasks, CPU time, CPUs or addresses, or is frozen, and the registry does not declare the slice. A slice that it "
    "declares is compared like any other unit (QT210, QT220).",
    why="All services in a slice share what the slice has. Each of them has the limits that are declared for it, and "
    "together they are throttled, killed for memory or cannot start a thread, although no unit file says so.",
    fix="`systemctl show SLICE` and `systemctl cat SLICE` show the limit and where it comes from. `systemctl revert "
    "SLICE` removes what was set by hand. An intended limit belongs in slices.toml.",
    expect=_expect_no_limits,
)
RULES = (QT230,)
