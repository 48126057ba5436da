"""QT117: a waiver that no longer does what it was meant to. lint/waivers.py finds it, because it sees all findings."""

from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Meaning

QT117 = Meaning(
    "QT117",
    "waiver that is expired or matches nothing",
    Severity.WARNING,
    what="A waiver in policy.toml is past its `expires`, so that what it covers counts again. Or it matches nothing: "
    "no finding of lint has its id and subject, and no unit, port, file or key that is declared for any host could "
    "have such a finding. Whether it matches is not judged where subjects are known only on a host (QT202, QT203, "
    "QT710), nor for compose files (QT8xx).",
    why="A waiver is a temporary decision. One that has run out turns the next audit red without a change on any "
    "host, and one with a misspelt subject accepts nothing, while its owner believes that it works.",
    fix="Fix what it covers and remove the waiver, or decide again and give it a later `expires`. Copy the id and the "
    "subject from the audit: the subject may be a glob (`quantum-ai-*`).",
    several="waivers are expired or match nothing",
    untidy=True,
)
RULES = (QT117,)
