"""The shipped registry for several hosts that must have the same."""

import re
from collections.abc import Mapping, Sequence


def write_fleet_of(files: Mapping[str, bytes], names: Sequence[str]) -> dict[str, bytes]:
    """A registry of one host, with its host under each of these names, and everything placed on them by a tag."""
    text = files["hosts.toml"].decode()
    found = re.search(r"^\[([^\].]+)\]", text, re.MULTILINE)
    assert found is not None
    text = text.partition(f"[{found[1]}.hosts_file]")[0]  # no two hosts with one are alike
    hosts = "\n".join(text.replace(f"[{found[1]}]", f'[{name}]\ntags = ["fleet"]') for name in names)
    return {
        **{path: _place(path, content, found[1]) for path, content in files.items()},
        "hosts.toml": hosts.encode(),
    }


def _place(path: str, content: bytes, host: str) -> bytes:
    if not path.endswith(".toml"):
        return content
    text = content.decode().replace(f'["{host}"]', '["@fleet"]')
    if path.startswith("services/") and not re.search(r"^hosts = ", text, re.MULTILINE):
        text = f'hosts = ["@fleet"]\n{text}'
    return text.encode()
