"""Declared accounts, folders and host names → those of one host."""

from qtctl.model.desired_accounts import DesiredAccount, DesiredFolder, DesiredHosts
from qtctl.model.host_defaults import locate_host_key
from qtctl.model.placement import includes_host
from qtctl.model.registry import Registry


def resolve_accounts(registry: Registry, host: str) -> tuple[DesiredAccount, ...]:
    """Sorted by name. A user without a group gets the group of the same name."""
    return tuple(
        DesiredAccount(
            name=name,
            summary=user.summary,
            uid=user.uid,
            group=user.group or name,
            gid=user.gid,
            groups=tuple(sorted({*user.groups} - {user.group or name})),
            home=user.home or "",
            shell=user.shell or "",
            origin=registry.origins["users", name],
        )
        for name, user in sorted(registry.users.items())
        if user.state == "present" and includes_host(registry, user.hosts, host)
    )


def resolve_folders(registry: Registry, host: str) -> tuple[DesiredFolder, ...]:
    """Sorted by path, so that parents come before children. The default group is the primary group of the user."""
    groups = {account.name: account.group for account in resolve_accounts(registry, host)}
    return tuple(
        DesiredFolder(
            path=path,
            mode=folder.mode.zfill(4),
            user=folder.user,
            group=folder.group or groups.get(folder.user, folder.user),
            age=folder.age or "",
            origin=registry.origins["folders", path],
        )
        for path, folder in sorted(registry.folders.items())
        if folder.state == "present" and includes_host(registry, folder.hosts, host)
    )


def resolve_hosts_file(registry: Registry, host: str) -> DesiredHosts | None:
    declared = registry.hosts[host].hosts_file
    if declared is None:
        return None
    origin = locate_host_key(registry, host, "hosts_file")
    return DesiredHosts(tuple(sorted(declared.aliases.items())), declared.cloud_init, origin)
