"""What is said of containers, taken apart; control groups and processes that are real are in tests/live."""

from qtctl.model.container_facts import Containers
from qtctl.model.evidence import Need, State
from qtctl.probes.answer import Answer
from qtctl.probes.containers import probe
from tests.probes.host import frame

A, B = "a" * 64, "b" * 64


def answer(text: str, exit_: int = 0) -> Answer:
    (found,) = probe([Need("containers", "*")]).parse([frame(text.encode(), exit_=exit_)])
    return found


def test_groups_names_and_ports() -> None:
    said = answer(
        f"c system.slice/docker-{A}.scope\nc docker/{B}\nc memory/docker/{B}\nc user.slice/docker-abc.scope\n"
        f"n {A}\tai-engine\tquantum-ai-engine-1\nn zz\tx\ty\n"
        "p 7:/usr/bin/docker-proxy\np 7:-proto\np 7:tcp\np 7:-host-ip\np 7:0.0.0.0\np 7:-host-port\np 7:8001\n"
        "p 8:docker-proxy\np 8:-proto\np 8:tcp\np 8:-host-port\np 8:99999\np 9:docker-proxy\np 9:-host-port\n"
    )
    assert said.value == Containers(
        {A: f"/sys/fs/cgroup/system.slice/docker-{A}.scope", B: f"/sys/fs/cgroup/memory/docker/{B}"},
        {A: ["ai-engine", "quantum-ai-engine-1"]}, {"8001/tcp": ["7"]},
    )  # fmt: skip


def test_why_docker_names_none() -> None:
    said = answer(f"c docker/{A}\nd only root may\n")
    assert isinstance(said.value, Containers)
    assert (said.value.names, said.value.unnamed) == ({}, "only root may")


def test_no_containers_and_no_control_groups() -> None:
    assert answer("").value == Containers({}, {}, {})
    assert answer("", 3).state is State.REFUSED
