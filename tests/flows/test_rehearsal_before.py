"""From what it is known what a real host has now: only a registry with the digest that the host notes counts."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from qtctl.adapters.files import read_templates
from qtctl.flows.declare import Loaded, declare
from qtctl.flows.rehearsal_before import Before, find_before
from qtctl.meaning.registry_digest import digest_registry
from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.evidence import Item, State
from qtctl.model.facts import Facts, File
from qtctl.model.rehearsal import BeforeSource
from tests.builders.evidence import miss, observe
from tests.builders.registry import SMALL

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEMPLATES = read_templates(None)
OLD = {path: text.encode() for path, text in SMALL.items()}
NEW = {
    **OLD,
    "services/feed.toml": OLD["services/feed.toml"].replace(b'module = "small.feed"', b'module = "small.other"'),
}
Files = Mapping[str, bytes]


def load(files: Files) -> Loaded:
    return declare(files, TEMPLATES, "box", "box")


def status(files: Files, commit: str = COMMIT) -> Item:
    """What a host notes on which `files` were deployed."""
    desired = load(files).desired
    about = {"fleet": desired.fleet, "host": desired.host, "registry": digest_registry(desired), "commit": commit}
    return observe("host", HostDeploys("idle", 3, 3, 0, "", True, 0, False, about, {}))


def find(facts: Facts, *, at: Mapping[str, Files] | None = None, snapshot: Files | None = None) -> Before:
    return find_before(load(NEW), facts, read_commit=(at or {}).get, snapshot=snapshot, templates=TEMPLATES)


def test_the_working_tree_itself() -> None:
    found = find(Facts([status(NEW)]))
    assert (found.source, found.gap) == (BeforeSource.SAME, None)


def test_the_commit_that_the_host_notes() -> None:
    found = find(Facts([status(OLD)]), at={COMMIT: OLD}, snapshot=OLD)
    assert (found.source, found.gap) == (BeforeSource.COMMIT, None)
    assert [each.argv[-1] for each in found.desired.services if each.name == "feed"] == ["small.feed"]


def test_a_snapshot_where_the_history_does_not_have_the_commit() -> None:
    found = find(Facts([status(OLD)]), snapshot=OLD)
    assert (found.source, found.gap) == (BeforeSource.SNAPSHOT, None)


@pytest.mark.parametrize("files", [None, {}, {"fleet.toml": b"name ="}, {**OLD, "timers.toml": b"[x]\n"}, NEW])
def test_a_registry_with_another_digest_or_with_errors_does_not_count(files: Files | None) -> None:
    found = find(Facts([status(OLD)]), at={} if files is None else {COMMIT: files}, snapshot=files)
    assert found.source is BeforeSource.PARTS
    assert found.gap is not None
    assert found.gap.gap


def test_what_qtctl_did_not_deploy_is_what_the_evidence_shows() -> None:
    found = find(Facts([miss("deploy.status", "host", State.ABSENT)]))
    assert (found.source, found.gap) == (BeforeSource.PARTS, None)
    refused = find(Facts([miss("deploy.status", "host", State.REFUSED, "permission denied")]))
    assert (refused.source, refused.gap is not None) == (BeforeSource.PARTS, True)


def test_a_host_that_has_none_of_the_units() -> None:
    units = [file.path for file in load(NEW).desired.files if file.kind == "unit"]
    facts = Facts(
        [miss("deploy.status", "host", State.ABSENT), *(miss(File.FACT, path, State.ABSENT) for path in units)]
    )
    assert find(facts).source is BeforeSource.NOTHING


def test_another_fleet_that_deployed_last_says_nothing_of_this_one() -> None:
    about = {"fleet": "other", "host": "box", "registry": "0" * 64, "commit": COMMIT}
    last = observe("host", HostDeploys("idle", 3, 3, 0, "", True, 0, False, about, {}))
    assert find(Facts([last]), at={COMMIT: OLD}).source is BeforeSource.PARTS


def test_the_page_names_every_source() -> None:
    page = (Path(__file__).parents[2] / "docs/rehearsal.md").read_text()
    assert all(word in page for word in ("working tree", "git history", "snapshot"))
