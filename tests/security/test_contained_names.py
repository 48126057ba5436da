"""Every text of a registry, made hostile one by one: it is refused with its place, or no file leaves its folder.

The registry below has each key that ends up in the name of a file, and many that do not: which ones do is not listed,
but found out.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from qtctl.adapters.analyze import stage_tree
from qtctl.adapters.files import write_tree
from qtctl.contained.folder import Folder, Links
from qtctl.dialects.paths import list_folders
from qtctl.errors import InputError, InputErrors
from qtctl.model.desired import Desired
from qtctl.model.registry import Registry
from qtctl.model.tree import Tree
from qtctl.registry.load import load
from qtctl.render.planned import plan_files
from qtctl.resolve.resolve import resolve
from qtctl.stage.lab import make_lab_tree
from qtctl.stage.verify import verify_tree
from tests.builders.registry import SMALL

MORE = {
    "fleet.toml": SMALL["fleet.toml"],
    "users.toml": '[worker]\nsummary = "W"\nhome = "/srv/worker"\nshell = "/bin/sh"\ngroup = "work"\n',
    "folders.toml": '["/srv/data"]\nsummary = "D"\nuser = "worker"\n',
    "timers.toml": '[night]\nsummary = "N"\nservice = "job"\non_calendar = ["daily"]\n',
    "sockets.toml": '[door]\nsummary = "D"\nservice = "feed"\nlisten = ["stream /run/a"]\nsymlinks = ["/run/b"]\n',
    "paths.toml": '[watch]\nsummary = "W"\nservice = "feed"\npath_exists = ["/srv/in"]\n',
    "slices.toml": '[part]\nsummary = "P"\n',
    "mounts.toml": '[data]\nsummary = "M"\nwhat = "/dev/data"\nwhere = "/srv/mnt"\n',
    "automounts.toml": '[auto]\nsummary = "M"\nwhere = "/srv/auto"\n',
    "swaps.toml": '[swap]\nsummary = "S"\nwhat = "/swap"\n',
    "dropins.toml": '[more]\nunit = "ssh.service"\nunit_env = { A = "b" }\n',
    "legacy/old.toml": 'compose = "old/docker-compose.yml"\n[services.api]\nis = "mapped"\nto = ["api"]\nwhy = "w"\n',
    "services/job.toml": """\
summary = "Job"
state = "on-timer"
type = "oneshot"
user = "worker"
slice = "part"
env_files = ["-/etc/small/more.env"]
env = { JOB = "1" }

[run]
kind = "command"
argv = ["/opt/small/job", "--all"]
cwd = "/var/lib/job"

[commands]
start_pre = [["/opt/small/check", "a"], "/opt/small/line $X"]
stop = [["/usr/bin/python3", "/opt/small/stop.py"]]

[secrets]
env_file = "/etc/small/job.secret.env"
keys = ["KEY"]
credentials = { token = "/etc/small/token" }

[log]
stdout = "append:/var/log/small/job.log"

[sandbox]
read_write_paths = ["/var/lib/small"]
read_only_paths = ["-/srv/read"]

[directories]
state = ["job"]

[install]
wanted_by = ["timers.target"]
alias = ["work.service"]
""",
    "services/many@.toml": """\
summary = "Many %i"
state = "running"
user = "many"
instances = ["one", "two"]

[run]
kind = "exec"
lines = ["/opt/%I/run --name %i"]
cwd = "/srv/%I"

[secrets]
env_file = "/etc/small/%I.env"
keys = ["KEY"]

[sandbox]
read_write_paths = ["/var/lib/%I"]
""",
    "services/script.toml": """\
summary = "Script"
state = "stopped"

[run]
kind = "script"
script = "ops/run.py"
code = "/srv/code"
python = "/usr/bin/python3"
args = ["/srv/args"]
""",
}
TEXTS = {**SMALL, **MORE}
DOCUMENTS: dict[str, dict[str, Any]] = {path: tomllib.loads(text) for path, text in TEXTS.items()}
Path_ = tuple[str | int, ...]


def hostile(value: str) -> tuple[str, ...]:
    return (
        "/abs/../../x", f"../../../../../{value}", f"{value}\n", "x/y", "x\0y", "/x\u2028y", "x" * 300, "-x",
        "/" + "x" * 5000, ".", "..", "", "/..", "-/../x", "%I/../../x.service", f"{value}/../../../../../x",
        "..-..-..-x", r"\x2e\x2e-x", r"x\x0ay",
    )  # fmt: skip


MARKS = ("zz", "/zz", "zz.service")
"""What would show in the name of a file, in whichever form a key takes it."""


def texts_of(node: object, path: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    """Where each text of a document stands; of a table its keys too."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        if isinstance(key, str):
            yield (*path, key, "="), key
        if isinstance(value, str):
            yield (*path, key), value
        yield from texts_of(value, (*path, key))


def put(node: Any, path: Path_, value: str) -> Any:
    """A copy with another text there. A path that ends in `=` is that of a key."""
    first, *rest = path
    if rest == ["="]:
        return {value if key == first else key: each for key, each in node.items()}
    new = put(node[first], tuple(rest), value) if rest else value
    if isinstance(node, dict):
        return {**node, first: new}
    return [new if at == first else each for at, each in enumerate(node)]


PLACES = [(file, path) for file, document in DOCUMENTS.items() for path, _ in texts_of(document)]
BY_FILE = {file: [path for other, path in PLACES if other == file] for file in DOCUMENTS}


def written(registry: Registry) -> tuple[Desired, Tree, Tree]:
    desired = plan_files(resolve(registry, next(iter(registry.hosts))))
    login = desired.login
    return (
        desired,
        verify_tree(desired),
        make_lab_tree(desired, audit_user=login.audit_user, deploy_user=login.deploy_user),
    )


def paths_of(desired: Desired, *trees: Tree) -> set[str]:
    found = {file.path for file in desired.files}
    for tree in trees:
        found |= {each.path for kind in (tree.files, tree.dirs, tree.links) for each in kind}
        found |= {account.home for account in tree.accounts} | {f"sudo/{each.name}" for each in tree.accounts}
    return found


PLAIN = {path: text.encode() for path, text in TEXTS.items()}
USUAL = paths_of(*written(load(PLAIN)))


def judged(files: Mapping[str, bytes]) -> tuple[Desired, Tree, Tree] | None:
    """What is written of them; None if they are refused. An error of a registry has its place."""
    try:
        registry = load(files)
    except InputError as error:
        for each in error.errors if isinstance(error, InputErrors) else (error,):
            assert each.place is not None, each.what
        return None
    try:
        return written(registry)
    except InputError:
        return None


def really(folder: Path, desired: Desired, verify: Tree, lab: Tree) -> None:
    """Written as render, verify and the lab write: each below a folder of its own, and nothing beside those."""
    own = [folder / name for name in ("out", "verify", "lab")]
    for each in own:
        each.mkdir()
    contents = {file.path.lstrip("/"): (b"x", 0o644) for file in desired.files}
    for act in (
        partial(write_tree, own[0], contents),
        partial(stage_tree, own[1], verify),
        partial(_lay_lab, own[2], lab),
    ):
        with suppress(InputError, OSError):
            act()
    assert sorted(folder.iterdir()) == sorted(own)


def _lay_lab(root: Path, tree: Tree) -> None:
    own = os.getuid(), os.getgid()
    with Folder.open(root, Links.ROOTED) as folder:
        for each in tree.dirs:
            folder.make_folder(each.path, 0o755, own)
        for file in tree.files:
            folder.write(file.path, file.content, file.mode)
        for link in tree.links:
            folder.link(link.path, link.target)
        for account in tree.accounts:
            folder.write(f"etc/sudoers.d/{account.name}", b"", 0o440)
            folder.make_folder(f"{account.home}/.ssh", 0o700, own)


def free(file: str, path: Path_) -> bool:
    """Whether anything may stand there, and none of it is in the name of a file."""
    found = [judged(mutated(file, path, mark)) for mark in MARKS]
    return all(each is not None and not paths_of(*each) - USUAL for each in found)


def mutated(file: str, path: Path_, value: str) -> dict[str, bytes]:
    return {**PLAIN, file: tomli_w.dumps(put(DOCUMENTS[file], path, value)).encode()}


@pytest.mark.parametrize("file", BY_FILE)
def test_no_text_of_a_registry_leads_out(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # hundreds of trees
    done: set[frozenset[str]] = set()
    for path in BY_FILE[file]:
        values = hostile(dict(texts_of(DOCUMENTS[file]))[path])
        for value in values[:1] if free(file, path) else values:
            found = judged(mutated(file, path, value))
            new = frozenset(paths_of(*found) - USUAL) if found is not None else frozenset()
            for each in new:
                list_folders(each)  # plain, whatever it was made of
            if found is not None and new and new not in done:
                done.add(new)
                (tmp_path / f"{len(done)}").mkdir()
                really(tmp_path / f"{len(done)}", *found)


def test_it_would_be_seen(tmp_path: Path) -> None:
    """What the registry of this page writes is really written, and its texts really reach the names of files."""
    (tmp_path / "x").mkdir()
    really(tmp_path / "x", *written(load(PLAIN)))
    assert (tmp_path / "x/lab/opt/small/job").is_file()
    assert (tmp_path / "x/verify/opt/one/run").is_file()
    assert (tmp_path / "x/out/etc/small/job.env").is_file()
    for part in (
        "/opt/small/job",
        "/var/lib/job",
        "/etc/small/token",
        "/srv/two",
        "/var/log/small",
        "/srv/code/ops/run.py",
    ):
        assert part in USUAL


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "x\ny", ".x", "-x", "x" * 300])
@pytest.mark.parametrize("folder", ["services", "legacy"])
def test_no_name_of_a_file_leads_out(name: str, folder: str) -> None:
    files = {**PLAIN, f"{folder}/{name}.toml": PLAIN[f"{folder}/{'job' if folder == 'services' else 'old'}.toml"]}
    found = judged(files)
    if found is not None:
        assert paths_of(*found) <= USUAL
