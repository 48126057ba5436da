"""The rules of a legacy record, as one service reads them: its own first, then those of the whole file."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from qtctl.model.registry import Disposition, DispositionKind, Legacy

ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A setting may be gone or different: `rule` says so, for `reason`."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """A value with the words replaced that the record replaces, and the rules that did it."""

    value: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """What a record says for one service. Rules are named by their keys: `accepted.logging`, `services.api.renamed.X`.

    `whole`: why nothing of the service has to be found again; "" if it has to be.
    """

    whole: str
    accepted: tuple[Mapping[str, str], Mapping[str, str]]
    replaced: tuple[tuple[str, str, str], ...]
    """Word, what it is now, and the rule; the longest word first."""
    hosts: frozenset[str]
    """Names that lead to `address` now."""
    address: str
    renamed: tuple[Mapping[str, str], Mapping[str, str]]
    prefix: str

    def accept(self, items: Iterable[str]) -> Accepted | None:
        """The rule that accepts one of the names of a setting; the most exact one of the service, then of the file."""
        names = tuple(items)
        for table, before in zip(self.accepted, (self.prefix, ""), strict=True):
            for name in names:
                for key in _list_beginnings(name) if table else ():
                    if key in table:
                        return Accepted(f"{before}accepted.{key}", table[key])
        return None

    def rename(self, variable: str) -> tuple[str, str]:
        """The name that it has now, and the rule for that."""
        for table, before in zip(self.renamed, (self.prefix, ""), strict=True):
            if variable in table:
                return table[variable], f"{before}renamed.{variable}"
        return variable, ""

    def replace(self, value: str) -> Replaced:
        rules: list[str] = []
        for word, now, rule in self.replaced:
            if word in value:
                changed = _make_pattern(word).sub(now.replace("\\", r"\\"), value)
                rules += [rule] if changed != value else []
                value = changed
        if self.address:
            changed = _HOST.sub(lambda found: self.address if found[0] in self.hosts else found[0], value)
            rules += [ADDRESS] if changed != value else []
            value = changed
        return Replaced(value, tuple(dict.fromkeys(rules)))


def read_rules(
    legacy: Legacy | None, names: frozenset[str], name: str, disposition: Disposition | None
) -> ServiceRules:
    """The rules for the service `name`. `names`: of all services of its file."""
    prefix = f"services.{name}."
    own = (disposition.replaced if disposition else {}).items()
    whole = (legacy.replaced if legacy else {}).items()
    words = [(word, now, f"{prefix}replaced.{word}") for word, now in own]
    words += [(word, now, f"replaced.{word}") for word, now in whole if word not in dict(own)]
    return ServiceRules(
        whole=_find_whole(disposition),
        accepted=(disposition.accepted if disposition else {}, legacy.accepted if legacy else {}),
        replaced=tuple(sorted(words, key=lambda each: (-len(each[0]), each))),
        hosts=names,
        address=(legacy.address or "") if legacy else "",
        renamed=(disposition.renamed if disposition else {}, legacy.renamed if legacy else {}),
        prefix=prefix,
    )


def list_rules(legacy: Legacy) -> Iterator[tuple[str, str]]:
    """Every rule of a record by its name, and the service that it is for ("": all)."""
    for kind in ("accepted", "replaced", "renamed"):
        yield from ((f"{kind}.{key}", "") for key in getattr(legacy, kind))
        for name, disposition in legacy.services.items():
            yield from ((f"services.{name}.{kind}.{key}", name) for key in getattr(disposition, kind))
    if legacy.address is not None:
        yield ADDRESS, ""


def _find_whole(disposition: Disposition | None) -> str:
    if disposition is None or disposition.is_ is DispositionKind.MAPPED:
        return ""
    return f"{disposition.is_.value}: {disposition.why}"


def _list_beginnings(item: str) -> Iterator[str]:
    """The item, and everything it is part of: `logging.options.max-size`, `logging.options`, `logging`."""
    yield item
    for at in range(len(item) - 1, 0, -1):
        if item[at] in ".[":
            yield item[:at]


_HOST = re.compile(r"(?:(?<=//)|(?<=@)|^)[\w.-]+(?=$|[:/?])(?!://)")
"""Where a value has a host: in a URL, before a port, or alone. A scheme is not a host."""


@lru_cache(maxsize=4096)
def _make_pattern(word: str) -> re.Pattern[str]:
    """A whole word: a host and its port, or a path that others may be below."""
    before = r"(?<![\w./-])" if word.startswith("/") else r"(?<![\w.-])(?:(?<=//)|(?<!/))"
    return re.compile(rf"{before}{re.escape(word)}(?![\w-]|\.\w|://)")
