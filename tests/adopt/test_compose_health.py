"""A healthcheck of Compose becomes the health URL of the port that it asks, or a line of the report."""

import tomllib
from typing import Any

import pytest

from qtctl.adopt.adoption import Fate
from qtctl.adopt.compose_health import Asked, find_asked
from tests.adopt.test_compose import adopted

ASKED = {
    "curl -f http://localhost:3000/health || exit 1": Asked(3000, "/health"),
    "curl --fail -I http://127.0.0.1 >/dev/null 2>&1 || exit 1": Asked(80, "/"),
    "wget -qO- http://[::1]:80/a?b=c > /dev/null": Asked(80, "/a?b=c"),
    "wget --no-verbose --tries=1 --spider localhost:8080/ping || false": Asked(8080, "/ping"),
    "/usr/bin/curl -m3 -skfLo /dev/null -w '%{http_code}' http://0.0.0.0:1/": Asked(1, "/"),
    "wget -T 5 -q -t1 -O - http://api:5000/": Asked(5000, "/"),
}
NOT_ASKED = (
    "", "pg_isready -U x", "curl -f https://localhost/", "curl -f http://db:80/", "curl -f http://localhost:99999/",
    "curl -H 'Authorization: x' http://localhost/", "curl -X POST http://localhost/", "curl http://u:p@localhost/",
    "curl http://localhost/ | grep ok", "curl http://localhost/ && curl http://localhost/b", "curl -f", "echo curl",
    "curl http://localhost/ http://localhost/b", "curl -f http://localhost/ || exit 0", "curl 'http://localhost/$X'",
    "curl -f http://localhost/?token=Zx81kQ0vPf29LmT7cYb3WnR6", "curl -f http://localhost/ ; true", "curl 'http://[x/'",
    "curl --data x http://localhost/", "wget --post-data=x http://localhost/", "curl -f 'http://localhost/a b'",
)  # fmt: skip


@pytest.mark.parametrize("command", ASKED)
def test_a_plain_question_to_the_container_itself(command: str) -> None:
    assert find_asked(("CMD-SHELL", command), ("api",)) == ASKED[command]


@pytest.mark.parametrize("command", NOT_ASKED)
def test_anything_else(command: str) -> None:
    assert find_asked(("CMD-SHELL", command), ("api",)) is None


def test_a_list_is_no_text_for_a_shell() -> None:
    assert find_asked(("CMD", "curl", "-f", "http://localhost/a")) == Asked(80, "/a")
    assert find_asked(("CMD", "curl", "-f", "http://localhost/a", "||", "exit", "1")) is None
    assert find_asked(()) is None


def ports_of(healthcheck: str, ports: str) -> tuple[dict[str, Any], dict[str, Fate], list[str]]:
    """The ports of the service, the fate of each attribute of its healthcheck, and what the report says of it."""
    head = "services:\n  api:\n    image: x\n    entrypoint: /app/run\n"
    found = adopted(f"{head}    ports: {ports}\n    healthcheck: {healthcheck}\n")
    fates = {line.what.partition(".api.")[2]: line.fate for file in found.adoption.files for line in file.lines}
    said = [each.what for each in found.adoption.judgments if "healthcheck" in each.what]
    table = tomllib.loads(found.files["services/api.toml"].decode())
    return table["ports"], {key: fate for key, fate in fates.items() if key.startswith("healthcheck")}, said


def test_it_is_asked_where_the_port_of_the_container_is_published() -> None:
    check = '{test: "curl -f http://localhost:3000/health", timeout: 5s, interval: 30s, retries: 3}'
    ports, fates, said = ports_of(check, '["127.0.0.1:8080:3000", "9000:9000"]')
    assert ports["p8080"]["health"] == {"path": "/health", "within": "5s"}
    assert "health" not in ports["p9000"]
    assert fates["healthcheck.test"] is fates["healthcheck.timeout"] is Fate.TYPED
    assert fates["healthcheck.interval"] is fates["healthcheck.retries"] is Fate.REPORTED
    assert any("an audit asks when it runs" in each for each in said)


@pytest.mark.parametrize(("check", "why"), [
    ("{test: pg_isready}", "a health URL cannot"), ('{test: "curl http://localhost:3001/"}', "port 3001 inside"),
    ("{disable: true}", "turns off"), ('{test: ["NONE"]}', "turns off"),
    ("{interval: 5s}", "a health URL cannot express"),
])  # fmt: skip
def test_whatever_it_cannot_say_is_a_line_of_the_report(check: str, why: str) -> None:
    ports, fates, said = ports_of(check, '["8080:3000"]')
    assert "health" not in ports["p8080"]
    assert {*fates.values()} == {Fate.REPORTED}
    assert any(why in each for each in said), said


@pytest.mark.parametrize("timeout", ["30s", "0s"])
def test_a_timeout_that_no_health_url_has_is_left(timeout: str) -> None:
    ports, fates, _ = ports_of(f'{{test: "curl http://localhost/", timeout: {timeout}}}', '["80:80"]')
    assert ports["p80"]["health"] == {"path": "/"}
    assert fates["healthcheck.timeout"] is Fate.REPORTED


def test_an_external_keeps_it() -> None:
    text = (
        'services:\n  web:\n    image: nginx\n    ports: ["80:80"]\n    healthcheck: {test: "curl http://localhost/"}\n'
    )
    external = tomllib.loads(adopted(text).files["externals.toml"].decode())["web"]
    assert external["ports"]["p80"]["health"] == {"path": "/"}


@pytest.mark.parametrize(("said", "wanted"), [
    ("", {"ambient_capabilities": ["CAP_NET_BIND_SERVICE"]}), ("user: root", {}),
    ("cap_drop: [ALL]", {"ambient_capabilities": ["CAP_NET_BIND_SERVICE"],
                         "capability_bounding_set": ["CAP_NET_BIND_SERVICE"]}),
])  # fmt: skip
def test_what_listens_below_1024_may(said: str, wanted: dict[str, list[str]]) -> None:
    """Docker lets every container do so."""
    text = f'services:\n  web:\n    image: x\n    entrypoint: /x\n    ports: ["443:443"]\n    {said}\n'
    assert tomllib.loads(adopted(text).files["services/web.toml"].decode()).get("sandbox", {}) == wanted
    above = adopted(text.replace("443:443", "8443:443")).files["services/web.toml"].decode()
    assert "ambient" not in above
