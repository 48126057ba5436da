"""A container that runs on a host, as its docker command describes it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunningContainer:
    """`service`, `project`: those of its compose file, '' for none. `status`: running, paused, restarting.

    `restart`: its restart policy (no, on-failure, unless-stopped, always). `auto_remove`: it is gone once stopped.
    `swarm`: the swarm service that it belongs to, '' for none. `ports`: published on the host, `8001/tcp`.
    """

    id: str
    name: str
    service: str = ""
    project: str = ""
    status: str = "running"
    restart: str = "no"
    auto_remove: bool = False
    swarm: str = ""
    ports: tuple[str, ...] = ()
