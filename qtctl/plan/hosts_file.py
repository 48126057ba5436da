"""The block in the hosts file: written if it is not as declared, refused if the rest of the file contradicts it."""

import hashlib
from collections.abc import Iterator, Mapping

from qtctl.dialects.hosts import PATH, is_same_address, list_addresses, make_block_lines, replace_block
from qtctl.meaning.originals import describe_seen
from qtctl.model.account_facts import Hosts
from qtctl.model.desired import Desired
from qtctl.model.desired_accounts import DesiredHosts
from qtctl.model.desired_file import DesiredFile
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File
from qtctl.model.plan import READ_AS_ROOT, Refusal, Step, StepKind
from qtctl.plan.change_impact import make_diff


def list_paths(desired: Desired) -> tuple[str, ...]:
    return (PATH,) if desired.hosts_file is not None else ()


def list_needs(desired: Desired) -> tuple[Need, ...]:
    return tuple(Need(Hosts.FACT, path) for path in list_paths(desired))


def list_to_read(desired: Desired, facts: Facts) -> tuple[str, ...]:
    """The hosts file, if its block must change: the new content is made from the current one."""
    there = facts.read(File, PATH) if desired.hosts_file is not None else None
    return (PATH,) if there is not None and there.kind == "file" and _give_reason(desired, facts) else ()


def plan_steps(desired: Desired, facts: Facts, current: Mapping[str, bytes]) -> tuple[Step, ...]:
    """Call only where `find_obstacles` found nothing."""
    declared = desired.hosts_file
    reason = _give_reason(desired, facts)
    if declared is None or not reason:
        return ()
    there = facts.read(File, PATH)
    before = current.get(PATH, b"")
    content = replace_block(before, desired.fleet, make_block_lines(declared.aliases))
    mode, owner, group = (there.mode, there.owner, there.group) if there else ("0644", "root", "root")
    file = DesiredFile(PATH, content, mode, owner, group, _digest(content), "hosts", PATH, declared.origin)
    diff = make_diff(before, content, PATH) if there else ""
    return (Step(StepKind.WRITE, PATH, reason, describe_seen(there), diff, file),)


def find_obstacles(desired: Desired, facts: Facts, current: Mapping[str, bytes]) -> tuple[Refusal, ...]:
    declared = desired.hosts_file
    there = None if declared is None else facts.read(File, PATH)
    if declared is None or there is None:
        return ()
    if there.kind != "file":
        return (Refusal(PATH, "not a regular file", "qtctl changes only a regular file here: see what created it"),)
    found = facts.read(Hosts, PATH)
    if found is not None and found.broken:
        return (Refusal(PATH, found.broken, "repair or remove both marks by hand"),)
    contradictions = tuple(_find_contradictions(declared, found)) if found is not None else ()
    return contradictions or _find_unseen(desired, facts, there, current)


def _find_unseen(desired: Desired, facts: Facts, there: File, current: Mapping[str, bytes]) -> tuple[Refusal, ...]:
    """The new content is made from the current one, which must be the content that the plan was decided on."""
    if not _give_reason(desired, facts):
        return ()
    if PATH not in current:
        return (Refusal(PATH, "its current content could not be read", READ_AS_ROOT, unknown=True),)
    if _digest(current[PATH]) != there.sha256:
        return (Refusal(PATH, "it changed while it was read", "deploy again"),)
    return ()


def _find_contradictions(declared: DesiredHosts, found: Hosts) -> Iterator[Refusal]:
    for name in declared.names:
        wanted = declared.list_addresses(name)
        for address in list_addresses(found.rows, name):
            if not any(is_same_address(address, each) for each in wanted):
                what = f"{name} is {address} in a line of its own, declared {' and '.join(wanted)}"
                yield Refusal(PATH, what, "remove that line, or declare its address in hosts.toml")


def _give_reason(desired: Desired, facts: Facts) -> str:
    """Why the block must be written, or ''. Retired names go with their lines: the block is ours."""
    if desired.hosts_file is None:
        return ""
    wanted, found = list(make_block_lines(desired.hosts_file.aliases)), facts.read(Hosts, PATH)
    block = None if found is None else found.block
    if (block or []) == wanted:
        return ""
    if block is None:
        return "no block with the fleet's names"
    return "the block with the fleet's names differs" if wanted else "the block with the fleet's names is removed"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
