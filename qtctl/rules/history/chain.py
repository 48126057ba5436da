"""QT1001 and QT1002: snapshots that were not taken, and chains of snapshots that were changed later."""

from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Meaning, Wording

NOT_READ = Wording("damaged snapshot", "damaged snapshots")
MISSING = Wording("snapshot missing from its chain", "snapshots missing from their chains")
FORKED = Wording("snapshot that does not follow the one before", "snapshots that do not follow the one before")
UNSIGNED = Wording("signature of a snapshot is not good", "signatures of snapshots are not good")
INDEX = Wording("index is not of its snapshots", "indexes are not of their snapshots")

QT1001 = Meaning(
    "QT1001",
    "no snapshot in a month",
    Severity.WARNING,
    several="months without a snapshot",
    what="A calendar month between the first snapshot of a host and now has none, or the newest one is more than 35 "
    "days old.",
    why="What the host had in that month can no longer be shown, and a timer that stopped is noticed only when the "
    "history is needed.",
    fix="`qtctl snapshot take` now, and see why the timer did not: `systemctl list-timers 'qtctl-snapshot*'` and the "
    "journal of its service, where it was scheduled. `qtctl snapshot schedule` declares it.",
)
QT1002 = Meaning(
    "QT1002",
    "snapshot chain is damaged",
    Severity.ERROR,
    several="damages of snapshot chains",
    variants=(NOT_READ, MISSING, FORKED, UNSIGNED, INDEX),
    what="Each snapshot has a number, the digest of its own content, and the digest of the one before. A snapshot's "
    "content does not match its digest, it is missing, does not follow the one before, or has a missing or bad "
    "signature; or the index does not list the snapshots that exist.",
    why="A history that could have been changed proves nothing.",
    fix="Restore the file from where the store is copied to (git, a backup). If someone removed snapshots on purpose, "
    "or an interrupted take left the index out of date, `qtctl snapshot verify --rebuild-index` lists the snapshots "
    "as they are now.",
)
RULES = (QT1001, QT1002)
