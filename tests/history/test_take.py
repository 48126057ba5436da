"""What of a host goes into a snapshot: as the module registry has it, without a secret, and to be judged again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.adapters.files import read_templates
from qtctl.adapters.snapshot_folder import SnapshotFolder
from qtctl.api.snapshot import check, find
from qtctl.api.snapshot_taking import take
from qtctl.collect.document import dump, load
from qtctl.errors import HostError, InputError
from qtctl.findings.finding import Outcome
from qtctl.flows.audit import judge_placed
from qtctl.flows.declare import Loaded, declare
from qtctl.history.archive import pack
from qtctl.history.columns import fold, unfold
from qtctl.history.take import build_inventory, hide_evidence
from qtctl.model.evidence import Evidence, State
from qtctl.model.snapshot import Attachments, RowKind
from qtctl.reports.module_registry import build_report, to_json
from tests.builders.reported import FILES, TAKEN_AT, evidence
from tests.history.year import head

CANARIES = ("hunter2-literal", "s3cr3t-in-argv", "url-passw0rd", "AKIAIOSFODNN7EXAMPLE", "tok-" + "a1B2" * 8)
LEAKY = {
    **FILES,
    "services/leaky.toml": f"""\
summary = "Holds secrets that it should not"
state = "running"
category = "data"
[run]
kind = "command"
argv = ["/usr/bin/feed", "--api-token", "{CANARIES[1]}", "--to", "redis://user:{CANARIES[2]}@127.0.0.1:6379/0"]
[env]
DB_PASSWORD = "{CANARIES[0]}"
AWS = "{CANARIES[3]}"
BEARER_TOKEN = "{CANARIES[4]}"
MODE = "fast"
""",
}


def declared(files: dict[str, str]) -> Loaded:
    contents = {path: text.encode() for path, text in files.items()}
    return declare(contents, read_templates(None), "box", None)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SnapshotFolder:
    found = SnapshotFolder(tmp_path_factory.mktemp("store"))
    take(found, declared(FILES), evidence(), registry=Path("/nonexistent"))
    return found


def test_it_agrees_with_the_module_registry_in_every_number(store: SnapshotFolder) -> None:
    """Of the same evidence."""
    loaded = declared(FILES)
    summary = json.loads(to_json(build_report(loaded.desired, evidence(), judge_placed(loaded, evidence()))))["summary"]
    inventory = find(store, "box:latest").snapshot.inventory
    states = [row["state"] for row in inventory.of(RowKind.SERVICE).values()]
    assert len(states) == summary["total_modules"]
    for state in ("running", "stopped", "failed", "auto_restart", "orphaned", "unknown"):
        assert states.count(state) == summary[state], state
    counts = {RowKind.STREAM: "redis_streams", RowKind.KEY: "redis_keys", RowKind.VENV: "venvs", RowKind.PORT: "ports"}
    assert {name: len(inventory.of(kind)) for kind, name in counts.items()} == {
        name: summary[name] for name in counts.values()
    }


def test_its_checks_are_those_of_the_audit(store: SnapshotFolder) -> None:
    loaded, snapshot = declared(FILES), find(store, "box:latest").snapshot
    findings = judge_placed(loaded, evidence())
    for outcome in Outcome:
        assert snapshot.head.checks[outcome.value] == sum(each.outcome is outcome for each in findings)
    open_ = sum(each.outcome in (Outcome.BROKEN, Outcome.UNKNOWN) for each in findings)
    assert len(snapshot.inventory.of(RowKind.FINDING)) == open_


def test_the_evidence_that_it_keeps_is_judged_as_before(store: SnapshotFolder) -> None:
    kept = load(find(store, "box:latest").write_evidence(), "kept")
    loaded = declared(FILES)
    assert judge_placed(loaded, kept) == judge_placed(loaded, hide_evidence(loaded.desired, evidence()))
    assert kept.taken_at == TAKEN_AT


def test_no_secret_is_in_it_whatever_the_registry_says(tmp_path: Path) -> None:
    loaded = declared(LEAKY)
    leaky = next(each for each in loaded.desired.services if each.name == "leaky")
    assert set(CANARIES[:2]) <= {*leaky.argv, *(value for _, value in leaky.env)}
    said = replace(evidence(), items=(*evidence().items, *_told(evidence(), leaky.argv)))
    found = SnapshotFolder(tmp_path)
    take(found, loaded, said, registry=Path("/nonexistent"))
    kept = find(found, "box:latest")
    whole = json.dumps([kept.snapshot.inventory.rows, kept.write_evidence(), dict(kept.attachments.registry)])
    for canary in CANARIES:
        assert canary not in whole
    assert "fast" in kept.attachments.registry["services/leaky.toml"]


def test_of_a_file_with_a_secret_there_is_no_digest(tmp_path: Path) -> None:
    found = SnapshotFolder(tmp_path)
    take(found, declared(LEAKY), evidence(), registry=Path("/nonexistent"))
    files = find(found, "box:latest").snapshot.inventory.of(RowKind.FILE)
    withheld = {path for path, row in files.items() if str(row["sha256"]).startswith("withheld")}
    assert {path.rpartition("/")[2] for path in withheld} == {"q-leaky.service", "leaky.env"}
    assert all(len(str(row["sha256"])) == 64 for path, row in files.items() if path not in withheld)


def _told(whole: Evidence, argv: tuple[str, ...]) -> tuple:  # type: ignore[type-arg]
    """The unit as the bus would tell of it."""
    unit = next(each for each in whole.items if each.need.fact == "unit" and each.subject == "q-api.service")
    assert unit.value is not None
    told = replace(unit, subject="q-leaky.service", value={**unit.value, "exec_start": [[*argv]]}, line=" ".join(argv))
    return (told,)


def test_a_host_that_did_not_answer_leaves_no_snapshot(tmp_path: Path) -> None:
    silent = tuple(replace(each, state=State.REFUSED, value=None, reason="no route") for each in evidence().items)
    with pytest.raises(HostError, match=r"box: it could not be read.*no route"):
        take(SnapshotFolder(tmp_path), declared(FILES), evidence(silent), registry=Path("/nonexistent"))
    assert SnapshotFolder(tmp_path).list_hosts() == ()


def test_what_could_not_be_listed_is_partial() -> None:
    loaded = declared(FILES)
    modules = json.loads(to_json(build_report(loaded.desired, evidence(), ())))
    unseen = tuple(
        replace(each, state=State.REFUSED, value=None, reason="no") if each.subject == "*" else each
        for each in evidence().items
    )
    found = build_inventory(loaded.desired, evidence(unseen), modules, (), "0")
    assert found.partial == {RowKind.SERVICE, RowKind.UNIT, RowKind.PORT}


def test_the_snapshot_of_fifty_services_is_small() -> None:
    files = {path: text for path, text in FILES.items() if not path.startswith("services/")}
    for number in range(50):
        files[f"services/s{number}.toml"] = FILES["services/feed.toml"].replace("small.feed", f"small.s{number}")
    loaded = declared({path: text for path, text in files.items() if path != "timers.toml"})
    findings = judge_placed(loaded, evidence())
    modules = json.loads(to_json(build_report(loaded.desired, evidence(), findings)))
    inventory = build_inventory(loaded.desired, evidence(), modules, findings, "0")
    _, content = pack(head(), inventory, Attachments(fold(evidence()), dict(files)))
    assert len(content) <= 60_000


def test_a_chain_that_was_taken_holds(store: SnapshotFolder) -> None:
    _, findings = check(store, "box", None, "2026-01-20T00:00:00.000Z")
    assert {each.outcome for each in findings} == {Outcome.HOLDS}


def test_columns_lose_nothing_and_are_refused_where_they_are_damaged() -> None:
    folded = json.loads(json.dumps(fold(evidence())))
    assert dump(unfold(folded, "f")) == dump(evidence())
    short = {**folded, "items": {**folded["items"], "subject": folded["items"]["subject"][1:]}}
    for bad in ({}, short, {**folded, "asks": []}, {**folded, "items": {"state": ["odd"]}}, {**folded, "more": 1}):
        with pytest.raises(InputError, match="its evidence is not what was written"):
            unfold(bad, "f")
