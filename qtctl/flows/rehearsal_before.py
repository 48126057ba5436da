"""Which registry made what a real host has now: from the host's own record, the git history or a snapshot."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from qtctl.errors import InputError
from qtctl.flows.declare import Loaded, declare
from qtctl.meaning.deploys import STATUS, is_of_registry, judges_generation
from qtctl.meaning.registry_digest import digest_registry
from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.rehearsal import BeforeSource, NotModelled
from qtctl.stage.rehearsal import has_units, loosen, select_present

Files = Mapping[str, bytes]
_SHORT = 12
_PARTS = "those of the registry's units that the host has"


@dataclass(frozen=True, slots=True)
class Before:
    """What the real host has, as a registry would declare it. `said`: how that is known, in words."""

    desired: Desired
    source: BeforeSource
    said: str
    gap: NotModelled | None = None


def find_before(
    after: Loaded,
    facts: Facts,
    *,
    read_commit: Callable[[str], Files | None],
    snapshot: Files | None,
    templates: Mapping[str, str],
) -> Before:
    """`read_commit`: the registry's files at a commit, None if not available. `snapshot`: the files of a snapshot.

    A registry counts only if its digest is the one that the host records for its current generation.
    """
    item, desired = facts.find_item(STATUS), after.desired
    status = facts.find(HostDeploys, "host")
    if not item.state.known:
        why = f"whether qtctl has deployed to the host, and what: {item.reason or item.state}"
        gap = NotModelled("current generation", why, gap=True, remedy="take new evidence")
        return replace(_select(desired, facts, BeforeSource.PARTS, _PARTS), gap=gap)
    if status is None or not judges_generation(status, desired.fleet, desired.host):
        return _select(desired, facts, BeforeSource.PARTS, _PARTS)
    if is_of_registry(status, digest_registry(desired)):
        return _select(desired, facts, BeforeSource.SAME, f"generation {status.current} is of this very registry")
    commit = status.about.get("commit", "")
    sources: Iterable[tuple[BeforeSource, str, Callable[[], Files | None]]] = (
        (
            BeforeSource.COMMIT,
            f"generation {status.current} is of commit {commit[:_SHORT]}",
            lambda: read_commit(commit),
        ),
        (BeforeSource.SNAPSHOT, f"generation {status.current} is of the snapshot's registry", lambda: snapshot),
    )
    for source, said, read in sources:
        found = _declare(read(), desired.host, templates)
        if found is not None and is_of_registry(status, digest_registry(found)):
            return _select(found, facts, source, said)
    return _select_parts(desired, facts, status, commit)


def _select_parts(desired: Desired, facts: Facts, status: HostDeploys, commit: str) -> Before:
    where = f"commit {commit[:_SHORT]} is not in this registry's history, or" if commit else "no commit is noted, and"
    why = f"what generation {status.current} of the host declares: {where} nothing here has its digest"
    gap = NotModelled(
        "current generation", why, gap=True,
        remedy="rehearse where the registry's git history is, or with a snapshot as --evidence",
    )  # fmt: skip
    return replace(_select(desired, facts, BeforeSource.PARTS, _PARTS), gap=gap)


def _select(desired: Desired, facts: Facts, source: BeforeSource, said: str) -> Before:
    present = select_present(loosen(desired), facts)
    if not has_units(present):
        return Before(present, BeforeSource.NOTHING, "none of the registry's units is on the host")
    return Before(present, source, said)


def _declare(files: Files | None, host: str, templates: Mapping[str, str]) -> Desired | None:
    """None if there is none, or if it has errors: then it is not what was deployed."""
    if files is None:
        return None
    try:
        return declare(files, templates, host, host).desired
    except InputError:
        return None
