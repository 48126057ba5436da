"""Hosts of one tag, compared: cases as data (tests/rules/fleet), and what the comparison promises of any hosts."""

import json
import pickle
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.audit.compared import HostTraits, Told, compare, list_needs, read_traits
from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.policy import Policy
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.origin import Origin
from qtctl.model.setting_facts import UnitFiles
from qtctl.model.waiver import Waived
from qtctl.rules.catalogue import list_fleet_rules
from tests.builders.audited import desired, evidence, values

CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted((Path(__file__).parent.parent / "rules" / "fleet").glob("*.json"))
    for case in json.loads(path.read_text())
]
TRAITS = {trait.name: trait for rule in list_fleet_rules() for trait in rule.traits}


def declare(name: str, tags: tuple[str, ...] = ("web",), **changes: Any) -> Desired:
    """A host whose venv has no lock file, and whose checkout has no declared commit."""
    plain = desired()
    return replace(
        plain,
        host=name,
        tags=tags,
        venvs=tuple(replace(venv, packages=None) for venv in plain.venvs),
        code=tuple(replace(code, commit="") for code in plain.code),
        **changes,
    )


def see(name: str, told: dict[str, Any], declared: dict[str, Any]) -> HostTraits:
    want = declare(name, tuple(told.get("tags", ["web"])), **declared)
    inputs = {key: told[key] for key in ("changed", "absent", "refused", "needs_root") if key in told}
    if "files" in told:
        usual = values(want)[Need(UnitFiles.FACT, "*")]
        assert isinstance(usual, UnitFiles)
        more = {"unit.files *": {"files": {**usual.files, **told["files"]}}}
        inputs["changed"] = {**inputs.get("changed", {}), **more}
    return read_traits(want, evidence(want, **inputs), name, Place("hosts.toml", 1))


def judged(case: dict[str, Any]) -> tuple[Finding, ...]:
    hosts = [see(name, told, case.get("declared", {})) for name, told in case["hosts"].items()]
    return compare(hosts, Policy())


@pytest.mark.parametrize("case", CASES)
def test_gives_exactly_what_is_expected(case: dict[str, Any]) -> None:
    rest = [check for check in judged(case) if check.outcome is not Outcome.HOLDS]
    seen = [[each.subject, each.outcome.value, each.severity.value, each.observed] for each in rest]
    assert seen == sorted(case["expect"])


@pytest.mark.parametrize("case", CASES)
def test_every_check_is_whole(case: dict[str, Any]) -> None:
    checks = judged(case)
    assert len({check.fingerprint for check in checks}) == len(checks)
    for check in checks:
        assert (check.host, check.place) == ("", Place("hosts.toml", 1))
        assert (check.reason is not None) == check.outcome.is_open
        assert bool(check.remedy) == (check.outcome is not Outcome.HOLDS)
        if check.outcome is Outcome.BROKEN:
            hosts = {proof.again.split()[1] for proof in check.proof}
            lines = {proof.line for proof in check.proof}
            assert len(hosts) >= 2, "both sides are proven"
            assert len(lines) >= 2, "and differ"


def test_every_trait_has_a_case_of_each_outcome() -> None:
    found = {
        (check.subject.split(" ", 1)[1].partition(" of ")[0], check.outcome)
        for param in CASES
        for check in judged(param.values[0])  # type: ignore[arg-type]
    }
    for name in TRAITS:
        assert (name, Outcome.HOLDS) in found
        assert (name, Outcome.BROKEN) in found
        # A host whose baseline is unknown cannot say which zone it has: the other figures cover this.
        assert (name, Outcome.UNKNOWN) in found or name == "time zone"


def test_what_is_compared_is_asked_only_of_hosts_in_a_group() -> None:
    assert list_needs(declare("a", ())) == ()
    assert {"host", "unit.files", "manager.settings", "venv", "venv.packages", "checkout"} == {
        need.fact for need in list_needs(declare("a"))
    }


def test_what_the_registry_sets_is_not_compared() -> None:
    plain = replace(desired(), tags=("web",))
    assert not {"venv.packages", "checkout"} & {need.fact for need in list_needs(plain)}


def test_policy_and_waivers_apply() -> None:
    case = {"hosts": {"web-1": {}, "web-2": {"changed": {"host host": {"os": "X"}}}}}
    hosts = [see(name, told, {}) for name, told in case["hosts"].items()]
    waiver = Waived("QT721", "@web operating*", "upgrade under way", "Ann", "2026-12-31", Origin("policy.toml"))
    policy = Policy(severities={"QT721": Severity.ERROR}, waivers=(waiver,), today="2026-11-29")
    (check,) = (each for each in compare(hosts, policy) if each.outcome is Outcome.BROKEN)
    assert (check.severity, check.waiver) == (Severity.ERROR, str(waiver))


def test_what_travels_is_small() -> None:
    seen = see("web-1", {"files": {f"unit-{n}.service": "enabled" for n in range(300)}}, {})
    assert len(pickle.dumps(seen)) < 20_000


words = st.none() | st.sampled_from([("a",), ("b",), ("c",)])


@given(st.lists(words, min_size=2, max_size=9))
def test_no_host_is_lost_and_order_does_not_matter(values: list[tuple[str, ...] | None]) -> None:
    hosts = [
        HostTraits(
            f"h{n}", ("t",), Place("hosts.toml", n),
            (Told("kernel", "", value, 1, "2026-01-01T00:00:00Z", "" if value else "refused"),),
        )
        for n, value in enumerate(values)
    ]  # fmt: skip
    (check,) = compare(hosts, Policy())
    assert compare(reversed(hosts), Policy()) == (check,) or check.outcome is not Outcome.BROKEN
    known = {value for value in values if value}
    assert check.outcome is (Outcome.BROKEN if len(known) > 1 else Outcome.UNKNOWN if None in values else Outcome.HOLDS)
    if check.outcome is Outcome.BROKEN:
        observed: Any = check.observed
        expected: Any = check.expected
        named = sum(map(len, observed.values())) + expected.get("hosts", 0)
        assert named == len(values)


@pytest.mark.parametrize("kind", ["loose", "packed", "detached", "worktree"])
def test_the_proof_of_a_commit_needs_no_git(tmp_path: Path, kind: str) -> None:
    """git decides by the config of its owner what it runs; its own answer is the judge."""
    folder = tmp_path / "shop's code"
    run_git(tmp_path, "init", "-q", "-b", "main/v2", str(folder))
    run_git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    if kind == "packed":
        run_git(folder, "pack-refs", "--all")
    if kind == "detached":
        run_git(folder, "checkout", "-q", "--detach")
    if kind == "worktree":
        run_git(folder, "worktree", "add", "-q", "-b", "other", str(tmp_path / "beside"))
        folder = tmp_path / "beside"
        run_git(folder, "commit", "-q", "--allow-empty", "-m", "second")
    head = run_git(folder, "rev-parse", "HEAD").strip()
    (trait,) = (each for rule in list_fleet_rules() for each in rule.traits if each.name == "commit")
    again, line = trait.prove(str(folder), head, (head,))
    assert "git -" not in again
    shown = subprocess.run(["sh", "-c", again], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == line == head


def run_git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
