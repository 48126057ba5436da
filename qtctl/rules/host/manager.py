"""QT232, QT235, QT723: what is set for all services at once, and what replaces the program of a package's unit."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.dialects.systemd.program_folders import FOLDERS
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.manager_settings import list_last_assignments
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.setting_facts import ManagerSettings, UnitOverrides
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

ENVIRONMENT = Need(ManagerSettings.FACT, "environment")
SYSTEM, JOURNAL = Need(ManagerSettings.FACT, "system"), Need(ManagerSettings.FACT, "journald")
_FOR_SERVICES = frozenset(
    (
        *("CPUAffinity", "NUMAPolicy", "NUMAMask", "CapabilityBoundingSet", "NoNewPrivileges", "ProtectSystem"),
        *("SystemCallArchitectures", "TimerSlackNSec", "ManagerEnvironment"),
    )
)
"""In addition to what begins with Default: settings that systemd passes on to the services it starts."""
_FOLDERS_OF_PROGRAMS = frozenset((*FOLDERS, "/snap/bin"))
_USUAL = {
    "DefaultTimerAccuracySec": ("1min", "60s", "60"),
    "DefaultStandardOutput": ("journal",),
    "DefaultStandardError": ("inherit",),
    "DefaultTimeoutStartSec": ("90s", "90", "1min 30s"),
    "DefaultTimeoutStopSec": ("90s", "90", "1min 30s"),
    "DefaultTimeoutAbortSec": ("90s", "90", ""),
    "DefaultDeviceTimeoutSec": ("90s", "90", "1min 30s"),
    "DefaultRestartSec": ("100ms",),
    "DefaultStartLimitIntervalSec": ("10s", "10"),
    "DefaultStartLimitBurst": ("5",),
    "DefaultCPUAccounting": ("yes", "no"),
    "DefaultIOAccounting": ("yes", "no"),
    "DefaultIPAccounting": ("yes", "no"),
    "DefaultBlockIOAccounting": ("yes", "no"),
    "DefaultMemoryAccounting": ("yes",),
    "DefaultTasksAccounting": ("yes",),
    "DefaultTasksMax": ("15%",),
    "DefaultOOMPolicy": ("stop",),
    "DefaultLimitNOFILE": ("1024:524288",),
    "DefaultMemoryPressureWatch": ("auto",),
    "DefaultMemoryPressureThresholdSec": ("200ms",),
    "DefaultSmackProcessLabel": ("",),
}
"""systemd's defaults: writing them down changes nothing. What only counts (CPU, IO) limits nothing."""
_TOO_FEW = ("emerg", "alert", "crit", "err", "0", "1", "2", "3")


def _expect_usual_settings(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host has a systemd
    return (
        Expectation("system.conf", {"set": {}}, (SYSTEM,), _is_usual),
        Expectation("environment", {"set": []}, (ENVIRONMENT,), _is_bare, roots=(("QT232", "system.conf"),)),
    )


def _is_bare(facts: Facts) -> Judgment:
    """What systemd gives to services by itself: a PATH of the system's folders, and the locale."""
    found = facts.read(ManagerSettings, ENVIRONMENT.subject)
    if found is None:
        return NOT_JUDGED
    odd = sorted(name for _, name, value in found.rows if not _is_of_boot(name, value))
    sources = tuple(
        ProofSource(ENVIRONMENT, f"systemctl show-environment | grep -o '^{name}='", f"{name}=") for name in odd[:5]
    )
    unset = ("systemctl", "unset-environment", *odd[:20])
    remedy = make_steps(
        unset,
        "remove it where a boot sets it again, if one does (`systemd.setenv=` on the kernel's command line, an "
        "environment generator), and restart what was started since; what a service needs belongs in its own table",
    )
    return Verdict(not odd, {"set": [*odd]}, sources, remedy=remedy)


def _is_of_boot(name: str, value: str) -> bool:
    if name == "PATH":
        return set(value.split(":")) <= _FOLDERS_OF_PROGRAMS
    return name in ("LANG", "LANGUAGE") or name.startswith("LC_")


def _is_usual(facts: Facts) -> Judgment:
    found = facts.read(ManagerSettings, SYSTEM.subject)
    if found is None:
        return NOT_JUDGED
    odd = {
        key: (path, value) for key, path, value in list_last_assignments(found.rows) if _changes_services(key, value)
    }
    remedy = make_steps(
        ("systemd-analyze", "cat-config", "systemd/system.conf"),
        "put what a service needs into its own table in the registry, remove it there, then",
        ("systemctl", "daemon-reexec"),
    )
    return _judge(SYSTEM, found, odd, remedy)


def _changes_services(key: str, value: str) -> bool:
    if not (key.startswith("Default") or key in _FOR_SERVICES) or not value:
        return False
    return value not in _USUAL.get(key, ())


def _judge(need: Need, found: ManagerSettings, odd: dict[str, tuple[str, str]], remedy: Remedy) -> Judgment:
    if odd:
        observed: JsonObject = {key: value for key, (_, value) in sorted(odd.items())}
        sources = tuple(
            ProofSource(need, f"grep -c '^[[:space:]]*{key}[[:space:]]*=' {quote(path)} | sed 's/[1-9].*/set/'", "set")
            for key, (path, _) in sorted(odd.items())[:5]
        )
        return Verdict(False, {"set": observed, "in": [*sorted({path for path, _ in odd.values()})]}, sources,
                       remedy=remedy)  # fmt: skip
    if found.unread:
        why = f"{found.unread[0]} cannot be read by the auditing account"
        again = ("chmod", "a+rX", "--", found.unread[0])
        return Verdict(False, None, unknown=why, remedy=make_steps("as root on the host:", again, "then audit again"))
    return Verdict(True, {"set": {}})


def _expect_logging(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host has a journal
    return (Expectation("journald.conf", {"drops": {}}, (JOURNAL,), _is_logged),)


def _is_logged(facts: Facts) -> Judgment:
    found = facts.read(ManagerSettings, JOURNAL.subject)
    if found is None:
        return NOT_JUDGED
    odd = {
        key: (path, value) for key, path, value in list_last_assignments(found.rows) if _drops_lines(key, value.lower())
    }
    remedy = make_steps(
        ("systemd-analyze", "cat-config", "systemd/journald.conf"),
        "remove it there, then",
        ("systemctl", "restart", "systemd-journald.service"),
    )
    return _judge(JOURNAL, found, odd, remedy)


def _drops_lines(key: str, value: str) -> bool:
    if key == "Storage":
        return value == "none"
    return key == "MaxLevelStore" and value in _TOO_FEW


def _expect_packaged_settings(desired: Desired) -> tuple[Expectation, ...]:
    declared = frozenset(file.path for file in desired.files)
    return tuple(
        Expectation(
            unit.unit,
            {"program": "its package's"},
            (Need(UnitOverrides.FACT, unit.unit),),
            partial(_is_packaged, unit=unit.unit, declared=declared),
            unit.origin,
            (("QT211", unit.unit),),
        )
        for unit in desired.externals
        if unit.unit.endswith(".service")
    )


def _is_packaged(facts: Facts, unit: str, declared: frozenset[str]) -> Judgment:
    found = facts.read(UnitOverrides, unit)
    if found is None:
        return NOT_JUDGED
    need = Need(UnitOverrides.FACT, unit)
    files = [path for path in found.files if path not in declared]
    sources = tuple(
        ProofSource(need, f"grep -q '^[[:space:]]*ExecStart[[:space:]]*=' {quote(path)} && echo ExecStart", "ExecStart")
        for path in files[:3]
    )
    remedy = make_steps(
        ("systemctl", "cat", "--no-pager", "--", unit),
        "if that is intended, declare a service for it instead of the external; if not:",
        *(("rm", "--", path) for path in files[:5]),
        ("systemctl", "daemon-reload"),
        ("systemctl", "restart", "--", unit),
    )
    return Verdict(not files, {"program set in": [*files[:5]]}, sources, remedy=remedy)


QT232 = Rule(
    "QT232",
    "defaults of systemd were changed",
    Severity.WARNING,
    what="system.conf, or a file beside it (/etc, /run and /usr/local/lib, system.conf.d too), sets what systemd "
    "applies to every service that does not set its own: Default… (tasks, limits, timeouts, accounting, environment), "
    "CPU affinity, capabilities. A value that is systemd's own default does not count, nor does what a package put in "
    "/usr/lib. Also: the running systemd gives every service a variable besides the locale (`systemctl "
    "set-environment`), or another PATH.",
    why="No unit file says so, and each check of the units holds: a stop that had 90 seconds is killed after one, a "
    "service's memory limit limits nothing, its thirtieth thread fails, its libraries come from another folder.",
    fix="`systemd-analyze cat-config systemd/system.conf` shows all files. Put what a service needs into its own "
    "table in the registry, remove it from those files, and run `systemctl daemon-reexec`. Waive what is intended.",
    expect=_expect_usual_settings,
)
QT235 = Rule(
    "QT235",
    "program of an external replaced",
    Severity.WARNING,
    several="programs of externals replaced",
    what="A file outside of /usr/lib gives an external's unit another program or other arguments: a drop-in with "
    "ExecStart=, or a unit file in place of the package's with other ExecStart= lines. Limits and other settings of "
    "an external are its operator's business. A unit that no package installed is not compared.",
    why="The unit has the right name, is active and listens, and what runs there is something else: a Redis with "
    "another configuration, a build from someone's home, a wrapper that was meant for one night.",
    fix="`systemctl cat UNIT` shows the files in order. Remove the drop-in, or the file that `systemctl edit --full` "
    "made (`systemctl revert UNIT`), then `systemctl daemon-reload` and restart it.",
    expect=_expect_packaged_settings,
)
QT723 = Rule(
    "QT723",
    "journal does not keep what services write",
    Severity.WARNING,
    what="journald.conf, or a file beside it, has Storage=none, or a MaxLevelStore= of err or above: journald runs and "
    "keeps nothing of what services write, or only their errors.",
    why="Everything looks fine until something goes wrong; then `journalctl -u UNIT` is empty, and nobody can say "
    "what a service did with an order. Errors alone do not show what led to them.",
    fix="`systemd-analyze cat-config systemd/journald.conf` shows the files. Remove the setting, then `systemctl "
    "restart systemd-journald.service`.",
    expect=_expect_logging,
)
RULES = (QT232, QT235, QT723)
