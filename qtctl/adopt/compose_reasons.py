"""Why compose attributes have no key, and what a person must do about it; and which become notes."""

from typing import Final

_NETWORK = "belongs to a network of containers; services of a host share its network"
_LABEL = "is for tools that inspect containers"
_SWARM = "is for Docker Swarm"
_IMAGE = "is for the image and its container"
_WINDOWS = "is for Windows"

REASONS: Final[dict[str, tuple[str, str]]] = {
    "annotations": (_LABEL, ""),
    "attach": ("is for the terminal of docker compose up", ""),
    "cgroup": (_IMAGE, ""),
    "cgroup_parent": ("is not the name of a slice", "set slice"),
    "configs": ("is a file that Compose puts into the container", "put the file there, on the host"),
    "cpu_count": (_WINDOWS, ""),
    "cpu_percent": (_WINDOWS, ""),
    "cpu_rt_period": ("has no counterpart in systemd", "see CPUSchedulingPolicy="),
    "cpu_rt_runtime": ("has no counterpart in systemd", "see CPUSchedulingPolicy="),
    "credential_spec": (_WINDOWS, ""),
    "deploy": (_SWARM, ""),
    "develop": ("is for development", ""),
    "device_cgroup_rules": ("names devices by their numbers", "set limits.device_allow"),
    "devices": ("is a device under another name", "set limits.device_allow"),
    "dns": ("is the name server of a container; services use that of their host", "check the host's resolver"),
    "dns_opt": ("is for the resolver of a container", "check the host's resolver"),
    "dns_search": ("is for the resolver of a container", "check the host's resolver"),
    "domainname": ("is the name of a container", ""),
    "external_links": (_NETWORK, "see that the name resolves on the host"),
    "gpus": ("gives a container the host's GPUs; services can use them unless a setting forbids it", ""),
    "group_add": ("is not the name of a group", "set supplementary_groups"),
    "hostname": (
        "is a host name for this service alone, which systemd supports only from 258 on",
        "check who reads it",
    ),
    "ipc": ("shares memory with other containers", "see sandbox.private_ipc"),
    "isolation": (_WINDOWS, ""),
    "label_file": (_LABEL, ""),
    "labels": (_LABEL, "see whether a proxy or another tool reads its settings from it"),
    "links": (_NETWORK, "see that the name resolves on the host"),
    "logging": ("is for the log of a container; services log to the journal", "see log, and journald.conf"),
    "mac_address": (_NETWORK, ""),
    "mem_swappiness": ("has no counterpart in systemd", ""),
    "models": ("is a model that Docker runs", "run it on the host, and tell the service where"),
    "networks": (_NETWORK, ""),
    "oom_kill_disable": ("has no counterpart in systemd", "see limits.oom_score_adjust"),
    "pid": ("shares the processes of another container or the host", ""),
    "platform": (_IMAGE, ""),
    "privileged": (
        "gives a container root's privileges",
        "name what it needs: user, sandbox, limits.device_allow",
    ),
    "provider": ("is run by a plugin of Compose", "run it on the host"),
    "pull_policy": (_IMAGE, ""),
    "pull_refresh_after": (_IMAGE, ""),
    "runtime": (_IMAGE, ""),
    "security_opt": ("is for the container", "see sandbox"),
    "shm_size": ("is the size of the container's /dev/shm; services use that of their host", "check its size"),
    "stdin_open": ("is for a terminal", ""),
    "storage_opt": (_IMAGE, ""),
    "sysctls": ("is a setting of a container's kernel namespace", "set it on the host, in /etc/sysctl.d"),
    "tty": ("is for a terminal", "see terminal"),
    "use_api_socket": ("gives a container the socket of Docker", "see whether it is needed"),
    "userns_mode": (_IMAGE, "see sandbox.private_users"),
    "uts": ("is the namespace of a container's host name", ""),
    "volumes_from": ("mounts the volumes of another container", "see that both find their files"),
}
"""Key of a service → why, and what to do. Only for attributes without a registry key."""
OPEN: Final = frozenset({"privileged", "provider", "configs", "models"})
"""Until somebody acts on it, the service is not what it was."""
TOP: Final[dict[str, tuple[str, str]]] = {
    "networks": (_NETWORK, ""),
    "volumes": ("is a volume of Docker", "move what it holds to a folder of the host"),
    "secrets": ("is a secret for services", "put it on the host: qtctl copies no secret"),
    "configs": ("is a file for services", "put it on the host"),
    "models": ("is a model that Docker runs", "run it on the host"),
    "name": ("names the project of Compose", ""),
    "include": ("was read", ""),
}
