"""QT115: what is found, and what is not."""

from tests.lint.case import Case, E, W

CASES: tuple[Case, ...] = (
    Case(
        "one account for both",
        (("QT115", E, "hosts.toml:3", "box", "audit_user ops is deploy_user too"),),
        {"hosts.toml": ('audit_user = "audit"', 'audit_user = "ops"')},
    ),
    Case(
        "root for both",
        (("QT115", E, "hosts.toml:3", "box", "audit_user root is deploy_user too"),),
        {"hosts.toml": ('audit_user = "audit"\ndeploy_user = "ops"', 'audit_user = "root"\ndeploy_user = "root"')},
    ),
    Case(
        "root audits",
        (("QT115", E, "hosts.toml:3", "box", "audit_user root can change the host"),),
        {"hosts.toml": ('audit_user = "audit"', 'audit_user = "root"')},
    ),
    Case(
        "an account of services audits",
        (("QT115", W, "hosts.toml:3", "box", "audit_user svc runs small-api.service and 1 more too"),),
        {"hosts.toml": ('audit_user = "audit"', 'audit_user = "svc"')},
    ),
    Case("root deploys", edits={"hosts.toml": ('deploy_user = "ops"', 'deploy_user = "root"')}),
)
