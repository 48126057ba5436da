"""qtctl plan on a host: what it says of a change, that it changes nothing, and deploys of a written plan."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from qtctl.reports.schemas import make_schemas
from tests.live.box import Box, Ran, qtctl
from tests.live.registries import changed
from tests.live.test_deploy import ENV, PATH, UNIT, _invocations, _state

pytestmark = pytest.mark.lab

FOREIGN = "/etc/systemd/system/operators-own.service"
FOREIGN_COMES = rf"""
printf '[Unit]\nBindsTo={UNIT}\nAfter={UNIT}\n[Service]\nExecStart=/bin/sleep inf\n' > {FOREIGN}
printf '[Unit]\nPartOf=operators-own.service\n[Service]\nExecStart=/bin/sleep inf\n' > {FOREIGN.replace("own", "two")}
systemctl daemon-reload
systemctl start operators-own.service operators-two.service
"""
FOREIGN_GOES = f"systemctl stop operators-own operators-two; rm {FOREIGN} {FOREIGN.replace('own', 'two')}"
FOREIGN_GOES += "; systemctl daemon-reload"


def plan(box: Box, *argv: str) -> Ran:
    return qtctl("plan", "--host", box.name, *argv)


def document(ran: Ran) -> Any:
    found = ran.json()
    Draft202012Validator(make_schemas()["plan"]).validate(found)
    assert ran.code == found["exit_code"]
    return found


@pytest.fixture
def slower(tmp_path: Path) -> Path:
    return changed(tmp_path / "registry", "services/clm.toml", 'UPDATE_INTERVAL_S = "300"', 'UPDATE_INTERVAL_S = "600"')


def test_nothing_to_do_is_0_and_a_dry_run_is_a_plan(box: Box) -> None:
    ran = plan(box)
    assert (ran.code, ran.err) == (0, f"connecting to {box.name}\n")
    assert "Nothing to change" in ran.out
    dry = qtctl("deploy", "--host", box.name, "--dry-run")
    assert (dry.code, dry.out.strip()) == (0, f"{_name(box)}: nothing to change")


def _name(box: Box) -> str:
    host = json.loads(plan(box, "--format", "json").out)["host"]
    return box.name if host == box.name else f"{box.name}, which stands in for {host}"


def test_a_change_is_1_with_what_goes_with_it_and_nothing_is_touched(box: Box, slower: Path) -> None:
    """Also units of others that depend on what restarts, and those that depend on them."""
    box.sh(FOREIGN_COMES)
    try:
        before = _state(box)
        ran = plan(box, "--registry", str(slower), "--format", "json")
        found = document(ran)
        assert (ran.code, found["conclusion"]) == (1, "changes"), ran.err
        steps = {(step["kind"], step["subject"]): step for step in found["steps"]}
        restart = steps["restart", UNIT]
        assert [(each["unit"], each["effect"], each["by"], each["declared"]) for each in restart["drags"]] == [
            ("operators-own.service", "restarts", f"BindsTo={UNIT}", False),
            ("operators-two.service", "restarts", "PartOf=operators-own.service", False),
        ]
        assert "restarts too: operators-own.service, operators-two.service" in restart["why"]
        env = steps["write", ENV]
        assert (env["seen"], env["file"]["sha256"], env["diff"]) == (None, None, None)
        assert "UPDATE_INTERVAL_S" not in ran.out
        assert _state(box) == before
    finally:
        box.sh(FOREIGN_GOES)


def test_what_a_deploy_would_refuse_is_4(box: Box) -> None:
    kept = box.sh(f"cat {PATH}")
    box.sh(f"printf '[Service]\\nExecStart=/bin/true\\n' > {PATH}")
    try:
        ran = plan(box, "--format", "json")
        found = document(ran)
        assert (ran.code, found["conclusion"], [each["subject"] for each in found["refusals"]]) == (
            4,
            "refused",
            [PATH],
        )
        assert f"{PATH}: there is a file that qtctl did not write" in ran.err
    finally:
        box.sh(f"cat > {PATH} <<'EOF'\n{kept}EOF\ntouch -d '2020-01-01' {PATH}")


def test_a_host_that_is_not_reached_is_3() -> None:
    ran = qtctl("plan", "--host", "nowhere.invalid")
    assert (ran.code, ran.out) == (3, "")


def test_a_written_plan_is_carried_out_as_it_is_or_not_at_all(box: Box, slower: Path, tmp_path: Path) -> None:
    file, registry = tmp_path / "box.plan", ("--registry", str(slower))
    assert plan(box, *registry, "--out", str(file)).code == 1
    Draft202012Validator(make_schemas()["plan"]).validate(json.loads(file.read_text()))

    other = qtctl("deploy", "--host", box.name, "--plan", str(file), "--yes")
    assert other.code == 2
    assert "the registry has changed since it was planned" in other.err

    before, kept = _invocations(box), box.sh(f"cat {ENV}")
    box.sh(f"echo 'BY_HAND=1' >> {ENV}")
    try:
        refused = qtctl("deploy", "--host", box.name, *registry, "--plan", str(file), "--yes")
        assert refused.code == 4
        assert f"{ENV}: `write {ENV}` was planned for another state of the host" in refused.err
        assert box.sh(f"tail -n 1 {ENV}") == "BY_HAND=1\n"
        assert _invocations(box) == before
        box.sh(f"systemctl stop {UNIT}")
        refused = qtctl("deploy", "--host", box.name, *registry, "--plan", str(file), "--yes")
        assert refused.code == 4
        assert f"{UNIT}: `restart {UNIT}` was planned, and is not what the host needs now" in refused.err
        assert f"{UNIT}: `start {UNIT}` was not planned, and the host needs it now" in refused.err
        box.sh(f"cat > {ENV} <<'EOF'\n{kept}EOF\nsystemctl start {UNIT}")
        assert plan(box, *registry, "--out", str(file)).code == 1
        done = qtctl("deploy", "--host", box.name, *registry, "--plan", str(file), "--yes")
        assert done.code == 0, done.err
        again = qtctl("deploy", "--host", box.name, *registry, "--plan", str(file), "--yes")
        assert again.code == 4
        assert f"`write {ENV}` was planned, and is not what the host needs now" in again.err
    finally:
        healed = qtctl("deploy", "--host", box.name, "--yes")
        assert healed.code == 0, healed.err
        box.sh("rm -rf /var/lib/qtctl")


BAD = {
    "nothing": "",
    "no plan": '{"schema_version": 1}',
    "of another version": None,
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_is_no_plan_is_2(case: str, box: Box, tmp_path: Path) -> None:
    file = tmp_path / "x.plan"
    if BAD[case] is None:
        assert plan(box, "--out", str(file)).code == 0
        file.write_text(file.read_text().replace('"qtctl_version": "', '"qtctl_version": "9'))
    else:
        file.write_text(BAD[case] or "")
    ran = qtctl("deploy", "--host", box.name, "--plan", str(file), "--yes")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1), ran.err
    assert ran.err.startswith(f"error: {file}: ")
