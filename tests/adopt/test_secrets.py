"""Secrets of what is adopted are in nothing that comes of it."""

import pytest

from qtctl.flows.lint import lint
from qtctl.formats.markdown import write_markdown
from qtctl.reports.adopt import build_report, to_json
from qtctl.reports.adopt_page import build_page
from tests.adopt.small import adopt, place_of, rendered, table
from tests.lint.case import TEMPLATES

CANARIES = ("hunter2hunter", "AKIAIOSFODNN7EXAMPLE", "s3cr3t-in-url", "Zx81kQ0vPf29LmT7cYb3WnR6")
UNIT = """\
# login: password=hunter2hunter
[Service]
ExecStart=/bin/app --token AKIAIOSFODNN7EXAMPLE --db-password=hunter2hunter --port 80
ExecStartPre=/bin/sh -c "curl -H 'X: AKIAIOSFODNN7EXAMPLE' http://h/"
Environment=API_SECRET=hunter2hunter LEVEL=info "URL=postgres://u:s3cr3t-in-url@h/d"
Environment=OPAQUE=Zx81kQ0vPf29LmT7cYb3WnR6
SetCredential=pass:hunter2hunter
Enviroment=DB_PASSWORD=hunter2hunter
"""


def test_none_is_copied_and_their_names_are() -> None:
    adopted = adopt({"x.service": UNIT})
    report = build_report(adopted.adoption, "out")
    shown = [*(text.decode() for text in adopted.files.values()), to_json(report), write_markdown(build_page(report))]
    for canary in CANARIES:
        assert not any(canary in text for text in shown), canary
    service = table(adopted, "services/x.toml")
    assert service["unit_env"] == {"LEVEL": "info"}
    assert set(service["secrets"]["keys"]) >= {"API_SECRET", "URL", "OPAQUE", "TOKEN", "DB_PASSWORD"}
    assert service["secrets"]["env_file"] == "/etc/shop/x.secret.env"
    assert "--token ${TOKEN} --db-password=${DB_PASSWORD} --port 80" in rendered(adopted)["x.service"]
    lines = {place_of(each).line for each in adopted.adoption.judgments if each.id == "QT109"}
    assert lines == {1, 3, 4, 5, 6, 7}
    assert all(each.because for each in adopted.adoption.differences)
    assert any("x.service" in each for each in adopted.adoption.to_do)


@pytest.mark.parametrize("line", ["--token /run/token", "--token ${TOKEN}", '--token "<here>"', "--keys a,b"])
def test_what_is_no_secret_stays(line: str) -> None:
    adopted = adopt({"x.service": f"[Service]\nExecStart=/bin/app {line}\n"})
    assert line in rendered(adopted)["x.service"]
    assert not any(each.id == "QT109" for each in adopted.adoption.judgments)


HIDDEN_IN_PART = (
    """/bin/sh -c 'x("export JWT_PRIVATE_KEY="+f(key.replace(/\\\\n/g,"\\\\\\\\n"))); y("b")'""",
    "/bin/x --password=hunter2'quoted'rest",
    "/bin/sh -c 'A_TOKEN=abc$(cat x)def run'",
    "/bin/sh -c 'export A_PASS=hunter2x; echo \"a_pass = $$A_PASS\"; x --password $${B_PASSWORD}'",
    "/bin/x postgres://u:hunter2hunter@h/d?password=hunter2#x",
    "/bin/x --header 'Authorization: Bearer abc def' --api-key=a,b;c",
)


@pytest.mark.parametrize("command", HIDDEN_IN_PART)
def test_lint_finds_nothing_in_what_adoption_hid(command: str) -> None:
    adopted = adopt({"x.service": f"[Service]\nExecStart={command}\n"})
    assert "QT109" in {each.id for each in adopted.adoption.judgments}
    files = {path: text for path, text in adopted.files.items() if path.endswith(".toml")}
    assert "QT109" not in {each.id for each in lint(files, TEMPLATES).findings}


@pytest.mark.parametrize("word", ["a_pass = $$A_PASS", "x --password $${B_PASSWORD}", "export TOKEN=$$1"])
def test_what_a_shell_is_to_expand_is_no_secret_of_a_line(word: str) -> None:
    adopted = adopt({"x.service": f"[Service]\nExecStart=/bin/sh -c '{word}'\n"})
    files = {path: text for path, text in adopted.files.items() if path.endswith(".toml")}
    assert "QT109" not in {each.id for each in adopted.adoption.judgments}
    assert "QT109" not in {each.id for each in lint(files, TEMPLATES).findings}
