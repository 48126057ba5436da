"""Which hosts something is declared for."""


def includes(hosts: tuple[str, ...], host: str) -> bool:
    """Whether `hosts`, as a registry says it, holds the host. None named means all of them."""
    return not hosts or host in hosts
