"""Which account an adopted host is audited by: whoever looked at it, but never root."""

from qtctl.adopt.adoption import Adoption
from qtctl.flows.adopt_host import Looked, make_facts

LOOKED = Looked((), {}, None, ())


def test_who_looked_audits() -> None:
    found = make_facts(LOOKED, "web", "192.0.2.1", "ops")
    assert (found.audit_user, found.deploy_user) == ("ops", "root")
    assert "deploy_user" in found.guessed
    assert "audit_user" not in found.guessed


def test_root_does_not() -> None:
    found = make_facts(LOOKED, "web", "192.0.2.1", "root")
    assert (found.audit_user, found.deploy_user) == ("auditor", "root")
    assert "audit_user" in found.guessed
    assert "deploy_user" not in found.guessed


def test_a_person_is_told() -> None:
    adoption = Adoption("web", (), (), (), (), (), as_root=True)
    assert adoption.to_do == ("make an account for audits on the host: audit_user in hosts.toml is a guess",)
