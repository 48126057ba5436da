"""What a document says about a host, compared with the registry and the evidence."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qtctl.claims.counts import count_of_title
from qtctl.claims.day import find_day_at, find_document_day
from qtctl.claims.facets import find_facets
from qtctl.claims.numbers import list_head_words, read_number
from qtctl.claims.ports import PortSaid, find_port_columns
from qtctl.claims.vocabulary import DASHES, split_words
from qtctl.claims.wording import DOWN, NEUTRAL, UP, Count, find_counts, list_nouns, list_words, name_of, normalise_name
from qtctl.dialects.document.types import Block, Document, Line, Listing, Table
from qtctl.dialects.systemd.unit_name import is_valid
from qtctl.model.claims import Claim, ClaimKind, Ground, Judged, Known, KnownUnit, Verdict

_KINDS = {
    "service": "service", "module": "service", "unit": "unit", "timer": "timer", "target": "target", "venv": "venv",
    "virtualenv": "venv", "stream": "stream", "port": "port",
}  # fmt: skip
_ALLOWED = NEUTRAL | split_words("systemd python redis native listening linux the") | UP
_LENGTH = re.compile(
    r"(?P<name>[A-Za-z][\w-]*(?::[\w.-]+)+)\W{1,6}(?P<number>\d{1,3}(?:,\d{3})+|\d{1,12})\s+(?:entries|messages)\b"
)
_VERSION = re.compile(
    r"^\W{0,3}(?P<label>[A-Za-z][A-Za-z ]{1,30}?)(?:\s+version)?\W{0,3}:\W{0,4}v?"
    r"(?P<version>\d[\w.~+-]*|[A-Z][a-z]+ \d+\.\d+[\w .]*)"
)
_VENVS = re.compile(
    r"\b(?:all|every)\b[^.|]{0,30}\bvenvs?\b[^.|]{0,40}\b(?:valid|work|exist|verified|validated|ok)", re.IGNORECASE
)
_RUNNING = re.compile(
    r"\b(?:all|every)\s+(?:systemd\s+)?(?:services?|modules?)\s+(?:are\s+)?(?:running|active|up|operational)\b",
    re.IGNORECASE,
)
_OWN_VENV = re.compile(
    r"\b(?:dedicated|own|separate)\s+(?:v(?:irtual )?env(?:ironment)?s?)\s+(?:per|for (?:each|every)|each)\b"
    r"|\beach service has (?:a )?dedicated venv\b",
    re.IGNORECASE,
)
_STATUS_HEADS = split_words("status state active")
_STATED = re.compile(r"^\W{0,3}(?P<name>[A-Za-z][\w@-]*(?:[.-][\w@-]+)+)\s*[:=]\s*(?P<state>[A-Za-z-]+)")
UNASKED = "only registry or evidence can tell: --registry, --from"
GROUPS = {
    "RUNNING": "up",
    "STOPPED": "stopped",
    "FAILED": "failed",
    "AUTO_RESTART": "restarting",
    "ORPHANED": "orphaned",
}


@dataclass(frozen=True, slots=True)
class _Said:
    """A line, with the day that it is about."""

    line: Line
    day: str


@dataclass(frozen=True, slots=True)
class OnHost:
    """`known`: None if there is nothing to compare with, so that no claim can be judged."""

    document: Document
    known: Known | None

    def check(self, ports: Sequence[PortSaid]) -> Iterator[Judged]:
        whole = find_document_day(self.document)
        for said in ports:
            if said.facets.platform != "containers" and said.facets.time != "before":
                yield self._judge_port(said)
        for place, section in enumerate(self.document.sections):
            if section.level and (facets := find_facets(self.document, place)) and facets.platform == "containers":
                continue
            day = find_day_at(self.document, place, whole)
            if section.title:
                yield from self._check_title(_Said(Line(section.line, section.title), day))
            for block in section.blocks:
                yield from self._check_block(block, day)

    def _check_block(self, block: Block, day: str) -> Iterator[Judged]:
        if isinstance(block, Table):
            yield from self._check_table(block, day)
            return
        for line in block.lines:
            yield from self._check_line(_Said(line, day))
        if isinstance(block, Listing) and block.label is not None:
            yield from self._check_line(_Said(block.label, day))

    def _check_title(self, said: _Said) -> Iterator[Judged]:
        """`Systemd timers (9)`: the number of all timers, if the title says nothing else."""
        count, label = count_of_title(said.line.text), said.line.text.partition("(")[0]
        if count and not count.least and (kind := _find_kind(count)) and not _is_selective(label, kind):
            words = _list_state_words(count) | frozenset(list_words(label))
            yield self._judge_count(said, kind, count.value, moving=bool(words & UP))

    def _check_line(self, said: _Said) -> Iterator[Judged]:
        for count in find_counts(said.line.text)[:1]:
            kind = _find_kind(count)
            if kind and not count.about and not count.least and _is_of_all(said.line.text, count, kind):
                yield self._judge_count(said, kind, count.value, moving=bool(_list_state_words(count) & UP))
        if found := _LENGTH.search(said.line.text):
            yield self._judge_length(said, found["name"], int(found["number"].replace(",", "")))
        if found := _STATED.match(said.line.text):
            yield from self._judge_state(said, found["name"], found["state"])
        if found := _VERSION.match(said.line.text):
            yield from self._judge_version(said, found["label"].lower().strip(), found["version"].strip())
        yield from self._check_every(said)

    def _check_table(self, table: Table, day: str) -> Iterator[Judged]:
        heads = [list_head_words(each) for each in table.header]
        if find_head_facets(table.header) == "containers":
            return
        units = [at for at, head in enumerate(heads) if head & {"service", "unit", "module", "name"}]
        status = next((at for at, head in enumerate(heads) if head & _STATUS_HEADS and len(head) == 1), None)
        count = next((at for at, head in enumerate(heads) if at and head & {"count", "number"}), None)
        for row in table.rows:
            said = _Said(row.whole, day)
            if units and status is not None:
                yield from self._judge_state(said, _find_unit([row.cells[at] for at in units]), row.cells[status])
            if count is not None and (number := read_number(row.cells[count])) and number.whole:
                yield from self._judge_row(said, row.cells[0], int(number.value))
            for owner, port in find_port_columns(table):
                yield from self._judge_no_port(said, name_of(row.cells[owner]), row.cells[port])

    def _judge_row(self, said: _Said, label: str, number: int) -> Iterator[Judged]:
        kinds = {_KINDS[each] for each in list_nouns(label) if each in _KINDS}
        if len(kinds) == 1 and not frozenset(list_words(label)) - list_nouns(label) - _ALLOWED:
            yield self._judge_count(said, kinds.pop(), number, moving=False)

    def _judge_count(self, said: _Said, kind: str, value: int, moving: bool) -> Judged:
        claim = Claim(said.line.line, said.line.text, ClaimKind.COUNT, f"{kind}s of the host", str(value))
        counted = "running" if moving and kind == "service" else kind
        if self.known is None or counted not in self.known.counts:
            what = "how many run" if counted == "running" else f"the number of {counted}s"
            return self._make_unknown(
                claim, "" if self.known is None else f"{what} can only be seen on the host: --from EVIDENCE"
            )
        if counted == "running" and (why := self._explain_other_day(said)):
            return self._make_unknown(claim, why)
        numbers = self.known.counts[counted]
        word = "are running" if counted == "running" else "are there" if self.known.taken_at else "are declared"
        return self._make_judged(
            claim, holds=value in numbers, why=f"{' or '.join(map(str, dict.fromkeys(numbers)))} {word}"
        )

    def _judge_port(self, said: PortSaid) -> Judged:
        claim = Claim(said.line.line, said.line.text, ClaimKind.PORT, f"port {said.port}", said.owner)
        if self.known is None:
            return self._make_unknown(claim)
        owners, unit = self.known.ports.get(said.port, ()), self.known.units.get(normalise_name(said.owner))
        if owners:
            holds = any(_is_alike(each, said.owner) for each in owners)
            return self._make_judged(claim, holds=holds, why=f"port {said.port} belongs to {' and '.join(owners)}")
        if unit is not None and unit.ports:
            return self._make_judged(claim, holds=False, why=f"{unit.name} has {', '.join(map(str, unit.ports))}")
        return self._make_unknown(claim, f"neither registry nor evidence has port {said.port}")

    def _judge_no_port(self, said: _Said, name: str, cell: str) -> Iterator[Judged]:
        """`-` in a column of ports claims that the unit has no port."""
        unit = self.known.units.get(normalise_name(name)) if self.known else None
        if unit is not None and cell.strip() in ("-", "none", "None", *DASHES):
            claim = Claim(said.line.line, said.line.text, ClaimKind.PORT, f"port of {unit.name}", "none")
            has = ", ".join(map(str, unit.ports)) or "none"
            yield self._make_judged(claim, holds=not unit.ports, why=f"{unit.name} has {has}")

    def _judge_state(self, said: _Said, name: str, word: str) -> Iterator[Judged]:
        state = next((each.lower() for each in re.findall(r"[A-Za-z-]+", word)[:1]), "")
        group = "up" if state in UP - {"ok", "mapped", "passed"} else DOWN.get(state, "")
        group = {"activating": "restarting", "auto-restart": "restarting"}.get(state, group)
        unit = self._find_known(name)
        if not group or (self.known is not None and unit is None) or not re.search(r"[-._]", name):
            return
        claim = Claim(said.line.line, said.line.text, ClaimKind.STATE, name, state)
        why = "" if self.known is None else self._explain_other_day(said) or self._explain_unseen(unit)
        if unit is None or why:
            yield self._make_unknown(claim, why)
        elif group in GROUPS.values():
            yield self._make_judged(
                claim, holds=GROUPS.get(unit.category) == group, why=f"it is {unit.category}", proof=unit.proof
            )

    def _find_known(self, name: str) -> KnownUnit | None:
        """The unit of this name. A timer and its service share a stem, so a name with a suffix means only that type."""
        unit = self.known.units.get(normalise_name(name)) if self.known else None
        is_another = unit is not None and is_valid(name) and not name.endswith(f".{unit.kind}")
        return None if is_another else unit

    def _explain_unseen(self, unit: KnownUnit | None) -> str:
        if unit is None or not unit.category or unit.category == "UNKNOWN":
            return "a state can only be seen on the host: --from EVIDENCE"
        return ""

    def _judge_length(self, said: _Said, name: str, value: int) -> Judged:
        claim = Claim(said.line.line, said.line.text, ClaimKind.LENGTH, name, str(value))
        if self.known is None:
            return self._make_unknown(claim)
        if name not in self.known.lengths:
            return self._make_unknown(claim, "the evidence has no such stream")
        length, why = self.known.lengths[name], self._explain_other_day(said)
        if length is None or why:
            return self._make_unknown(claim, why or "its length was not seen")
        return self._make_judged(claim, holds=length == value, why=f"it had {length} entries at {self.known.taken_at}")

    def _judge_version(self, said: _Said, label: str, value: str) -> Iterator[Judged]:
        if self.known is None or label not in self.known.versions:
            return
        claim = Claim(said.line.line, said.line.text, ClaimKind.VERSION, label, value)
        seen = self.known.versions[label]
        yield self._make_judged(
            claim, seen.startswith(value) or value.startswith(seen) or value in seen, f"it is {seen}"
        )

    def _check_every(self, said: _Said) -> Iterator[Judged]:
        text = said.line.text
        for pattern, subject, judge in (
            (_VENVS, "venvs", self._judge_venvs),
            (_RUNNING, "services", self._judge_all_running),
            (_OWN_VENV, "a venv each", self._judge_own_venvs),
        ):
            if pattern.search(text):
                claim = Claim(said.line.line, text, ClaimKind.EVERY, subject, "all")
                yield self._make_unknown(claim) if self.known is None else judge(claim, said, self.known)

    def _judge_venvs(self, claim: Claim, said: _Said, known: Known) -> Judged:
        if not known.taken_at or (why := self._explain_other_day(said)):
            return self._make_unknown(
                claim, why if known.taken_at else "venvs can only be checked on the host: --from EVIDENCE"
            )
        bad = [name for name, status in known.venvs.items() if status in ("broken", "missing")]
        if not bad and "unknown" in known.venvs.values():
            return self._make_unknown(claim, "some venvs could not be looked at")
        return self._make_judged(claim, holds=not bad, why=f"{', '.join(bad[:5])}: broken or missing")

    def _judge_all_running(self, claim: Claim, said: _Said, known: Known) -> Judged:
        if not known.taken_at:
            return self._make_unknown(claim, "states can only be seen on the host: --from EVIDENCE")
        if why := self._explain_other_day(said):
            return self._make_unknown(claim, why)
        bad = [
            each
            for each in known.units.values()
            if each.kind == "service" and each.category in ("FAILED", "AUTO_RESTART")
        ]
        if not bad and any(each.category == "UNKNOWN" for each in known.units.values()):
            return self._make_unknown(claim, "some services could not be looked at")
        return self._make_judged(
            claim, holds=not bad, why=", ".join(f"{each.name} is {each.category}" for each in bad[:5])
        )

    def _judge_own_venvs(self, claim: Claim, _: _Said, known: Known) -> Judged:
        users: dict[str, list[str]] = {}
        for each in known.units.values():
            if each.venv:
                users.setdefault(each.venv, []).append(each.name)
        shared = sorted(((len(those), venv) for venv, those in users.items() if len(those) > 1), reverse=True)
        why = ", ".join(f"{number} services share {venv}" for number, venv in shared[:3])
        return self._make_judged(claim, holds=not shared, why=why or "no two services share one")

    def _explain_other_day(self, said: _Said) -> str:
        """Why a value that changes over time cannot be compared; '' if it can."""
        if self.known is None or not self.known.taken_at:
            return "what changes over time can only be seen on the host: --from EVIDENCE"
        taken = self.known.taken_at[:10]
        if said.day and said.day != taken:
            return f"it changes over time: the document is about {said.day}, and the evidence was taken on {taken}"
        return ""

    def _make_unknown(self, claim: Claim, why: str = "") -> Judged:
        ground = self.known.ground if self.known else Ground.DOCUMENT
        return Judged(claim, Verdict.UNKNOWN, why or UNASKED, 0, ground)

    def _make_judged(self, claim: Claim, holds: bool, why: str, proof: str = "") -> Judged:
        known = self.known
        if known is None:
            return self._make_unknown(claim)
        source = f"evidence of {known.taken_at[:16]}Z" if known.taken_at else "the registry"
        verdict = Verdict.TRUE if holds else Verdict.FALSE
        return Judged(claim, verdict, f"{why} ({source})", 0, known.ground, proof)


def _find_unit(cells: Sequence[str]) -> str:
    """The first name with a unit suffix, since a timer and a service may share a stem; else the first name."""
    names = [name_of(cell) for cell in cells]
    return next((name for name in names if is_valid(name)), names[0])


def find_head_facets(header: Sequence[str]) -> str:
    """`containers` if the table is about containers, else ''."""
    words = {word for each in header for word in list_head_words(each)}
    return "containers" if words & {"pod", "deployment", "namespace", "image"} else ""


def _find_kind(count: Count) -> str:
    """The kind of thing that is counted, if all on a host are meant; '' for only some of them, or for anything else."""
    kinds = {_KINDS[each] for each in count.nouns if each in _KINDS}
    if len(kinds) != 1 or len(count.nouns) != 1 or count.qualifiers - _ALLOWED:
        return ""
    return "" if set(count.tail[:1]) - UP - (NEUTRAL - {"in"}) - {"are", "is", "and"} else kinds.pop()


def _is_selective(label: str, kind: str) -> bool:
    """Whether a label has a word that selects only some of a kind."""
    return bool(
        frozenset(list_words(label))
        - _ALLOWED
        - {word for word, of in _KINDS.items() if of in (kind, "unit", "service")}
    )


def _is_of_all(text: str, count: Count, kind: str) -> bool:
    """Whether the line is about all of them: `48 units`, `Services: 48 units`; not `13 services in …`."""
    before = text[: count.start].strip(" -*")
    if before and not before.endswith((":", " with")):
        return False
    label = before.rstrip(":").removesuffix(" with")
    return not _is_selective(label, kind) and "+" not in text[count.end : count.end + 3]


def _list_state_words(count: Count) -> frozenset[str]:
    return count.qualifiers | frozenset(count.tail[:1])


def _is_alike(one: str, other: str) -> bool:
    first, second = (frozenset(re.split(r"[^a-z0-9]+", normalise_name(each))) for each in (one, other))
    return first <= second or second <= first
