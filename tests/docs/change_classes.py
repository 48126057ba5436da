"""docs/change-classes.md: what puts each directive in force, from the table itself."""

from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.dialects.systemd.table.change_classes import find_change_class
from qtctl.dialects.systemd.table.lookup import list_directives

HEAD = """# What a change needs

This page is generated from qtctl's table of systemd's directives (247 to 257).

When the file of a running unit changes, [a deploy](deploy.md#what-restarts) does what the changed directives need, and
no more: the class that is furthest down in this list.

| class | what the deploy does |
|---|---|
| nothing | the text changes and its meaning does not: comments, order, sections of others (`X-`) |
| re-enable | [Install]: links are made and removed |
| daemon-reload | systemd reads the file again; limits of control groups are set again, timers are worked out again |
| reload | the unit is reloaded: a file system is mounted again with other options, and stays mounted |
| restart | the process is started again |
| recreate | a socket, path, mount or swap is stopped and started again |

What only counts at certain times (a condition, a timeout, a command that stops a service) is in force from the next
such time on. A directive that none of these systemds knows counts as a restart.

"""


def change_classes_markdown() -> str:
    """A section for each section of unit files, with its directives by class."""
    parts = [HEAD.rstrip("\n") + "\n"]
    for section in dict.fromkeys(section for section, _ in list_directives()):
        if section == "Scope":
            continue
        keys = sorted(key for at, key in list_directives() if at == section)
        parts.append(f"\n## [{section}]\n")
        for each in ChangeClass:
            named = [f"`{key}`" for key in keys if find_change_class(section, key) is each]
            if named:
                parts.append(f"\n**{each.value}**: {', '.join(named)}\n")
    return "".join(parts)
