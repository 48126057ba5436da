"""An inventory → hosts.toml, and what was left out of it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from qtctl.adopt.registry import HostFacts
from qtctl.dialects.endpoints import LOCAL, is_account, is_address, is_port, is_tag, is_target
from qtctl.dialects.inventory.ini import parse_ini
from qtctl.dialects.inventory.ssh_config import parse_ssh_config
from qtctl.dialects.inventory.tree import Entry, Tree, Variable
from qtctl.dialects.inventory.yaml_form import parse_yaml
from qtctl.dialects.secrets import is_secret_name

ADDRESSES = ("ansible_host", "ansible_ssh_host")
PORTS = ("ansible_port", "ansible_ssh_port")
ACCOUNTS = ("ansible_user", "ansible_ssh_user")
TAKEN = frozenset((*ADDRESSES, *PORTS, *ACCOUNTS))
_SECRET = re.compile(r"pass(word|phrase|wd)?$|become_pass|vault|token|secret|private_key(?!_file)", re.IGNORECASE)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
NEVER = "may hold a secret: it is never copied"


@dataclass(frozen=True, slots=True)
class Left:
    """A variable or group that is not in hosts.toml. `hosts`: how many have it; `why`: the reason, never the value."""

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
    if file.endswith((".yml", ".yaml")):
        return parse_yaml(text, file)
    if re.search(r"^\s*Host[\s=]", text, re.MULTILINE) and not re.search(r"^\s*\[", text, re.MULTILINE):
        return parse_ssh_config(text, file)
    return parse_ini(text, file)


def adopt_inventory(tree: Tree) -> AdoptedHosts:
    """InputError for a host whose name is not valid in a registry."""
    entries = tree.list_entries()
    left: dict[tuple[str, str], Left] = {}
    blocks = []
    for name, entry in entries.items():
        if not is_target(name) or name == LOCAL:
            raise tree.fail(f"{name[:100]!r} is not a valid host name", entry.line, "a host name, as ssh takes it")
        for each in _list_left(entry):
            known = left.setdefault((each.name, each.why), each)
            if known is not each:
                left[each.name, each.why] = replace(known, hosts=known.hosts + 1)
        blocks.append(_write_host(name, entry))
    tags = sorted({group for entry in entries.values() for group in entry.groups if is_tag(group)})
    if not blocks:
        raise tree.fail("it has no hosts", 1)
    rest = sorted(left.values(), key=lambda each: (each.line, each.name, each.why))
    return AdoptedHosts("\n".join(blocks), len(entries), tuple(tags), tuple(rest))


def _write_host(name: str, entry: Entry) -> str:
    default = HostFacts(name, name)
    address, port = _take(entry, ADDRESSES, is_address), _take(entry, PORTS, _is_port)
    account = _take(entry, ACCOUNTS, is_account)
    guessed = [key for key, known in (("address", address), ("deploy_user", account)) if known is None]
    guessed = [*guessed, "audit_user", "memory", "cpus", "systemd", "timezone"]
    tags = [group for group in entry.groups if is_tag(group)]
    lines = [
        f"[{name if _BARE.fullmatch(name) else _quote(name)}]",
        f"address = {_quote(address or name)}",
        *([f"ssh_port = {int(port)}"] if port is not None else ()),
        *([f"tags = [{', '.join(map(_quote, tags))}]"] if tags else ()),
        f"audit_user = {_quote(default.audit_user)}",
        f"deploy_user = {_quote(account or default.deploy_user)}",
        f"memory = {_quote(default.memory)}",
        f"cpus = {default.cpus}",
        f"guessed = [{', '.join(map(_quote, guessed))}]",
    ]
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    return json.dumps(text)


def _take(entry: Entry, names: tuple[str, ...], holds: Callable[[str], bool]) -> str | None:
    found = _find(entry.variables, names)
    return found[1].text if found is not None and _explain(*found, holds) == "" else None


def _find(variables: Mapping[str, Variable], names: tuple[str, ...]) -> tuple[str, Variable] | None:
    return next(((name, variables[name]) for name in names if name in variables), None)


def _explain(name: str, variable: Variable, holds: Callable[[str], bool]) -> str:
    """Why a variable is not taken; '' if it is."""
    if variable.text is None:
        return "is encrypted" if variable.encrypted else "is no plain text"
    if "{{" in variable.text or "{%" in variable.text:
        return "is a template"
    return "" if holds(variable.text) else f"is not what {name} can be in a registry"


def _is_port(text: str) -> bool:
    return text.isdecimal() and len(text) <= len("65535") and is_port(int(text))


def _list_left(entry: Entry) -> Iterator[Left]:
    for names, holds in ((ADDRESSES, is_address), (PORTS, _is_port), (ACCOUNTS, is_account)):
        found = _find(entry.variables, names)
        if found is not None and (why := _explain(*found, holds)):
            yield Left(found[0], found[1].line, 1, why)
    for name, variable in entry.variables.items():
        if name in TAKEN:
            continue
        secret = variable.encrypted or _SECRET.search(name) is not None or is_secret_name(name)
        yield Left(
            name, variable.line, 1, "may hold a secret: it is never copied" if secret else "has no key in hosts.toml"
        )
    for group in entry.groups:
        if not is_tag(group):
            yield Left(group, entry.line, 1, "is a group whose name cannot be a tag")
