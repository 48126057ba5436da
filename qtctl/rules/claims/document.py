"""QT1101 to QT1106: what a hand-written document claims, and what the document itself or a host says instead."""

from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Meaning

_FIX = "Correct the line, or the one named with it. Better: let `qtctl report registry` write the numbers."
QT1101 = Meaning(
    "QT1101",
    "numbers of a document do not add up",
    Severity.ERROR,
    several="numbers of documents that do not add up",
    what="A total is not the sum of its rows or parts, a percentage does not match its numbers, or the counts by "
    "state add up to more or fewer than there are.",
    why="Whoever wrote it did not count, so nothing else in the document is proven either.",
    fix=_FIX,
)
QT1102 = Meaning(
    "QT1102",
    "a document's count differs from its list",
    Severity.ERROR,
    several="counts of documents that differ from their lists",
    what="A number introduces or repeats the length of a list or table, and no way of counting it gives that number: "
    "rows, items, names in them, different names, all lists of the section together.",
    why="Something is missing from the list, or in it twice, or never existed.",
    fix=_FIX,
)
QT1103 = Meaning(
    "QT1103",
    "a document gives one port to two owners",
    Severity.ERROR,
    several="ports that documents give to two owners",
    what="Two places of one document give the same port of the host to different services. Containers and units, and "
    "different months, are not compared.",
    why="One of them cannot listen there. Firewalls, dashboards and health checks follow such tables.",
    fix="`qtctl report registry` says what listens, with the command that shows it. Correct the other line.",
)
QT1104 = Meaning(
    "QT1104",
    "a document contradicts itself about a name or state",
    Severity.ERROR,
    several="contradictions of documents about names and states",
    what="A key is a hash here and a stream there, a name is missing from a list that is said to be complete, a unit "
    "has failed and ended with 0, or is not found though its file exists.",
    why="One of the two is wrong, and a reader believes whichever comes first.",
    fix=_FIX,
)
QT1105 = Meaning(
    "QT1105",
    "a document says all or none, and shows an exception",
    Severity.ERROR,
    several="sentences of documents about all or none with an exception",
    what="`All paths valid` beside exit status 203, `no unknown` beside a number of them, `localhost only` beside "
    "0.0.0.0, `none lost` beside a list of what was; or a check whose filter drops the line that it expects.",
    why="People act on such sentences.",
    fix=_FIX,
)
QT1106 = Meaning(
    "QT1106",
    "a document says about a host what neither registry nor evidence shows",
    Severity.ERROR,
    several="claims of documents that neither registry nor evidence shows",
    what="A count, a port and its unit, a state, a version, the length of a stream or a sentence about all of them is "
    "not what the registry declares or the evidence shows. What changes over time is compared only with evidence of "
    "the same day.",
    why="The document is out of date, or was never true.",
    fix="Correct the document; or, where it is right, the registry or the host: `qtctl audit` says which.",
)
RULES = (QT1101, QT1102, QT1103, QT1104, QT1105, QT1106)
