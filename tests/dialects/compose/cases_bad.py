"""Compose files that are none: name → (text, what each error says, with its line)."""

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

ALL_AT_ONCE = """\
services:
  a: image
  b:
  c:
    environment:
      - SECRET: hunter2
  d:
    ports: 8000:8000
    depends_on: [[x]]
    build: [x]
    env_file: [{required: true}]
    environment: {A: [hunter2]}
    deploy: {resources: 1}
    volumes: [[x]]
    ports_: []
"""

FORMS_AT_ONCE = """\
services:
  a:
    image: x
    ports:
      - 80:x
      - 1:1
      - 2:2/x
    user: a
    devices: [a:b:c:d]
  b:
    image: x
    build: {additional_contexts: [hunter2]}
"""
VALUES_AT_ONCE = """\
services:
  a: {image: x, command: "sh -c 'hunter2"}
  b: {image: x, mem_limit: much}
  c: {image: x, environment: [SECRET =hunter2]}
"""

CASES: dict[str, tuple[str, list[str]]] = {
    "empty": ("", ["f.yml: an empty file (a compose file has `services:`)"]),
    "not-yaml": ("services: [a", ["f.yml:1: not YAML: expected ',' or ']', but got '<stream end>'"]),
    "tab": ("services:\n\ta: 1\n", ["f.yml:2: not YAML: found character '\\t' that cannot start any token"]),
    "control": ("services:\n  a: \x01\n", ["f.yml:2: not YAML: special characters are not allowed"]),
    "surrogate": ("a\n\ud800", ["f.yml:2: not YAML: special characters are not allowed"]),
    "escape": ('a: "\\U0011FFFF"', ["f.yml: not YAML: an invalid escape"]),
    "list": ("- a\n", ["f.yml:1: not a mapping (a compose file has `services:`)"]),
    "scalar": ("services\n", ["f.yml:1: not a mapping (a compose file has `services:`)"]),
    "no-services": ("version: '3'\n", ["f.yml:1: has no `services:` (is it a compose file?)"]),
    "null-services": ("services:\n", ["f.yml:1: services: is not a mapping of name to service"]),
    "list-services": ("services:\n  - a\n", ["f.yml:2: services: is not a mapping of name to service"]),
    "no-service": ("services: {}\n", ["f.yml:1: services: names no service"]),
    "two-documents": (
        "services: {a: {image: x}}\n---\n- b\n",
        ["f.yml:3: not a mapping (a compose file has `services:`)"],
    ),
    "twice": (
        "services:\n  a: {image: x}\n  b: {image: x}\n  a: {image: y}\n",
        ["f.yml:4: a: given twice, first in line 2 (keep one of them)"],
    ),
    "key": ("services:\n  [a, b]: {}\n", ["f.yml:2: a key that is not a string (put it in quotes)"]),
    "number-as-key": ("services:\n  8: {}\n", ["f.yml:2: a key that is not a string (put it in quotes)"]),
    "recursion": (
        "services: &a\n  x: *a\n",
        ["f.yml:2: alias *a is inside the value that it names (a value cannot contain itself)"],
    ),
    "no-anchor": ("services: *nowhere\n", ["f.yml:1: alias *nowhere has no anchor above it"]),
    "bomb": (BOMB, ["f.yml:6: aliases expand to more than 200000 nodes"]),
    "deep": ("a: " + "[" * 100_000, ["f.yml:1: nested deeper than 64 levels"]),
    "tag": ("services: !!python/object/apply:print [x]\n", [
        "f.yml:1: the tag tag:yaml.org,2002:python/object/apply:print is not one that compose files have"
    ]),
    "include": ("include: [x.yml]\nservices: {a: {image: b}}\n", [
        "f.yml:1: include: there is no file /x.yml"
    ]),
    "merge": ("services:\n  a:\n    <<: x\n", ["f.yml:3: <<: merges something that is not a mapping"]),
    "all-at-once": (
        ALL_AT_ONCE,
        [
            "f.yml:2: service a: is not a mapping",
            "f.yml:3: service b: is not a mapping",
            "f.yml:6: services.c.environment: is not a string",
            "f.yml:8: services.d.ports: is not a list",
            "f.yml:9: services.d.depends_on: is not a string",
            "f.yml:10: services.d.build: is not a string or a mapping",
            "f.yml:11: services.d.env_file: has no path",
            "f.yml:12: services.d.environment.A: is not a string or a number or true or false or null",
            "f.yml:13: services.d.deploy.resources: is not a mapping",
            "f.yml:14: services.d.volumes: is not a string or a mapping",
            "f.yml:15: services.d: Compose knows no ports_ here (did you mean ports?)",
        ],
    ),
    "forms-at-once": (
        FORMS_AT_ONCE,
        [
            'f.yml:5: services.a.ports: 80:x: not a port (as in "8001:8001" or "127.0.0.1:8001:8001/tcp")',
            'f.yml:7: services.a.ports: 2:2/x: x is not a protocol (as in "8001:8001" or "127.0.0.1:8001:8001/tcp")',
            "f.yml:9: services.a.devices: a:b:c:d is not a device: write its long form",
            "f.yml:12: services.b.build.additional_contexts: has an entry that is not key=value",
        ],
    ),
    "volume": (
        "services: {a: {image: x, volumes: [aa:bb:cc:dd]}}",
        ["f.yml:1: services.a.volumes: aa:bb:cc:dd: too many colons"],
    ),
    "values-at-once": (
        VALUES_AT_ONCE,
        [
            "f.yml:2: service a: command: has an unclosed quote, or a bracket that needs a shell",
            "f.yml:3: service b: mem_limit: much is not a size, such as 512m",
            "f.yml:4: service c: environment: has a variable SECRET with a space at its end",
        ],
    ),
}  # fmt: skip
