"""Compose files that are none: name → (text, what each error says, with its line)."""

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

MERGED = "give the output of `docker compose config`, which has everything in one file"

ALL_AT_ONCE = """\
services:
  a: image
  b:
  c:
    ports: [80:x, 1:1]
    environment:
      - SECRET: hunter2
      - =hunter2
    command: "sh -c 'hunter2"
  d:
    ports: 8000:8000
    depends_on: [[x]]
    build: [x]
    env_file: [{required: true}]
    environment: {A: [hunter2]}
    deploy: {resources: 1}
    extends: {service: c}
    volumes: [[x]]
    ports_: []
"""

CASES: dict[str, tuple[str, list[str]]] = {
    "empty": ("", ["f.yml: an empty file (a compose file has `services:`)"]),
    "not-yaml": ("services: [a", ["f.yml:1: not YAML: expected ',' or ']', but got '<stream end>'"]),
    "tab": ("services:\n\ta: 1\n", ["f.yml:2: not YAML: found character '\\t' that cannot start any token"]),
    "control": ("services:\n  a: \x01\n", ["f.yml:2: not YAML: special characters are not allowed"]),
    "surrogate": ("a\n\ud800", ["f.yml:2: not YAML: special characters are not allowed"]),
    "escape": ('a: "\\U0011FFFF"', ["f.yml: not YAML: an escape that names no character"]),
    "list": ("- a\n", ["f.yml:1: not a mapping (a compose file has `services:`)"]),
    "scalar": ("services\n", ["f.yml:1: not a mapping (a compose file has `services:`)"]),
    "no-services": ("version: '3'\n", ["f.yml:1: has no `services:` (is it a compose file?)"]),
    "null-services": ("services:\n", ["f.yml:1: services: is not a mapping of name to service"]),
    "list-services": ("services:\n  - a\n", ["f.yml:2: services: is not a mapping of name to service"]),
    "no-service": ("services: {}\n", ["f.yml:1: services: names no service"]),
    "two-documents": (
        "services: {}\n---\nservices: {}\n",
        ["f.yml:2: a second YAML document starts here (a compose file is one document)"],
    ),
    "twice": (
        "services:\n  a: {image: x}\n  b: {image: x}\n  a: {image: y}\n",
        ["f.yml:4: a: said twice, first in line 2 (keep one of them)"],
    ),
    "key": ("services:\n  [a, b]: {}\n", ["f.yml:2: a key that is not a text"]),
    "recursion": (
        "services: &a\n  x: *a\n",
        ["f.yml:2: alias *a stands inside what it names (a value cannot contain itself)"],
    ),
    "no-anchor": ("services: *nowhere\n", ["f.yml:1: alias *nowhere has no anchor above it"]),
    "bomb": (BOMB, ["f.yml:6: aliases expand to more than 200000 nodes"]),
    "deep": ("a: " + "[" * 100_000, ["f.yml:1: nested deeper than 64 levels"]),
    "tag": ("services: !!python/object/apply:print [x]\n", [
        "f.yml:1: the tag tag:yaml.org,2002:python/object/apply:print is not one that compose files have"
    ]),
    "include": ("include: [x.yml]\nservices: {a: {image: b}}\n", [
        f"f.yml:1: include: names other files ({MERGED})"
    ]),
    "merge": ("services:\n  a:\n    <<: x\n", ["f.yml:3: <<: merges something that is not a mapping"]),
    "all-at-once": (
        ALL_AT_ONCE,
        [
            "f.yml:2: service a: is not a mapping",
            "f.yml:3: service b: is not a mapping",
            "f.yml:9: service c: command: has a quote that does not end",
            'f.yml:5: service c: ports: 80:x: not a port (as in "8001:8001" or "127.0.0.1:8001:8001/tcp")',
            "f.yml:7: service c: environment: has an entry that is not NAME or NAME=value",
            "f.yml:8: service c: environment: has an entry that is not NAME or NAME=value",
            f"f.yml:17: service d: extends: takes over another service ({MERGED})",
            "f.yml:13: service d: build: is not a text",
            "f.yml:11: service d: ports: is not a list",
            "f.yml:15: service d: environment: A is not a text",
            "f.yml:14: service d: env_file: has an entry without a path",
            "f.yml:12: service d: depends_on: has an entry that is not a text",
            "f.yml:18: service d: volumes: has an entry that is neither a text nor a mapping",
            "f.yml:16: service d: deploy: resources: is not a mapping",
        ],
    ),
}  # fmt: skip
