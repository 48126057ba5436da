"""An inventory → hosts.toml, and what was left out of it."""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from qtctl.adopt.registry import HostFacts
from qtctl.dialects.endpoints import (
    LOCAL,
    TAG_SIGN,
    is_account,
    is_address,
    is_declared_name,
    is_ip_address,
    is_port,
    is_tag,
    is_target,
)
from qtctl.dialects.inventory.ini import parse_ini
from qtctl.dialects.inventory.ssh_config import parse_ssh_config
from qtctl.dialects.inventory.tree import ALL, Entry, Tree, Unused, Variable
from qtctl.dialects.inventory.yaml_form import parse_yaml
from qtctl.dialects.secrets import is_secret_name
from qtctl.model.host_defaults import EVERY

ADDRESSES = ("ansible_host", "ansible_ssh_host")
PORTS = ("ansible_port", "ansible_ssh_port")
ACCOUNTS = ("ansible_user", "ansible_ssh_user")
TAKEN = frozenset((*ADDRESSES, *PORTS, *ACCOUNTS))
_SECRET = re.compile(r"pass(word|phrase|wd)?$|become_pass|vault|token|secret|private_key(?!_file)", re.IGNORECASE)
_YAML = re.compile(r"(?:\s*#.*\n|\s*\n)*(?:---\s|\{|[A-Za-z_][\w.-]*:[ \t]*(?:#.*)?$)", re.MULTILINE)
_SSH = re.compile(
    r"^[ \t]*(?:(?:Host|Match|Include)[ \t]+[^\s=#][^=#\n]*(?:#.*)?$|Host[ \t]*=)", re.MULTILINE | re.IGNORECASE
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
NEVER = "may hold a secret: it is never copied"


@dataclass(frozen=True, slots=True)
class Left:
    """A variable or group that is not in hosts.toml. `hosts`: how many have it, 0 for a part of the file that is of no
    host; `why`: the reason, never the value.
    """

    name: str
    line: int
    hosts: int
    why: str


@dataclass(frozen=True, slots=True)
class AdoptedHosts:
    """`text`: the content of hosts.toml."""

    text: str
    hosts: int
    tags: tuple[str, ...]
    left: tuple[Left, ...]


def read_inventory(text: str, file: str) -> Tree:
    """Parse YAML, an ssh configuration or INI, whichever the name or the text looks like. InputError with its line."""
    if file.endswith((".yml", ".yaml", ".json")) or _YAML.match(text):
        return parse_yaml(text, file)
    if _SSH.search(text) and not re.search(r"^\s*\[", text, re.MULTILINE):
        return parse_ssh_config(text, file)
    return parse_ini(text, file)


def adopt_inventory(tree: Tree) -> AdoptedHosts:
    """InputError for a host whose name is not valid in a registry."""
    entries = tree.list_entries()
    left: dict[tuple[str, str], Left] = {}
    for name, entry in entries.items():
        _check_name(tree, name, entry.line)
        for each in _list_left(tree, entry):
            known = left.setdefault((each.name, each.why), each)
            if known is not each:
                left[each.name, each.why] = replace(known, hosts=known.hosts + 1)
    if not entries:
        raise tree.fail("it has no hosts", 1)
    tags = sorted({group for entry in entries.values() for group in entry.groups if is_tag(group)})
    rest = sorted([*left.values(), *map(_leave, tree.unused)], key=lambda each: (each.line, each.name, each.why))
    return AdoptedHosts(_write_hosts(tree, entries), len(entries), tuple(tags), tuple(rest))


def _check_name(tree: Tree, name: str, line: int) -> None:
    """InputError for a host that a registry cannot have."""
    if is_declared_name(name) and is_target(name) and name != LOCAL:
        return
    example = f"{name[:100]} can be its address: give it a name"
    hint = example if is_ip_address(name) else "a host name that ssh accepts"
    raise tree.fail(f"{name[:100]!r} is not a valid host name", line, hint)


def _leave(each: Unused) -> Left:
    return Left(each.name, each.line, 0, each.why)


def _write_hosts(tree: Tree, entries: Mapping[str, Entry]) -> str:
    """Hosts.toml: what hosts have in common in tables of defaults, for all or for a tag."""
    default = HostFacts("", "")
    tables: dict[str, dict[str, str]] = {
        EVERY: {"audit_user": _quote(default.audit_user), "memory": _quote(default.memory), "cpus": str(default.cpus)}
    }
    guessed: dict[str, list[str]] = {EVERY: [*tables[EVERY], "systemd", "timezone"]}
    members = _list_members(entries)
    for name, entry in entries.items():
        address = _take(entry.variables, ADDRESSES, is_address)
        tables[name] = {"address": _quote(address or name)}
        guessed[name] = [] if address else ["address"]
        if tags := [group for group in entry.groups if is_tag(group)]:
            tables[name]["tags"] = f"[{', '.join(map(_quote, tags))}]"
    for key, names, holds in _KEYS:
        told = {name: _take(entry.variables, names, holds) for name, entry in entries.items()}
        written = {name for name, group in tree.groups.items() if _find(group.variables, names)}
        shared = share_values(told, members, _take(tree.groups[ALL].variables, names, holds), written)
        for table, value in shared.items():
            if value is not None:
                tables.setdefault(table, {})[key] = _quote(value) if key == USER else str(int(value))
            elif key == USER:
                tables[table][key] = _quote(default.deploy_user)
                guessed[table].append(key)
    order = sorted((name for name in tables if name not in entries), key=lambda name: (name != EVERY, name))
    return "\n".join(_write_table(name, tables[name], guessed.get(name, ())) for name in (*order, *entries))


def _list_members(entries: Mapping[str, Entry]) -> dict[str, list[str]]:
    """Tag → its hosts."""
    found: dict[str, list[str]] = {}
    for name, entry in entries.items():
        for group in filter(is_tag, entry.groups):
            found.setdefault(group, []).append(name)
    return found


def share_values(
    told: Mapping[str, str | None], members: Mapping[str, list[str]], of_all: str | None, written: Collection[str]
) -> dict[str, str | None]:
    """Table of hosts.toml → value of a key, so few that nothing is repeated. None, for all hosts: no value is known.

    A tag has a value only if all its hosts have it, so no two tags can disagree. `of_all`: the value of the group
    `all`; `written`: groups that set the key themselves.
    """
    values = {*told.values()}
    every = values if len(values) == 1 else values & {None} or values & {of_all}
    found: dict[str, str | None] = dict.fromkeys((EVERY,), next(iter(every))) if every else {}
    left = {host for host, value in told.items() if value not in every}
    uniform = {tag: hosts for tag, hosts in members.items() if len({told[host] for host in hosts}) == 1}
    for tag in sorted(uniform, key=lambda each: (-len(uniform[each]), each)):
        reached = left.intersection(uniform[tag])
        if len(reached) > 1 or (reached and tag in written):
            found[f"{TAG_SIGN}{tag}"] = told[uniform[tag][0]]
            left -= reached
    for value, hosts in Counter(told[host] for host in sorted(left)).most_common(1):
        if EVERY not in found and hosts > 1:
            found[EVERY] = value
            left = {host for host in left if told[host] != value}
    return found | {host: told[host] for host in told if host in left}


def _write_table(name: str, values: Mapping[str, str], guessed: Collection[str]) -> str:
    lines = [f"[{name if _BARE.fullmatch(name) else _quote(name)}]"]
    lines += [f"{key} = {values[key]}" for key in _ORDER if key in values]
    lines += [f"guessed = [{', '.join(map(_quote, guessed))}]"] if guessed else []
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    return json.dumps(text)


def _take(variables: Mapping[str, Variable], names: tuple[str, ...], holds: Callable[[str], bool]) -> str | None:
    found = _find(variables, names)
    return found[1].text if found is not None and _explain(*found, holds) == "" else None


def _find(variables: Mapping[str, Variable], names: tuple[str, ...]) -> tuple[str, Variable] | None:
    return next(((name, variables[name]) for name in names if name in variables), None)


def _explain(name: str, variable: Variable, holds: Callable[[str], bool]) -> str:
    """Why a variable is not taken; '' if it is."""
    if variable.text is None:
        return "is encrypted" if variable.encrypted else "is not plain text"
    if "{{" in variable.text or "{%" in variable.text:
        return "is a template"
    return "" if holds(variable.text) else f"is not what {name} can be in a registry"


def _is_port(text: str) -> bool:
    return text.isdecimal() and len(text) <= len("65535") and is_port(int(text))


USER = "deploy_user"
_KEYS = (("ssh_port", PORTS, _is_port), (USER, ACCOUNTS, is_account))
"""Key, the variables that set it, and what a value must be."""
_ORDER = ("address", "ssh_port", "tags", "audit_user", USER, "memory", "cpus")


def _list_left(tree: Tree, entry: Entry) -> Iterator[Left]:
    for names, holds in ((ADDRESSES, is_address), (PORTS, _is_port), (ACCOUNTS, is_account)):
        found = _find(entry.variables, names)
        if found is None:
            continue
        name = tree.names.get(found[0], found[0])
        if why := _explain(name, found[1], holds):
            yield Left(name, found[1].line, 1, why)
    for name, variable in entry.variables.items():
        if name in TAKEN:
            continue
        secret = variable.encrypted or _SECRET.search(name) is not None or is_secret_name(name)
        yield Left(tree.names.get(name, name), variable.line, 1, NEVER if secret else "has no key in hosts.toml")
    for group in entry.groups:
        if not is_tag(group):
            yield Left(group, entry.line, 1, "is a group whose name cannot be a tag")
