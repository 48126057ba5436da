"""QT1201 to QT1209: what a rehearsal on a throwaway host shows about a deploy and the failures after it."""

from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Meaning
from qtctl.model.rehearsal import StepKind

_WHY_BACK = "Sooner or later it happens in production, and by then it is too late to rehearse it."
QT1201 = Meaning(
    "QT1201",
    "not modelled on the throwaway host",
    Severity.WARNING,
    several="parts of the real host that are not modelled",
    what="The throwaway host of a rehearsal lacks something that the real host has, or has it differently: the "
    "evidence does not show it, or no rehearsal can reproduce it (programs, values of secrets, the kernel).",
    why="Whatever depends on it was not tried. A rehearsal says so, and counts none of it as passed.",
    fix="Where evidence is missing, take it again with this registry: `qtctl audit --host HOST --save FILE`. The rest "
    "can only be seen on the host itself.",
)
QT1202 = Meaning(
    "QT1202",
    "what the host has now cannot be deployed again",
    Severity.WARNING,
    what="A rehearsal first deploys to the throwaway host what the evidence shows on the real one. That deploy was "
    "refused, or failed.",
    why="The real host could not be set up again from its evidence, and what the deploy would do to it was not tried.",
    fix="See the reason in the report. Take new evidence, and commit the registry before each deploy.",
)
QT1203 = Meaning(
    "QT1203",
    "deploy would be refused, or fail",
    Severity.ERROR,
    what="The registry was deployed to a throwaway host that is modelled on the real one, and the deploy was refused, "
    "rolled back, or failed.",
    why="The same deploy would most likely end the same way in production.",
    fix="The report shows what was in the way and which steps failed. Fix that, then rehearse again.",
)
QT1204 = Meaning(
    "QT1204",
    "not as declared after the deploy",
    Severity.ERROR,
    what="An audit of the throwaway host after the deploy has findings at or above the gate.",
    why="An audit of the real host would have them too.",
    fix="The report lists the findings; `qtctl explain ID` says what each means.",
)
QT1205 = Meaning(
    "QT1205",
    "service does not come back after it is killed",
    Severity.ERROR,
    several="services that do not come back after they are killed",
    what="All processes of a service were killed with SIGKILL, and it was not running again as declared in time, or "
    "other units went down with it and stayed down.",
    why="The kernel kills a process that runs out of memory in just this way.",
    fix="Declare `restart` so that systemd starts it again; see `requires` and `binds_to` of the units that went down.",
)
QT1206 = Meaning(
    "QT1206",
    "fleet does not come back after Redis restarts",
    Severity.ERROR,
    what="A Redis server of the fleet was restarted, and not everything was as declared again in time.",
    why=_WHY_BACK,
    fix="See the findings in the report: services that exited when they lost the connection need `restart`; groups "
    "that are gone mean that Redis kept nothing on disk.",
)
QT1207 = Meaning(
    "QT1207",
    "fleet does not come back after a reboot",
    Severity.ERROR,
    what="The host was rebooted, and not everything was as declared again in time.",
    why=_WHY_BACK,
    fix="See the findings in the report: what is not enabled does not start at boot, and what starts too early fails.",
)
QT1208 = Meaning(
    "QT1208",
    "fleet does not come back after the disk was full",
    Severity.ERROR,
    what="The disk of the host was full for a while, then had room again, and not everything was as declared in time.",
    why=_WHY_BACK,
    fix="See the findings in the report. A service that exits when it cannot write needs `restart`.",
)
QT1209 = Meaning(
    "QT1209",
    "rollback does not restore what was there",
    Severity.ERROR,
    what="After the deploy and the failures, the throwaway host was rolled back to the previous generation, and the "
    "rollback was refused, or failed.",
    why="A deploy that cannot be undone is not a safe one.",
    fix="The report shows what was in the way. `qtctl rollback` on the real host would run into the same problem.",
)
RULES = (QT1201, QT1202, QT1203, QT1204, QT1205, QT1206, QT1207, QT1208, QT1209)
OF_STEP = {
    StepKind.BEFORE: QT1202,
    StepKind.DEPLOY: QT1203,
    StepKind.AUDIT: QT1204,
    StepKind.KILL: QT1205,
    StepKind.REDIS: QT1206,
    StepKind.REBOOT: QT1207,
    StepKind.DISK_FULL: QT1208,
    StepKind.ROLLBACK: QT1209,
}
"""Step → the finding if it fails."""
