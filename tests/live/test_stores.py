"""A Redis by TLS as an ACL user, and another of its databases: declared in stores.toml, audited from end to end."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.test_store_places import sign
from tests.live.box import Box, qtctl
from tests.live.faulty import check_proofs

pytestmark = pytest.mark.lab

STORES = """
[redis]
external = "redis-server"
address = "127.0.0.1:6390"
username = "looker"
password_env = "LOOKER_PASSWORD"
key_patterns = ["quantum:*"]
[redis.tls]
ca = "FOLDER/ca.crt"
certificate = "FOLDER/client.crt"
key = "FOLDER/client.key"
server_name = "redis.test"
[others]
external = "redis-server"
db = 3
"""
KEY = '\n["elsewhere:config"]\ntype = "hash"\nstore = "others"\n'
MAY = "on '>pass-word' '~*' -@all +info +time +ttl +type +xinfo +xpending +scan +select"
SERVE = f"""
at=/etc/redis/tls
redis-cli CONFIG SET tls-cert-file $at/server.crt tls-key-file $at/server.key tls-ca-cert-file $at/ca.crt tls-port 6390
redis-cli ACL SETUSER looker {MAY}
redis-cli -n 3 HSET elsewhere:config a b
"""


def test_tls_an_acl_user_and_another_database(box: Box, tmp_path: Path) -> None:
    """All of it as declared; then the user may do less, and a key is of another type in the other database."""
    sign(tmp_path, "ca", "basicConstraints=CA:true", by="ca")
    for name, names in (("server", "subjectAltName=DNS:redis.test"), ("client", "subjectAltName=DNS:auditor")):
        sign(tmp_path, name, names)
    registry = tmp_path / "registry"
    shutil.copytree(box.registry, registry)
    (registry / "stores.toml").write_text(STORES.replace("FOLDER", str(tmp_path)))
    with (registry / "streams.toml").open("a") as streams:
        streams.write(KEY)
    there = replace(box, registry=registry)
    files = {name: (tmp_path / name).read_text() for name in ("server.crt", "server.key", "ca.crt")}
    box.until_healthy()
    try:
        box.sh("mkdir -p /etc/redis/tls")
        for name, text in files.items():
            box.sh(f"cat > /etc/redis/tls/{name} <<'END'\n{text}END\nchown redis /etc/redis/tls/{name}")
        box.sh(SERVE)
        ran = _audit(there)
        assert [(each["id"], each["subject"]) for each in ran["findings"] + ran["unknowns"]] == []
        box.sh("redis-cli ACL SETUSER looker -xpending > /dev/null; redis-cli -n 3 DEL elsewhere:config > /dev/null")
        ran = _audit(there)
        assert {(each["id"], each["subject"]) for each in ran["findings"]} == {("QT501", "elsewhere:config")}
        assert {each["id"] for each in ran["unknowns"]} == {"QT516"}
        check_proofs(box, ran["findings"][0], "qtaudit")
    finally:
        box.sh("redis-cli CONFIG SET tls-port 0; redis-cli ACL DELUSER looker; redis-cli -n 3 DEL elsewhere:config")


def _audit(box: Box) -> dict[str, list[dict[str, str]]]:
    argv = ("audit", "--registry", str(box.registry), "--host", box.name, "--format", "json", "--only", "QT5")
    found: dict[str, list[dict[str, str]]] = qtctl(*argv, env={"LOOKER_PASSWORD": "pass-word"}).json()
    return found
