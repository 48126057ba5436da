"""What a host keeps of its deploys: facts `deploy.status`, for everybody, and `deploy.generations`, for root alone."""

import re
from collections.abc import Sequence

from qtctl.meaning.deploys import DAMAGED, RECORDED
from qtctl.model.deploy_facts import HostDeploys, KeptGenerations
from qtctl.model.evidence import Need
from qtctl.model.plausible import I64, parse_whole, show_value
from qtctl.probes.answer import Answer, answer_absent, answer_observed, answer_unparseable, decode_text
from qtctl.probes.batch import ArgumentKind, Command, Frame, Frames, Library, Probe
from qtctl.probes.family import Family

BASE = "/var/lib/qtctl"
AGAIN = f"cat {BASE}/status"
AGAIN_KEPT = f"sudo sh -c 'cd {BASE}/objects && sha256sum *'"
NOTHING = 3
"""Exit status if nothing has been deployed yet."""
FORMAT = "1"
MOST_UNITS, MOST_NOTES, MOST_DAMAGED = 5000, 40, 20
STATES = frozenset(("idle", *RECORDED, DAMAGED))
_LEASED = frozenset(("staged", "armed", "applying", "gating"))
_WORD = re.compile(r"[A-Za-z0-9_.:\\@-]{1,255}")
_HEX = re.compile(r"[0-9a-f]{1,64}|-")


SCRIPTS = Library(
    "deploys",
    ("damaged.sh", "deploys.sh"),
    dict.fromkeys(("show_deploys", "list_kept_generations"), ArgumentKind.NOTHING),
    (("base", BASE),),
)


def _ask(function: str, argv: tuple[str, ...], again: str, tools: tuple[str, ...]) -> Command:
    return SCRIPTS.make_command([(function,)], argv, again, tools)


def probe_status(needs: Sequence[Need]) -> Probe:
    command = _ask("show_deploys", ("cat", f"{BASE}/status"), AGAIN, ("head",))
    return Probe((command,), lambda frames: [_answer(need, frames) for need in needs])


def _answer(need: Need, frames: Frames) -> Answer:
    frame = frames[0]
    if frame is None:
        return answer_unparseable(need, "the answer was cut off", again=AGAIN)
    if frame.exit == NOTHING:
        return answer_absent(need, "this host has no record of a deploy", again=AGAIN)
    try:
        status = parse_status(decode_text(frame.stdout))
    except ValueError as error:
        return answer_unparseable(need, f"the status of deploys could not be read: {error}", again=AGAIN)
    return answer_observed(need, status, again=AGAIN, line=f"state {status.state}")


def parse_status(said: str) -> HostDeploys:
    """ValueError if it is not what a transaction writes."""
    head, _, rest = said.partition("\n")
    boot, _, uptime = head.partition(" ")
    now = parse_whole(uptime)
    rows = [line.partition(" ")[::2] for line in rest.split("\n")[:-1]]
    found = {key: value for key, value in rows if key != "unit"}
    if found.get("format") != FORMAT:
        raise ValueError(f"format {show_value(found.get('format', ''))}, and this qtctl reads {FORMAT}")
    state = DAMAGED if "damage" in found else found.get("state", "")
    if state not in STATES:
        raise ValueError(f"state {show_value(state)}")
    rebooted = found.get("boot") != boot
    about = {key.removeprefix("current-"): value[:300] for key, value in rows if key.startswith("current-")}
    units = dict(_split_unit(value) for key, value in rows if key == "unit")
    if len(units) > MOST_UNITS or len(about) > MOST_NOTES:
        raise ValueError("it has more lines than a deploy writes")
    return HostDeploys(
        state,
        generation=_parse_number(found.get("generation", "")),
        current=_parse_number(found.get("current", "")),
        at=parse_whole(found.get("at", "0")),
        by=found.get("by", "")[:300],
        watched=not rebooted and _is_watched(state, found.get("lease", ""), now),
        age_s=0 if state == "idle" or rebooted else max(now - parse_whole(found.get("uptime", "")), 0),
        rebooted=rebooted and state != "idle",
        about=dict(sorted(about.items())),
        units=dict(sorted(units.items())),
    )


def _parse_number(word: str) -> int:
    return parse_whole(word, I64) if word else 0


def _is_watched(state: str, lease: str, now: int) -> bool:
    """A rollback has no lease: the host does it by itself."""
    return state not in _LEASED or parse_whole(lease.rpartition(" ")[2] or "0") >= now


def _split_unit(value: str) -> tuple[str, list[str]]:
    name, invocation, digest = (*value.split(" "), "", "")[:3]
    if not (_WORD.fullmatch(name) and _HEX.fullmatch(invocation) and _HEX.fullmatch(digest)):
        raise ValueError("an invalid line of a unit")
    return name, [invocation, digest]


def probe_kept(needs: Sequence[Need]) -> Probe:
    tools = ("find", "gzip", "sha256sum", "head")
    command = _ask("list_kept_generations", ("sha256sum", f"{BASE}/objects"), AGAIN_KEPT, tools)

    def parse(frames: Frames) -> list[Answer]:
        return [_answer_kept(need, frames[0]) for need in needs]

    return Probe((command,), parse)


def _answer_kept(need: Need, frame: Frame | None) -> Answer:
    if frame is None:
        return answer_unparseable(need, "the answer was cut off", again=AGAIN_KEPT)
    if frame.exit == NOTHING:
        return answer_absent(need, "this host keeps no generation", again=AGAIN_KEPT)
    try:
        return answer_observed(need, _read_kept(decode_text(frame.stdout)), again=AGAIN_KEPT)
    except ValueError as error:
        return answer_unparseable(need, f"the host's answer could not be read: {error}", again=AGAIN_KEPT)


def _read_kept(said: str) -> KeptGenerations:
    confirmed: list[int] = []
    damaged: dict[str, list[str]] = {}
    record = ""
    for line in said.split("\n")[:-1]:
        tag, number, *what = line.split(" ", 2)
        if tag == "T":
            record = line.partition(" ")[2][:1000]
        elif tag == "G" and len(confirmed) < MOST_UNITS:
            confirmed.append(parse_whole(number))
        elif tag == "D" and len(damaged.setdefault(str(parse_whole(number)), [])) < MOST_DAMAGED:
            damaged[number].append(" ".join(what)[:1000])
    return KeptGenerations(sorted(confirmed), damaged, record)


FAMILY = Family((HostDeploys,), lambda needs, _: probe_status(needs))
