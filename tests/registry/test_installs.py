"""Code and virtual environments that a deploy installs: what cannot be declared, and what their digests are of."""

import pytest

from qtctl.errors import InputErrors
from qtctl.model.desired_install import InstallKind
from qtctl.registry.load import load
from qtctl.resolve.resolve import resolve
from tests.builders.registry import DEFAULTS, write_fleet

HASH = f"--hash=sha256:{'a' * 64}"
LOCK = f"one==1.0 {HASH}\n"
COMMIT = "b" * 40
FLEET = write_fleet("x", code="/srv/c", account="x", defaults=DEFAULTS)
HOST = '[h1]\naddress = "203.0.113.1"\naudit_user = "a"\ndeploy_user = "d"\nmemory = "1G"\ncpus = 1\n'


def files(**texts: str) -> dict[str, bytes]:
    given = {
        "fleet.toml": FLEET,
        "hosts.toml": HOST,
        **{name.replace("__", "/").replace("_", "."): text for name, text in texts.items()},
    }
    return {name: text.encode() for name, text in given.items()}


def problems(**texts: str) -> str:
    with pytest.raises(InputErrors) as caught:
        load(files(**texts))
    return "\n".join(map(str, caught.value.errors))


VENV = '[main]\npath = "/srv/v"\nlock = "locks/main.txt"\nbuild = "wheels"\n'
BAD = {
    "no commit": ({"code_toml": '[shop]\npath = "/srv/c"\ninstall = true\n'}, "code.toml:3: it has no commit"),
    "no lock": ({"venvs_toml": '[main]\npath = "/srv/v"\nbuild = "wheels"\n'}, "venvs.toml:3: it has no lock file"),
    "no hashes": ({"venvs_toml": VENV, "locks__main_txt": "one==1.0\n"}, "line 1: 'one==1.0' has no --hash"),
    "one without": ({"venvs_toml": VENV, "locks__main_txt": f"{LOCK}two==2\n"}, "line 2: 'two==2' has no --hash"),
    "a weak hash": ({"venvs_toml": VENV, "locks__main_txt": f"one==1 --hash=md5:{'a' * 32}\n"}, "has no --hash=sha256"),
    "an address": (
        {"venvs_toml": VENV, "locks__main_txt": f"one @ https://example.org/one.whl {HASH}\n"},
        "does not say which version",
    ),
    "another index": (
        {"venvs_toml": VENV, "locks__main_txt": f"--index-url https://example.org\n{LOCK}"},
        "line 1: --index-url cannot be followed",
    ),
    "sdists by the lock": ({"venvs_toml": VENV, "locks__main_txt": f"--no-binary :all:\n{LOCK}"}, "--no-binary cannot"),
    "another kind of lock": (
        {"venvs_toml": VENV.replace("main.txt", "uv.lock"), "locks__uv_lock": "[[package]]\nname = 'x'\n"},
        "cannot be built from locks/uv.lock",
    ),
    "one within another": (
        {
            "code_toml": f'[shop]\npath = "/srv/v/code"\ncommit = "{COMMIT}"\ninstall = true\n',
            "venvs_toml": VENV,
            "locks__main_txt": LOCK,
        },
        "/srv/v/code is in /srv/v",
    ),
    "in the store": (
        {"code_toml": f'[shop]\npath = "/opt/qtctl/store/x"\ncommit = "{COMMIT}"\ninstall = true\n'},
        "nothing can be installed at /opt/qtctl/store/x",
    ),
    "at the root": (
        {"code_toml": f'[shop]\npath = "/code"\ncommit = "{COMMIT}"\ninstall = true\n'},
        "nothing can be installed at /code",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_could_not_be_installed_is_refused_with_its_place(case: str) -> None:
    texts, why = BAD[case]
    assert why in problems(**texts)


def digests(**texts: str) -> dict[InstallKind, str]:
    return {each.kind: each.digest for each in resolve(load(files(**texts)), "h1").installs}


def test_the_digest_is_of_what_it_is_made_from_and_of_nothing_else() -> None:
    code = f'[shop]\npath = "/srv/c"\ncommit = "{COMMIT}"\ninstall = true\n'
    first = digests(code_toml=code, venvs_toml=VENV, locks__main_txt=LOCK)
    comment = f"# made by a tool\n{LOCK}\n"
    again = digests(code_toml=code.replace("/srv/c", "/srv/d"), venvs_toml=VENV, locks__main_txt=comment)
    assert first == again
    assert len(first) == 2
    changed = digests(
        code_toml=code.replace("b" * 40, "c" * 40), venvs_toml=VENV, locks__main_txt=LOCK.replace("1.0", "1.1")
    )
    assert not set(first.values()) & set(changed.values())
    for more in ('python = "/usr/bin/python3.12"\n', ""):
        build = VENV + more if more else VENV.replace("wheels", "sources")
        assert digests(venvs_toml=build, locks__main_txt=LOCK)[InstallKind.VENV] != first[InstallKind.VENV]


def test_what_is_not_to_be_installed_is_not() -> None:
    code = f'[shop]\npath = "/srv/c"\ncommit = "{COMMIT}"\n'
    assert digests(code_toml=code, venvs_toml='[main]\npath = "/srv/v"\n') == {}
    assert digests(code_toml=f'{code}install = true\nstate = "retired"\nwhy = "x"\n') == {}
