"""The hosts file (fact `hosts`): which addresses it gives to which names, and the fleet's block in it."""

from collections.abc import Collection, Iterable

from qtctl.dialects.hosts import PATH, gives_address, read
from qtctl.model.account_facts import Hosts
from qtctl.model.evidence import Need
from qtctl.probes.answer import Answer, answer_observed, answer_unparseable, find_first_line, judge_path_message
from qtctl.probes.batch import Frames, Probe, make_command
from qtctl.probes.family import Family

MOST = 1024 * 1024
"""Bytes of it that are read: blocklists can be longer than anything that a person writes."""
AGAIN, LOCAL = f"cat {PATH}", "localhost"


def probe(needs: Iterable[Need], fleet: str, names: Collection[str]) -> Probe:
    """`fleet`: whose block to look for. Only rows with one of `names`, or localhost, are kept."""
    wanted = sorted(set(needs), key=lambda need: need.subject)
    return Probe(
        (make_command(("head", "-c", str(MOST + 1), PATH), AGAIN),),
        lambda frames: _parse(wanted[0], frames, fleet, {*names, LOCAL}),
    )


def _parse(need: Need, frames: Frames, fleet: str, names: Collection[str]) -> list[Answer]:
    frame = frames[0]
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off", again=AGAIN)]
    if frame.exit != 0:
        return [judge_path_message(need, find_first_line(frame.stderr), again=AGAIN)]
    if len(frame.stdout) > MOST:
        return [answer_unparseable(need, f"longer than the {MOST} bytes that are read of it", again=AGAIN)]
    found = read(frame.stdout, fleet)
    block = None if found.block is None else list(found.block)
    rows = [list(row) for row in found.rows if any(gives_address(row, name) for name in names)]
    return [answer_observed(need, Hosts(rows, block, found.broken), again=AGAIN)]


FAMILY = Family((Hosts,), lambda needs, inquiry: probe(needs, inquiry.fleet, inquiry.names_in_hosts_file))
