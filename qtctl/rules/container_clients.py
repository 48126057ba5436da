"""Which services run containers: what they start is the engine's, not theirs."""

import re

from qtctl.model.service import Service

_RUNS_CONTAINERS = re.compile(
    r"(?:^|[\s/'\"=;&|(`@:+!-])(?:docker|podman|nerdctl|crictl|ctr|containerd|buildah|balena|k3s|kubelet|runc)[\w.-]*"
    r"(?=[\s'\";&|)`]|$)"
)
"""A program of a container engine, or a script named after one."""


def runs_containers(service: Service) -> bool:
    """Judged by its commands and the names of its scripts."""
    commands = service.commands
    texts = [word for key in type(commands).model_fields for command in getattr(commands, key) for word in command]
    run = service.run
    if run is not None:
        texts += [*run.argv, *run.args, *run.lines, run.script or ""]
    return any(_RUNS_CONTAINERS.search(text) for text in texts)
