"""QT1301: committed files that differ from what the registry gives."""

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint
from qtctl.findings.meaning import Meaning, Wording

MISSING = Wording("generated file is not committed", "generated files are not committed")
LEFT = Wording("committed file that is no longer declared", "committed files that are no longer declared")

QT1301 = Meaning(
    "QT1301",
    "committed file is not what the registry gives",
    Severity.ERROR,
    several="committed files are not what the registry gives",
    variants=(MISSING, LEFT),
    what="`rendered` in `[gate]` of policy.toml names a folder in which the generated files of each host are "
    "committed. A file there is not, byte for byte, what `qtctl render` writes; or it is missing, or not added to "
    "git; or it carries qtctl's mark and it is no longer declared.",
    why="Whoever reviews the committed files sees something other than what a deploy would write.",
    fix="`qtctl render --as HOST --out FOLDER/HOST`, then commit the folder.",
)
RULES = (QT1301,)


def judge_file(host: str, path: str, what: str, remedy: str, wording: Wording | None = None) -> Finding:
    """`path`: relative to the working directory. `what`: what is wrong with the file; "" if nothing is."""
    return Finding(
        id=QT1301.id,
        outcome=Outcome.BROKEN if what else Outcome.HOLDS,
        severity=QT1301.severity,
        title=wording.title if wording else QT1301.title,
        subject=path,
        host=host,
        place=Place(path, 1),
        what=what,
        remedy=remedy if what else "",
        fingerprint=make_fingerprint(QT1301.id, host, path),
    )
