"""Hosts that must have the same are prepared once: each is asked and judged as if it were the only one."""

from dataclasses import replace

import pytest

from qtctl.adapters.files import locate_shipped, read_registry, read_templates
from qtctl.audit.judge import judge
from qtctl.collect.document import load as load_evidence
from qtctl.fleet import basis as bases
from qtctl.fleet import prepare as room
from qtctl.fleet.basis import Basis, UnknownBasis, find_basis, make_basis, provide
from qtctl.fleet.prepare import find_prepared, prepare
from qtctl.flows.questions import make_inquiry
from qtctl.registry.load import load
from tests.fleet.fleets import write_fleet_of

NAMES = ("aaa", "mid", "zzz")


@pytest.fixture
def basis(monkeypatch: pytest.MonkeyPatch) -> Basis:
    for module, name in ((bases, "_provided"), (room, "_prepared")):
        monkeypatch.setattr(module, name, type(getattr(module, name))())
    files = write_fleet_of(read_registry(locate_shipped("registry")), NAMES)
    made = make_basis(load(files), files, read_templates(None))
    provide(made)
    return made


def test_a_host_like_another_is_asked_and_judged_like_one_by_itself(basis: Basis) -> None:
    path = locate_shipped("recorded") / "evidence.json"
    recorded = load_evidence(path.read_text(), path.name)
    alone = find_prepared(basis.digest, "zzz", "aaa")
    prepare(basis.digest, "aaa")
    shared = find_prepared(basis.digest, "zzz", "aaa")
    assert shared.declared.desired == alone.declared.desired
    ours, theirs = (make_inquiry(each.declared.desired, "zzz", None) for each in (shared, alone))
    assert ours == theirs
    seen = replace(recorded, host="zzz")
    found, expected = (judge(each.declared.desired, seen, only=each.expected) for each in (shared, alone))
    assert found == expected
    assert {check.host for check in found} == {"zzz"}


def test_only_a_few_hosts_are_kept(basis: Basis) -> None:
    for number in range(room._MOST + 2):
        room._prepared[basis.digest, str(number)] = None  # type: ignore[assignment]
    prepare(basis.digest, "mid")
    assert len(room._prepared) == room._MOST
    assert (basis.digest, "mid") in room._prepared


def test_a_basis_that_nobody_provided_is_an_error(basis: Basis) -> None:
    assert find_basis(basis.digest) is basis
    with pytest.raises(UnknownBasis, match="no registry with the digest feed"):
        find_basis("feed")


def test_the_digest_is_of_everything(basis: Basis) -> None:
    changed = {**basis.files, "fleet.toml": basis.files["fleet.toml"] + b"\n"}
    others = (
        make_basis(basis.registry, changed, basis.templates),
        make_basis(basis.registry, basis.files, {**basis.templates, "service.j2": "other"}),
    )
    same = make_basis(basis.registry, dict(sorted(basis.files.items(), reverse=True)), basis.templates)
    assert len({basis.digest, *(other.digest for other in others)}) == 3
    assert same.digest == basis.digest
