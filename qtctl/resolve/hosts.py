"""Which hosts something is declared for."""


def includes_host(hosts: tuple[str, ...], host: str) -> bool:
    """Whether `hosts` of a registry entry includes the host. An empty list means all hosts."""
    return not hosts or host in hosts
