"""What a rollback starts again while Docker hangs."""

from pathlib import Path

import pytest

from tests.remote.host_script import run_script, write_generation, write_script

PARTS = ("trail.sh", "damaged.sh", "transaction.sh", "docker.sh", "pools.sh", "restore.sh")
STUBS = """
containers=' 0:abc' containers_s=2
compare_units() { to_start=a.service to_restart='' to_forget='' worse='' coming='' invocations=x; }
look_before_start() { :; }
record_started() { :; }
run_systemctl() { echo "systemctl $1" >>$base/order; }
"""


@pytest.mark.parametrize(("answers", "ended"), [("false", "failed"), ("answer=true", "ended")])
def test_units_are_started_before_docker_has_answered(tmp_path: Path, answers: str, ended: str) -> None:
    write_generation(tmp_path, 2, "web", outcome="")
    docker = f"run_docker() {{ sleep 1; echo docker >>$base/order; said=hung; {answers}; }}"
    tries = "if use_generation 2 bring_back; then echo ended; else echo failed; fi"
    done = run_script(write_script(tmp_path, PARTS, f"{STUBS}{docker}\n{tries}"))
    assert done.stdout == f"{ended}\n", done.stderr
    order = (tmp_path / "order").read_text().splitlines()
    assert order.index("systemctl restart") < order.index("docker")
    told = (tmp_path / "gen/2/journal").read_text() if ended == "failed" else ""
    assert ("worse\tcontainer:abc" in told) is (ended == "failed")
