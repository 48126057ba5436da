"""QT804 to QT808: settings of a compose service that its unit does not have."""

from dataclasses import replace

from qtctl.findings.finding import Finding, Severity
from qtctl.findings.meaning import Meaning, Wording
from qtctl.model.compose_settings import Dimension
from qtctl.rules.compose_service import Service
from qtctl.rules.setting_fates import Fate, SettingFate

NOTHING = "nothing declares it"


def judge_setting(service: Service, found: SettingFate) -> Finding:
    """The finding for a setting that is lost or differs."""
    meaning = MEANINGS.get(found.dimension, QT806)
    remedy = f"declare it, or say in the legacy record why {found.item} of {service.name} may be gone or different"
    expected = found.then or found.item
    observed = found.now or NOTHING
    if found.reason:
        observed = f"{observed}: {found.reason}" if found.now else found.reason
    finding = service.make_broken(meaning, f"{service.subject} {found.item}", expected, observed, remedy)
    if found.fate is Fate.LOST:
        return finding
    wording = meaning.variants[0].title if meaning.variants else meaning.title
    severity = Severity.INFO if meaning in _MILD else finding.severity
    return replace(finding, title=wording, severity=severity)


QT804 = Meaning(
    "QT804",
    "env key lost",
    Severity.WARNING,
    what="A variable that the compose file gave a service is not among those that the registry declares for the unit "
    "it went to, or has another value that no rule of the legacy record explains.",
    why="A program that lacks a variable falls back to its own default, and nobody notices until it matters.",
    fix="Declare it in `env`, or its name in `secrets.keys`; or say in the legacy record that it was `renamed`, "
    "`replaced`, or why it is `accepted`.",
    several="env keys lost",
    variants=(Wording("env value differs", "env values differ"),),
)
QT805 = Meaning(
    "QT805",
    "command or entry point differs",
    Severity.WARNING,
    what="The command of a compose service is not the one that the registry declares for the unit it went to. The "
    "program's path and uvicorn's address are not compared here.",
    why="Another module or argument is another program, under the name of the old one.",
    fix="Correct `[run]`, or say in the legacy record why the command may differ.",
    several="commands or entry points differ",
)
QT806 = Meaning(
    "QT806",
    "healthcheck, restart policy or limit lost",
    Severity.WARNING,
    what="How a compose service was run is not declared for its unit: its healthcheck, restart policy, limits, user "
    "and privileges, log, or how it is stopped.",
    why="Without its limit a leak takes down the whole host, and without its healthcheck nobody learns that it hangs.",
    fix="Declare it (`limits`, `restart`, `user`, `sandbox`, `log`, `health` of a port), or say in the legacy record "
    "why it may be missing or different.",
    several="healthchecks, restart policies or limits lost",
    variants=(Wording("healthcheck, restart policy or limit differs", "limits, restart policies or checks differ"),),
)
QT807 = Meaning(
    "QT807",
    "volume without a path",
    Severity.WARNING,
    what="A volume of a compose service is at no path that the registry declares for its unit: neither below its code, "
    "its virtual environment or its folders, nor below a declared folder or mount.",
    why="What it held stays behind with Docker, or the service writes where nobody looks.",
    fix="Declare the folder in folders.toml, say in `replaced` what the container's path is now, or why the volume is "
    "`accepted` as gone.",
    several="volumes without a path",
)
QT808 = Meaning(
    "QT808",
    "dependency lost",
    Severity.WARNING,
    what="A compose service depended on another, and its unit neither starts after the other's unit nor starts it.",
    why="It comes up before what it needs, and fails at the next boot if not today.",
    fix="Name it in `order.after` and `order.wants`, or say in the legacy record why it is no longer needed.",
    several="dependencies lost",
    variants=(Wording("dependency weaker than it was", "dependencies weaker than they were"),),
)
_MILD = (QT806, QT808)
MEANINGS = {
    Dimension.ENVIRONMENT: QT804,
    Dimension.REDIS: QT804,
    Dimension.TIMEZONE: QT804,
    Dimension.COMMAND: QT805,
    Dimension.VOLUMES: QT807,
    Dimension.DEPENDENCIES: QT808,
}
"""Dimensions that are not listed: QT806."""
RULES = (QT804, QT805, QT806, QT807, QT808)
