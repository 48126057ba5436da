"""Words of a document: numbers with what they count, names, states. None of them belongs to a particular fleet."""

import re
from dataclasses import dataclass
from functools import lru_cache

from qtctl.claims.vocabulary import split_words

NUMBER = re.compile(
    r"(?<![\w.,:/$€£#=<>*+-])(?P<about>[~≈]\s?)?(?P<number>\d{1,3}(?:,\d{3})+|\d{1,9})(?P<least>\+)?(?![\w.,:/%-]*[\w%])"
)
WORD = re.compile(r"[A-Za-z][\w.*/'-]*")
_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12,
}  # fmt: skip
_SPELLED = re.compile(rf"(?<![\w-])(?:{'|'.join(_WORDS)})(?![\w-])", re.IGNORECASE)
STOPS = split_words(
    "in with of on at and or to for is are was were the that which from by per as has have not a an be been "
    "but than vs this these those each every after before since ago into over under across plus minus via "
    "without"
)
_NOT_PLURAL = split_words(
    "redis status chaos kubernetes postgres analysis access process class address news always across this is was "
    "has its us dns tls https os ops devops aws gcs nfs zfs prometheus nginx bus gas less plus does sms ms rs "
    "js css gps vps cms ids uses runs needs takes gives exists contains includes lists matches remains "
    "requires serves sees says shows themselves ourselves"
) - {"ids"}
YEARS = range(1900, 2101)
MEASURES = split_words(
    "hour day minute second week month year min sec hr gb mb kb tb gib mib kib byte core cpu vcpu percent "
    "time point usd eur dollar update tick symbol candle entry epoch request millisecond cycle retry attempt failure "
    "loc line word character token page mese dia hora semana ano stunde tag woche monat"
)
"""Things that are measured or change, rather than being listed."""
NEUTRAL = split_words(
    "total active running enabled declared verified current currently live all known existing distinct unique "
    "overall in items item listed found defined documented entries"
)
"""Qualifiers that do not select among the things that are counted."""
UP = split_words("running active up healthy online ok operational mapped ready started passed")
DOWN = {
    "stopped": "stopped", "inactive": "stopped", "down": "stopped", "dead": "stopped", "exited": "stopped",
    "failed": "failed", "unhealthy": "unhealthy", "degraded": "degraded", "orphaned": "orphaned",
    "unknown": "unknown", "missing": "missing", "disabled": "disabled", "masked": "masked", "pending": "pending",
    "offline": "offline", "activating": "activating", "restarting": "restarting", "crashed": "crashed",
    "skipped": "skipped", "error": "error", "errored": "error", "warning": "warning",
}  # fmt: skip
"""States that are not up; two with the same value overlap."""
GENERIC = split_words("unit service module container component classification item entry system job app application")
"""What a state may apply to without being named."""
_SEPARATOR = re.compile(r"\s+[-\u2013\u2014]+>?\s+|\s*[→⟶⇒=(|]\s*|:(?:\s+|$)|\s+-+>\s*")
_TOKEN = re.compile(r"[A-Za-z0-9][\w@*]*(?:[-:._/][\w@*]+)+")
"""A name that people do not write in prose: `web-1`, `orders:paid`, `a.service`."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number with what it counts: "19 new services". `nouns` in the singular, empty if none is named.

    `least`: "24+"; `about`: "~29". `tail`: the words after the noun, or after the number itself.
    """

    value: int
    nouns: frozenset[str]
    qualifiers: frozenset[str]
    start: int
    end: int
    least: bool = False
    about: bool = False
    tail: tuple[str, ...] = ()

    def agrees(self, number: int) -> bool:
        return number >= self.value if self.least else number == self.value

    @property
    def measured(self) -> bool:
        return bool(self.nouns & MEASURES)

    def __str__(self) -> str:
        return f"{self.value}{'+' if self.least else ''}"


_BEFORE = split_words(
    "port line code pid phase version step fix level chapter section page number rfc python ubuntu debian uid "
    "gid http year release exit error jan feb mar apr may jun jul aug sep sept oct nov dec january february "
    "march april june july august september october november december systemd kernel node issue pr id v no "
    "top first last layer chunk gate week stage wave day tier sprint batch part group round iteration milestone epic "
    "task option rule case table figure appendix question session lesson ticket attempt revision rev priority p tab "
    "item scenario example decision requirement"
)
"""Words after which a number is a name, not a count."""


@lru_cache(maxsize=4096)
def find_counts(text: str) -> tuple[Count, ...]:
    """Every number in a line that counts something, from left to right."""
    found = []
    for each in sorted((*NUMBER.finditer(text), *_SPELLED.finditer(text)), key=lambda each: each.start()):
        before = text[: each.start()].rstrip()
        last = before[-1:] or " "
        word = re.search(r"([A-Za-z]+)\W?$", before[-24:])
        if last in "<>≤≥$€£#→=" or (word and word[1].lower() in _BEFORE):
            continue
        groups = each.groupdict()
        value = int(groups["number"].replace(",", "")) if groups else _WORDS[each[0].lower()]
        count = _count(text, each.start(), each.end(), value, groups)
        if count.nouns or value not in YEARS:
            found.append(count)
    return tuple(found)


def _count(text: str, start: int, end: int, value: int, groups: dict[str, str | None]) -> Count:
    words: list[str] = []
    at = end
    while len(words) < 7 and (found := WORD.match(text, at + (text[at : at + 1] == " "))):  # noqa: PLR2004 - a phrase
        words.append(found[0])
        at = found.end()
    nouns: frozenset[str] = frozenset()
    used = 0
    for number, word in enumerate(words[:5]):
        if word.lower() in STOPS:
            break
        if parts := find_singulars(word):
            nouns, used = parts, number + 1
            break
    qualifiers = frozenset(each.lower() for each in words[: max(0, used - 1)])
    tail = tuple(each.lower() for each in words[used:])
    about = bool(groups.get("about")) or bool(
        re.search(r"\b(?:about|around|approx\w*|roughly|nearly|up to|over)\W*$", text[:start])
    )
    return Count(value, nouns, qualifiers, start, at, bool(groups.get("least")), about, tail)


def find_singulars(word: str) -> frozenset[str]:
    """The singulars of a plural word, or of several: "streams/keys"; none if it is not plural."""
    parts = word.strip(".'-").split("/")
    found = {make_singular(each) for each in parts if is_plural(each)}
    return frozenset(found) if found and len(found) == len(set(parts)) else frozenset()


def is_plural(word: str) -> bool:
    low = word.lower()
    if len(low) < 4 or not low.endswith("s") or low.endswith(("ss", "us", "is")):  # noqa: PLR2004 - "bus", "dns"
        return False
    return low not in _NOT_PLURAL and low.replace("-", "").replace("_", "").isalpha()


def make_singular(word: str) -> str:
    low = word.lower()
    if low.endswith("ies") and len(low) > 4:  # noqa: PLR2004 - "ties"
        return low[:-3] + "y"
    if low.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return low[:-2]
    return low[:-1] if is_plural(low) else low


def list_words(text: str) -> tuple[str, ...]:
    """Lower-case words in their singular."""
    return tuple(make_singular(part) for each in WORD.findall(text) for part in each.split("/") if part)


def list_nouns(text: str) -> frozenset[str]:
    return frozenset(each for word in WORD.findall(text) for each in find_singulars(word))


def name_of(text: str) -> str:
    """The part before the first separator: the thing that an item or cell is about."""
    bare = text.strip().lstrip("[`'\"").rstrip("]")
    found = _TOKEN.match(bare)
    if found and not bare[found.end() : found.end() + 1].isalnum():
        return found[0]
    return _SEPARATOR.split(bare, maxsplit=1)[0].strip(" `'\".,[]")


def drop_parentheses(text: str) -> str:
    kept, depth = [], 0
    for char in text:
        depth += (char in "([") - (char in ")]" and depth > 0)
        if not depth and char not in ")]":
            kept.append(char)
    return "".join(kept)


def split_names(text: str) -> tuple[str, ...]:
    """The names of a list in one line, separated by commas outside parentheses."""
    parts = re.split(r"\s*(?:(?<!\d),|,(?!\d{3}\b)|;)\s*|\s+(?:and|&)\s+", drop_parentheses(text))
    return tuple(each for part in parts if (each := name_of(part)) and each.lower() not in ("etc", "…", "..."))


def normalise_name(text: str) -> str:
    """A name in the form that is compared: `quantum-x.service` and `quantum_x` are the same."""
    low = text.strip().lower()
    for suffix in (".service", ".timer", ".target", ".socket"):
        low = low.removesuffix(suffix)
    return low.replace("_", "-")
