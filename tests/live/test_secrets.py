"""Canaries where secrets are: nothing that qtctl prints, writes, or lets the host write down holds one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote

import pytest

from tests.live.box import Box, qtctl
from tests.live.registries import changed

pytestmark = pytest.mark.lab

UNIT = "quantum-ai-engine.service"
RESTORING = "/var/lib/qtctl/tx/restoring"
CANARIES = {
    place: f"canary-{place}-9b7c4e"
    for place in (
        *("drop-in", "env-file", "secrets-file", "argv", "own-argv", "stream", "hash", "text", "declared"),
        *("continued", "continued-argv", "comment", "junk"),
    )
}
"""Where each is planted: `declared` is a value that the registry itself gives, and a deploy brings to the host."""
PLANT = f"""
mkdir /etc/systemd/system/{UNIT}.d
printf '[Service]\\nEnvironment=TOKEN={CANARIES["drop-in"]}\\n' > /etc/systemd/system/{UNIT}.d/token.conf
echo 'TOKEN={CANARIES["env-file"]}' >> /etc/quantum/ai-engine.env
echo 'BINANCE_API_KEY={CANARIES["secrets-file"]}' >> /etc/quantum/ai-engine.secret.env
printf '[Service]\\nExecStart=/bin/sh -c "exec sleep infinity" {CANARIES["argv"]}\\n' \
  > /etc/systemd/system/quantum-rogue.service
sed -i '/^ExecStart=/s/$/ {CANARIES["own-argv"]}/' /etc/systemd/system/quantum-clm.service
cat >> /etc/systemd/system/quantum-clm.service <<'END'
[Service]
Environment=LEVEL=x \\
# aside
  TOKEN={CANARIES["continued"]}
ExecStopPost=/bin/true \\
  --password {CANARIES["continued-argv"]}
# password: {CANARIES["comment"]}
--password {CANARIES["junk"]}
END
systemctl daemon-reload
systemctl start quantum-rogue.service
systemctl restart {UNIT} quantum-clm.service
redis-cli > /dev/null <<'END'
XADD quantum:stream:market.tick * token {CANARIES["stream"]}
HSET live:hash token {CANARIES["hash"]}
SET live:text {CANARIES["text"]}
END
"""
UPROOT = f"""
rm -r /etc/systemd/system/{UNIT}.d
sed -i /{CANARIES["secrets-file"]}/d /etc/quantum/ai-engine.secret.env
systemctl stop quantum-rogue.service
rm /etc/systemd/system/quantum-rogue.service
systemctl daemon-reload
systemctl restart {UNIT}
redis-cli DEL live:hash live:text > /dev/null
rm -rf /var/lib/qtctl
"""
WATCHED = "/run/live-watched"
LOOKED_FOR = "".join(f"{canary}\n" for place, canary in CANARIES.items() if not place.endswith("argv"))
"""In every command line of the host, again and again. Two units have theirs there by themselves."""
WATCH = f"while :; do ps axww -o args= | grep -Ff {WATCHED}.for >> {WATCHED} || :; sleep 0.3; done"


@pytest.fixture
def planted(box: Box) -> Iterator[None]:
    try:
        box.sh(PLANT)
        box.sh(f": > {WATCHED}; printf '{LOOKED_FOR}' > {WATCHED}.for")
        box.sh(f"systemd-run -q --unit=live-watch.service sh -c {quote(WATCH)}")
        yield
    finally:
        box.sh("systemctl stop live-watch.service")
        box.sh(UPROOT)
        healed = qtctl("deploy", "--host", box.name, "--yes")
        box.sh(f"rm -rf /var/lib/qtctl {WATCHED} {WATCHED}.for")
        assert healed.code == 0, healed.err
        assert box.until_healthy().code == 0


@pytest.mark.usefixtures("planted")
def test_no_canary_is_seen(box: Box, tmp_path: Path) -> None:
    since = box.sh("date '+%Y-%m-%d %H:%M:%S'").strip()
    adopted = _adopted(box, tmp_path)
    looks, deploys = _looks(box, tmp_path), _deploys(box, tmp_path)
    written = [path.read_text() for path in (tmp_path / "out").iterdir()]
    assert len(written) == 4
    journal = box.sh(
        f"journalctl --no-pager -o verbose --all --since '{since}' _SYSTEMD_UNIT={UNIT} + _COMM=sudo + _COMM=sshd"
    )
    assert "systemd-stdio-bridge" in journal, "deploys go through sudo, which writes down what it runs"
    host = [journal, box.sh(f"cat {WATCHED}")]
    assert _canaries_in(*deploys, *host) == set()
    assert _canaries_in(*looks, *written) == set()
    assert _canaries_in(*adopted) <= {"argv", "own-argv"}, "words that nothing tells from others"


def _canaries_in(*texts: str) -> set[str]:
    return {place for place, canary in CANARIES.items() if any(canary in text for text in texts)}


def _looks(box: Box, work: Path) -> list[str]:
    """Whatever reads, in each format; what was planted is found, so it was looked at."""
    out = work / "out"
    out.mkdir()
    evidence, host = str(out / "evidence.json"), ("--host", box.name)
    audit = qtctl("--debug", "audit", *host, "--format", "json", "--save", evidence)
    found = {(check["id"], check["subject"]) for check in audit.json()["findings"]}
    assert found >= {("QT202", "quantum-rogue.service"), ("QT210", "quantum-clm.service")}
    whole = ("--user", "ops", "--become")
    by_root = qtctl("--debug", "audit", *host, *whole, "--format", "json", "--all", "--save", str(out / "root.json"))
    found = {(check["id"], check["subject"]) for check in by_root.json()["findings"]}
    assert found >= {("QT603", "/etc/quantum/ai-engine.env")}, "it was read"
    return [
        audit.out + audit.err,
        by_root.out + by_root.err,
        _exits(1, "--debug", "audit", *host, *whole, "--format", "md"),
        _exits(1, "--debug", "audit", *host, "--format", "md", "--all"),
        _exits(1, "--debug", "audit", *host, "--format", "table", "--all"),
        _exits(1, "--debug", "report", "registry", *host, "--format", "json", "--out", str(out / "registry.json")),
        _exits(1, "--debug", "report", "registry", *host, "--out", str(out / "registry.md")),
        _exits(1, "--debug", "report", "overview", "--from", evidence, "--format", "json"),
        _exits(1, "--debug", "report", "catalogue", "--from", evidence, "--format", "json"),
    ]


def _adopted(box: Box, work: Path) -> list[str]:
    """A registry made of the host, and all that is said of it."""
    out = work / "adopted"
    said = [_exits(1, "--debug", "adopt", "host", box.name, "--out", str(out), "--format", "md")]
    said.append(_exits(1, "adopt", "host", box.name, "--out", str(out), "--force", "--format", "json"))
    assert "TOKEN" in said[0], "the secret is adopted by its name"
    return said + [path.read_text() for path in out.rglob("*") if path.is_file()]


def _deploys(box: Box, work: Path) -> list[str]:
    """One that is not confirmed, one that is refused, one that is rolled back, and one that goes through."""
    own = f'UPDATE_INTERVAL_S = "{CANARIES["declared"]}"'
    registry = changed(work / "registry", "services/clm.toml", 'UPDATE_INTERVAL_S = "300"', own)
    deploy = ("--debug", "deploy", "--host", box.name, "--registry", str(registry))
    runs = [_exits(2, *deploy)]
    box.sh("sed -i 1d /etc/systemd/system/quantum-clm.service")
    runs.append(_exits(4, *deploy, "--yes"))
    box.sh(f'echo \'{{"{UNIT}": {{"exit": 1}}}}\' > /etc/qtctl-lab/override.json')
    with ThreadPoolExecutor(1) as other:
        # The old one comes up again only once the program may run again.
        other.submit(box.sh, f"until [ -e {RESTORING} ]; do sleep 0.2; done; rm /etc/qtctl-lab/override.json")
        runs.append(_exits(4, *deploy, "--yes", "--take-over", "--deadline", "6"))
    runs.append(_exits(0, *deploy, "--yes", "--take-over"))
    assert CANARIES["declared"] in box.sh("cat /etc/quantum/clm.env")
    return runs


def _exits(code: int, *argv: str) -> str:
    """All that it said."""
    ran = qtctl(*argv)
    assert ran.code == code, f"{argv}\n{ran.out}\n{ran.err}"
    return ran.out + ran.err
