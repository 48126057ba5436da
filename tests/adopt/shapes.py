"""Every directive in every shape that an operator gives it, as a unit and as a drop-in, adopted and judged by systemd.

`python -m tests.adopt` runs all of them, a unit each, on a lab host of its own; test_shapes.py many in one unit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from qtctl.dialects.systemd.directives import LISTENS, TIMERS, WATCHES
from qtctl.dialects.systemd.table.lookup import TYPES, find_kind, list_keys
from qtctl.model.adoption import Found
from tests.adopt import law, same
from tests.adopt.samples import values

SHAPES: Mapping[str, str] = {
    "once": "{key}={a}\n",
    "twice": "{key}={a}\n{key}={b}\n",
    "same": "{key}={a}\n{key}={a}\n",
    "reset": "{key}={a}\n{key}=\n",
    "empty": "{key}=\n",
    "again": "{key}={a}\n{key}=\n{key}={b}\n",
    "emptied": "{key}={a}\n{key}={b}\n{key}=\n{key}=\n",
    "quoted": '{key}="{a}"\n',
    "single": "{key}='{a}'\n",
    "words": "{key}={a}  {b}\n",
    "spaces": '{key}="{a} {b}"\n',
    "kept": "{key}={a}\n{key}={b} x {a}\n",
}
"""Name → lines; {a} and {b} are two values of the directive."""
SOUND = ("once", "twice", "same", "reset", "empty", "again", "emptied")
"""Shapes whose values are all sound: nothing of them is left out."""
ENOUGH: Mapping[str, str] = {
    "Service": "[Service]\nExecStart=/bin/true\n",
    "Timer": "[Timer]\nOnActiveSec=7\n",
    "Socket": "[Socket]\nListenFIFO=/run/f\n",
    "Path": "[Path]\nPathExists=/x\n",
    "Slice": "",
    "Mount": "[Mount]\nWhat=/dev/x\n",
    "Automount": "[Automount]\n",
    "Swap": "[Swap]\nWhat=/dev/{name}\n",
    "Target": "",
}
"""What a unit of a kind cannot do without."""
UNFIT = frozenset([("Mount", "Where"), ("Automount", "Where"), ("Swap", "What")])
"""What the unit's name is made of: another value is another unit."""
TOGETHER = frozenset((*TIMERS, *LISTENS, *WATCHES, "ExecStart"))
MOST = 2500
"""Units of one load: more make systemd's answers slow."""


@dataclass(frozen=True, slots=True)
class Case:
    """Directives of one section in one shape. `dropin`: said by a drop-in of a unit that already has values of them."""

    number: int
    section: str
    keys: tuple[str, ...]
    shape: str
    kind: str
    dropin: bool

    @property
    def unit(self) -> str:
        stem = f"dev-q{self.number}" if self.kind == "Swap" else f"q{self.number}"
        return f"{stem}.{self.kind.lower()}"

    def values(self, key: str) -> tuple[str, str]:
        """Names and ports that only one unit of a host can have are this one's own."""
        found = values(self.section, key, find_kind(self.section, key, law.VERSION) or "")
        assert found is not None, (self.section, key)
        own = {
            "alias-": f"alias{self.number}-",
            "8080": f"{2 * self.number + 2000}",
            ":81": f":{2 * self.number + 2001}",
        }
        for text, instead in own.items():
            found = found[0].replace(text, instead), found[1].replace(text, instead)
        return found

    @property
    def base(self) -> str:
        """The unit that a drop-in is for, or what a unit needs besides the directives."""
        enough = ENOUGH[self.kind].format(name=f"q{self.number}")
        if "ExecStart" in self.keys:
            enough = "[Service]\nType=oneshot\n"
        first = "".join(f"{key}={self.values(key)[0]}\n" for key in self.keys)
        return enough + (f"[{self.section}]\n{first}" if self.dropin else "")

    @property
    def lines(self) -> str:
        text = f"[{self.section}]\n"
        for key in self.keys:
            first, second = self.values(key)
            if self.dropin:
                first, second = second, first
            text += SHAPES[self.shape].format(key=key, a=first, b=second)
        return text

    @property
    def text(self) -> str:
        """Of a unit. What is reset together with the directive that it needs comes first."""
        return self.lines + self.base if TOGETHER & {*self.keys} else self.base + self.lines

    def __str__(self) -> str:
        role = "drop-in" if self.dropin else "unit"
        return f"{self.kind} [{self.section}] {' '.join(self.keys)} in a {role}, {self.shape}"


def cases(
    kinds: Sequence[str] = (), keys: Sequence[str] = (), shapes: Sequence[str] = (), *, at_once: int = 1
) -> Iterator[Case]:
    """All of them, or those asked for; `at_once` directives in a unit."""
    number = 0
    for kind, section in _places():
        if kinds and kind not in kinds:
            continue
        for shape in shapes or SHAPES:
            wanted = [key for key in list_keys(section, law.VERSION) if not keys or key in keys]
            for dropin in (False, True):
                judged = [key for key in wanted if not why_not_judged(section, key, shape, alone=at_once == 1)]
                for at in range(0, len(judged), at_once):
                    number += 1
                    yield Case(number, section, tuple(judged[at : at + at_once]), shape, kind, dropin)


def _places() -> Iterator[tuple[str, str]]:
    """Kind of unit and section. [Unit] is looked at in services and, where a unit has no other, in targets."""
    yield from (("Service", "Unit"), ("Service", "Install"), ("Target", "Unit"))
    yield from ((kind, kind) for kind in sorted({*TYPES.values()} - {"Scope"}))


_NOT_JUDGED: Mapping[str, tuple[Sequence[str], str]] = {
    "SetCredential": ((), "secrets are not copied"),
    "DynamicUser": (("reset", "again"), "of a drop-in, systemd reads nothing after a bad value of it"),
    "RestrictNetworkInterfaces": (("reset", "emptied"), "a list of nothing restricts nothing"),
    "Persistent": (("once", "same", "reset", "kept"), "left out without OnCalendar=, and the report says so"),
    "StandardInputData": ((), "the report lists it: what stands before StandardInputText= follows it"),
    "WorkingDirectory": (("reset", "emptied"), "systemd keeps the `-` of what was reset: `!`"),
}
_FATAL = frozenset((
    "Accept", "BusName", "DynamicUser", "ExecCondition", "ExecReload", "ExecStart", "ExecStartPost", "ExecStartPre",
    "ExecStop", "ExecStopPost", "Group", "OnFailureIsolate", "RootDirectory", "RootImage", "RootVerity",
    "SupplementaryGroups", "Type", "User", "WorkingDirectory",
))  # fmt: skip
"""Of a unit with a bad value of these, or with odd ones together, nothing can be compared."""


def why_not_judged(section: str, key: str, shape: str, *, alone: bool) -> str:
    """The reason; '' for what is judged."""
    if (section, key) in UNFIT:
        return "the name of the unit is made of it"
    if section == "Install" and shape in ("spaces", "kept"):
        return "systemd does not enable a unit with a word there that is no unit's name"
    if key == "Also" and shape in ("quoted", "single"):
        return "as above: Also= takes no quotes"
    if not alone and key in _FATAL:
        return "systemd would not load the others that stand beside it"
    if alone and key == "StandardInputData":
        return ""
    shapes, why = _NOT_JUDGED.get(key, ((), ""))
    return why if not shapes or shape in shapes else ""


@dataclass(frozen=True, slots=True)
class Result:
    """`wrong`: what systemd has otherwise. `claimed`: what the report says is rendered otherwise."""

    case: Case
    wrong: tuple[same.Difference, ...]
    claimed: tuple[str, ...]
    left_out: bool
    """Not adopted at all."""
    loads: bool
    """systemd loads the original."""

    @property
    def bad(self) -> bool:
        """What systemd does not load is not compared. A line that it ignores may be reported as left out."""
        if not self.loads:
            return False
        return bool(self.wrong or self.left_out or (self.claimed and self.case.shape in SOUND))


def judge(host: str, those: Sequence[Case]) -> list[Result]:
    base = {each.unit: each.base.encode() for each in those if each.dropin}
    units = {each.unit: each.text.encode() for each in those if not each.dropin}
    dropins = {f"{each.unit}.d/50-x.conf": each.lines.encode() for each in those if each.dropin}
    found = [Found(path, text) for path, text in {**units, **dropins}.items()]
    adopted, rendered = law.adopt(found)
    names = [each.unit for each in those]
    enable = any(each.section == "Install" for each in those)
    old = same.loaded(host, same.Files({**base, **units, **dropins}), names, enable=enable)
    new = same.loaded(host, same.Files({**base, **rendered}), names, enable=enable)
    wrong: dict[str, list[same.Difference]] = {}
    for each in same.differences(old, new):
        wrong.setdefault(each.unit, []).append(each)
    taken = {each.unit for each in adopted.adoption.units}
    claimed: dict[str, list[str]] = {}
    for one in adopted.adoption.differences:
        claimed.setdefault(one.unit, []).append(f"[{one.section}] {one.directive}=: {one.because}")
    return [
        Result(
            each,
            tuple(wrong.get(each.unit, ())),
            tuple(claimed.get(each.unit, ())),
            each.unit not in taken,
            old.get(each.unit, {}).get("Unit.LoadState") == "loaded",
        )
        for each in those
    ]


def chunks(those: Iterable[Case]) -> Iterator[list[Case]]:
    """Those of [Install] by themselves: enabling is slow."""
    everything = list(those)
    for part in ([c for c in everything if c.section == "Install"], [c for c in everything if c.section != "Install"]):
        rest = iter(part)
        while chunk := list(islice(rest, MOST)):
            yield chunk
