"""Take a snapshot: judge the evidence of a host, and store what was declared, seen and found."""

import json
from dataclasses import replace
from pathlib import Path

from qtctl.adapters.git import read_commit
from qtctl.adapters.person import find_person
from qtctl.adapters.signatures import sign
from qtctl.errors import HostError
from qtctl.flows.audit import judge_placed
from qtctl.flows.declare import Loaded
from qtctl.history.archive import pack, unpack
from qtctl.history.columns import fold
from qtctl.history.take import build_inventory, count_checks, hide_evidence, hide_files, list_moves
from qtctl.interfaces.snapshot_store import SnapshotStore
from qtctl.meaning.registry_digest import digest_registry
from qtctl.model.evidence import Evidence
from qtctl.model.facts import HostBaseline, UnitListing
from qtctl.model.snapshot import Attachments, Snapshot, SnapshotHead, Stored
from qtctl.reports.module_registry import build_report, to_json
from qtctl.version import VERSION


def take(
    store: SnapshotStore, declared: Loaded, evidence: Evidence, *, registry: Path, key: Path | None = None
) -> tuple[Snapshot, str, int]:
    """The snapshot, where it is stored, and its bytes. `key`: signs it. `registry`: where that was read from.

    HostError if the host did not answer: then nothing is stored.
    """
    _must_show(evidence)
    desired = declared.desired
    findings = judge_placed(declared, evidence)
    modules = json.loads(to_json(build_report(desired, evidence, findings)))
    inventory = build_inventory(desired, evidence, modules, findings, VERSION)
    attachments = Attachments(fold(hide_evidence(desired, evidence)), hide_files(desired, declared.files))
    commit = read_commit(registry)
    head = SnapshotHead(
        fleet=desired.fleet,
        host=desired.host,
        address=evidence.address,
        taken_at=evidence.taken_at,
        number=1,
        previous="",
        signed=key is not None,
        by=find_person().by,
        qtctl_version=VERSION,
        registry=digest_registry(desired),
        commit=f"{commit.commit}{' with changes' if commit.dirty else ''}",
        checks=count_checks(findings),
        moved=list_moves(declared.registry.legacy, desired),
    )
    sizes = []

    def build(before: Snapshot | None) -> tuple[Snapshot, Stored]:
        follows = head if before is None else replace(head, number=before.head.number + 1, previous=before.digest)
        _, content = pack(follows, inventory, attachments)
        sizes.append(len(content))
        signature = sign(content, key) if key is not None else b""
        return unpack(content, "the snapshot that was made"), Stored("", content, signature)

    snapshot, where = store.append(desired.host, build)
    return snapshot, where, sizes[-1]


def _must_show(evidence: Evidence) -> None:
    shown = {each.fact for each in evidence.items if each.state.known}
    if not shown & {UnitListing.FACT, HostBaseline.FACT}:
        reason = next((each.reason for each in evidence.items if each.reason), "")
        what = f"it could not be read, so no snapshot was taken: {reason or 'it did not answer'}"
        raise HostError(what, host=evidence.host, hint="" if reason else "qtctl audit says what is in the way")
