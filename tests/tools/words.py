"""The commands, options and words of other tools: asked of the tool itself, or read from its source.

`python -m tests.tools.words NAME FOLDER` records those of a tool that the tests do not install, from its source.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import yaml

RECORDED = Path(__file__).parent / "recorded.json"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
BIN = Path(sys.executable).parent
Words = set[str]
COMPOSE = """\
services:
  api:
    image: shop/api
    depends_on: [redis]
    restart: always
    healthcheck: {test: ["CMD", "true"]}
    environment: {LOG_LEVEL: INFO}
    env_file: []
    secrets: [token]
    mem_limit: 512m
    cpus: 2
    pids_limit: 100
    cap_drop: [ALL]
    read_only: true
    profiles: [web]
  redis: {image: redis, profiles: [web]}
secrets: {token: {file: ./token}}
"""
"""A file that Compose accepts, with every key that the page names."""


@cache
def print_help(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def ask_ansible(line: str) -> Words:
    program = line.split(maxsplit=1)[0]
    spec = find_spec("ansible")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    modules = {f"ansible.builtin.{path.stem}" for path in (package / "modules").glob("*.py")}
    modules.add("ansible.builtin.template")
    keywords = set(yaml.safe_load((package / "keyword_desc.yml").read_text()))
    folders = set(re.findall(r"\w+_vars\b", (package / "plugins/vars/host_group_vars.py").read_text()))
    if not program.startswith("ansible-"):
        return modules | keywords | folders
    return {program, *OPTION.findall(print_help(str(BIN / program), "--help"))}


def ask_systemctl(line: str) -> Words:
    program = line.split(maxsplit=1)[0]
    text = print_help(program, "--help")
    return {program, *OPTION.findall(text), *re.findall(r"^  (?:\S+ )*?([a-z][a-z-]+)(?= |$)", text, re.MULTILINE)}


def ask_compose(line: str) -> Words:
    words = line.split()
    if words[:2] != ["docker", "compose"]:
        whole = yaml.safe_load(COMPOSE)
        return {"compose.yaml", *whole["services"]["api"]} if compose_accepts(COMPOSE) else set()
    text = print_help(str(BIN / "docker-compose"), words[2], "--help")
    assert f"docker compose {words[2]} " in text, f"Compose has no command {words[2]}"
    return {"docker", "compose", words[2], *OPTION.findall(text)}


@cache
def compose_accepts(text: str) -> bool:
    done = subprocess.run(
        [BIN / "docker-compose", "-f", "-", "config", "--quiet"],
        input=text,
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def read_goss(folder: Path) -> Words:
    program = (folder / "cmd/goss/goss.go").read_text()
    names = set(re.findall(r'Name: +"([a-z-]+)"', program))
    resource = "\n".join(path.read_text() for path in (folder / "resource").glob("*.go"))
    keys = set(re.findall(r'ResourceKey += +"([a-z-]+)"', resource)) | set(
        re.findall(r'(?:json|yaml):"([a-z-]+)', resource)
    )
    return {"goss", *names, *(f"--{name}" for name in names), *keys}


def read_inspec(folder: Path) -> Words:
    text = "\n".join((folder / "lib/inspec" / name).read_text() for name in ("cli.rb", "base_cli.rb"))
    commands = set(re.findall(r'desc "([a-z_]+)', text))
    options = {f"--{name.replace('_', '-')}" for name in re.findall(r"option :([a-z_]+)", text)}
    resources = {path.stem for path in (folder / "lib/inspec/resources").glob("*.rb")}
    return {"inspec", *commands, *options, *resources, *re.findall(r"def (impact)", _read(folder, "rule.rb"))}


def _read(folder: Path, name: str) -> str:
    return (folder / "lib/inspec" / name).read_text()


def read_deploy_rs(folder: Path) -> Words:
    text = (folder / "src/cli.rs").read_text()
    struct = text.partition("pub struct Opts {")[2].partition("\n}\n")[0]
    options = {f"--{name.replace('_', '-')}" for name in re.findall(r"^    ([a-z_]+): ", struct, re.MULTILINE)}
    return {"deploy", *options, *re.findall(r'"([a-zA-Z]+)": \{', (folder / "interface.json").read_text())}


def read_pyinfra(folder: Path) -> Words:
    """`folder`: the package, with `help.txt`, what `pyinfra --help` prints, in it."""
    text = (folder / "help.txt").read_text()
    operations = {
        f"{path.stem}.{name}"
        for path in (folder / "operations").glob("*.py")
        for name in re.findall(r"^def ([a-z]\w*)\(", path.read_text(), re.MULTILINE)
    }
    facts = {
        f"{path.stem}.{name}"
        for path in (folder / "facts").glob("*.py")
        for name in re.findall(r"^class (\w+)\(", path.read_text(), re.MULTILINE)
    }
    commands = set(re.findall(r"pyinfra INVENTORY ([a-z-]+)", text))
    return {"pyinfra", *OPTION.findall(text), *operations, *facts, *commands}


ASKED: dict[str, Callable[[str], Words]] = {
    "ansible": ask_ansible,
    "docker-compose": ask_compose,
    "systemctl": ask_systemctl,
}
READ: dict[str, Callable[[Path], Words]] = {
    "deploy-rs": read_deploy_rs,
    "goss": read_goss,
    "inspec": read_inspec,
    "pyinfra": read_pyinfra,
}
VALUE = re.compile(r".*[A-Z:/=.#\d].*")


def find_unknown(line: str, known: Words) -> list[str]:
    """The program, the command and the options of a line that the tool does not have. Values are not looked at."""
    words = line.split()
    if len(words) == 1:
        return [] if line in known else [line]
    first = words[: 2 if words[1].startswith("-") else 3]
    named = [word for word in words if word.startswith("--") or word in first]
    return [word for word in named if word not in known and not (word != words[0] and VALUE.fullmatch(word))]


def load_recorded(name: str) -> Words:
    return set(json.loads(RECORDED.read_text())[name]["words"])


def main() -> None:
    name, folder, version = sys.argv[1:]
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    recorded[name] = {"version": version, "words": sorted(READ[name](Path(folder)))}
    RECORDED.write_text(json.dumps(dict(sorted(recorded.items())), indent=0) + "\n")


if __name__ == "__main__":
    main()
