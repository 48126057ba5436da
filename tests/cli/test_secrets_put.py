"""`secrets put` that is refused before any host is asked: what is said, exit 2, and the value in no output."""

from pathlib import Path

import pytest

from tests.cli.world import build, qtctl

SECRETS = """
[secrets]
env_file = "/etc/small/%s.secret.env"
keys = ["TOKEN", "ONLY_%s"]
"""
ENCRYPTED = 'encrypted = { disk = "/etc/small/disk.cred" }\n'
VALUE = "canary-93e1"
REFUSED = {
    "unknown": (
        "TOKEM", VALUE, "no service of this host has a secret TOKEM (declared secrets: TOKEN)",
    ),
    "of another service": ("feed/ONLY_api", VALUE, "no service of this host has a secret feed/ONLY_api"),
    "in two files": ("TOKEN", VALUE, "TOKEN is in 2 files (say which: api/TOKEN, feed/TOKEN)"),
    "encrypted": ("disk", VALUE, "disk is encrypted for its host, which only the host can do"),
    "nothing": ("ONLY_api", "", "ONLY_api: empty (give a value)"),
    "a line end": ("ONLY_api", "\r\n", "ONLY_api: empty (give a value)"),
    "a NUL": ("ONLY_api", f"{VALUE}\0", "environment variable ONLY_api: holds a character that systemd"),
}  # fmt: skip


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = build(tmp_path_factory.mktemp("secrets"))
    for name in ("api", "feed"):
        with (world / f"registry/services/{name}.toml").open("a") as file:
            file.write(SECRETS % (name, name) + (ENCRYPTED if name == "api" else ""))
    return world


@pytest.mark.parametrize("case", REFUSED)
def test_it_says_why_and_asks_no_host(two: Path, case: str) -> None:
    name, value, why = REFUSED[case]
    ran = qtctl(two, "secrets", "put", name, "--host", "h1", stdin=value)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {why}")
    assert len(ran.err.splitlines()) == 1
    assert VALUE not in ran.err
