"""Containers running on a host (fact `containers`), as far as the account that asks may see them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from qtctl.dialects.lines import split_lines
from qtctl.model.container_facts import Containers
from qtctl.model.evidence import Need
from qtctl.model.plausible import HIGHEST_PORT
from qtctl.probes.answer import Answer, answer_observed, answer_refused, answer_unparseable, decode_text
from qtctl.probes.batch import ArgumentKind, Frame, Frames, Library, Probe
from qtctl.probes.family import Family

AGAIN = (
    "find /sys/fs/cgroup -type d -regextype posix-extended "
    "-regex '.*/(docker|libpod|nerdctl)[-/][0-9a-f]{64}(.scope)?' 2>/dev/null"
)
NO_CGROUPS = 3
_GROUP = re.compile(r"(?:.*/)?(?:docker|libpod|nerdctl)[-/]([0-9a-f]{64})(?:\.scope)?")
_ID = re.compile(r"[0-9a-f]{64}")
_PORT = re.compile(r"[0-9]{1,5}")

SCRIPTS = Library("containers", ("containers.sh",), {"find_containers": ArgumentKind.NOTHING})


def probe(needs: Sequence[Need]) -> Probe:
    wanted = tuple(dict.fromkeys(needs))
    argv = ("find", "/sys/fs/cgroup", "-type", "d")
    command = SCRIPTS.make_command([("find_containers",)], argv, AGAIN, ("find", "head"))
    return Probe((command,), lambda frames: _parse(wanted, frames))


def _parse(needs: Sequence[Need], frames: Frames) -> list[Answer]:
    answer = _answer(needs[0], frames[0])
    return [replace(answer, need=need) for need in needs]


def _answer(need: Need, frame: Frame | None) -> Answer:
    if frame is None:
        return answer_unparseable(need, "the answer was cut off", again=AGAIN)
    if frame.exit == NO_CGROUPS:
        return answer_refused(need, "/sys/fs/cgroup cannot be entered", again=AGAIN)
    said: dict[str, list[str]] = {}
    for line in split_lines(decode_text(frame.stdout)):
        said.setdefault(line[:1], []).append(line[2:])
    groups = {found[1]: f"/sys/fs/cgroup/{path}" for path in said.get("c", []) if (found := _GROUP.fullmatch(path))}
    names = {}
    for row in said.get("n", []):
        id_, _, rest = row.partition("\t")
        service, _, name = rest.partition("\t")
        if _ID.fullmatch(id_):
            names[id_] = [service[:200], name[:200]]
    why = next(iter(said.get("d", [])), "")[:200]
    value = Containers(dict(sorted(groups.items())), dict(sorted(names.items())), _map_ports(said.get("p", [])), why)
    return answer_observed(need, value, again=AGAIN, line=next(iter(groups.values()), ""))


def _map_ports(rows: Sequence[str]) -> dict[str, list[str]]:
    """Port and protocol, `8001/tcp` → the processes that hold it."""
    arguments: dict[str, list[str]] = {}
    for row in rows:
        pid, _, word = row.partition(":")
        arguments.setdefault(pid, []).append(word)
    found: dict[str, list[str]] = {}
    for pid, words in arguments.items():
        options = dict(pairwise(words))
        port, protocol = options.get("-host-port", ""), options.get("-proto", "")
        if _PORT.fullmatch(port) and int(port) <= HIGHEST_PORT and protocol in ("tcp", "udp"):
            found.setdefault(f"{port}/{protocol}", []).append(pid)
    return dict(sorted(found.items()))


FAMILY = Family((Containers,), lambda needs, _: probe(needs))
