"""Adoption of texts: what most tests of it begin with."""

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from qtctl.adapters.files import locate_shipped, read_templates, read_text
from qtctl.adopt.adoption import Fate
from qtctl.adopt.merged_units import Selection
from qtctl.adopt.registry import HostFacts
from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.flows.adopt import Adopted, Into, Source, adopt_units, declare_rendered
from qtctl.flows.schemas import make_registry_schemas, read_meanings
from qtctl.model.adoption import Found, UnitState

HOST = "host-1"


@cache
def into() -> Into:
    schemas = make_registry_schemas(read_meanings(read_text(locate_shipped("keys.toml"))))
    return Into("shop", HostFacts(HOST, HOST), schemas, read_templates(None))


def found(texts: Mapping[str, str | bytes], links: Mapping[str, str] | None = None) -> tuple[Found, ...]:
    files = [Found(path, text if isinstance(text, bytes) else text.encode()) for path, text in texts.items()]
    return (*files, *(Found(path, link=target) for path, target in (links or {}).items()))


def adopt(
    texts: Mapping[str, str | bytes],
    links: Mapping[str, str] | None = None,
    *,
    prefer: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    states: Mapping[str, UnitState] | None = None,
) -> Adopted:
    return adopt_units(Source("here", found(texts, links), states or {}), Selection(252, only, prefer), into())


def table(adopted: Adopted, path: str) -> dict[str, Any]:
    """A document of the registry, or with file#entry one table of it."""
    file, _, entry = path.partition("#")
    document = tomllib.loads(adopted.files[file].decode())
    return dict(document[entry]) if entry else document


def rendered(adopted: Adopted) -> dict[str, str]:
    """Unit or drop-in → its text, by path below /etc/systemd/system."""
    texts = {path: text.decode() for path, text in adopted.files.items() if path.endswith(".toml")}
    below = "/etc/systemd/system/"
    files = declare_rendered(texts, into()).files
    return {file.path.removeprefix(below): file.content.decode() for file in files if file.path.startswith(below)}


def place_of(finding: Finding) -> Place:
    assert isinstance(finding.place, Place)
    return finding.place


def findings(adopted: Adopted) -> set[tuple[str, int | None]]:
    """(id, line) of each finding."""
    return {(each.id, place_of(each).line) for each in adopted.adoption.judgments if each.id}


def fates(adopted: Adopted, path: str) -> dict[int, Fate]:
    (file,) = (each for each in adopted.adoption.files if each.path == path)
    return {each.line: each.fate for each in file.lines}
