"""QT115: an auditing account that can do more than look."""

from collections.abc import Iterator

from qtctl.dialects.wording import join_some
from qtctl.findings.finding import Finding, Severity
from qtctl.model.host_defaults import locate_host_key
from qtctl.rules.view import View, ViewRule

_ROOT = "root"
_REMEDY = "name a separate account for audits: an ordinary user without sudo, which no service runs as"


def judge_logins(view: View) -> Iterator[Finding]:
    host, login = view.desired.host, view.desired.login
    for severity, what in _list_more(view):
        at = locate_host_key(view.registry, host, "audit_user")
        yield QT115.make_broken(host, f"audit_user {login.audit_user} {what}", _REMEDY, at, severity=severity)


def _list_more(view: View) -> Iterator[tuple[Severity, str]]:
    """What else the auditing account can do."""
    login = view.desired.login
    if login.audit_user == login.deploy_user:
        yield Severity.ERROR, "is deploy_user too: what fools or takes over an audit can then change the host"
    elif login.audit_user == _ROOT:
        yield Severity.ERROR, "can change the host: what fools or takes over an audit then does"
    runs = sorted(service.unit for service in view.desired.services if service.user == login.audit_user != _ROOT)
    if runs:
        yield Severity.WARNING, f"runs {join_some(runs, 1)} too: such a service can choose what an audit is told"


QT115 = ViewRule(
    "QT115",
    "auditing account has more rights than it needs",
    Severity.ERROR,
    what="One account is both `audit_user` and `deploy_user` of a host, or audits log in as root. As a warning: a "
    "service runs as the account that audits.",
    why="An audit reads what service accounts wrote, and needs no privileges. If its account may use sudo, whatever "
    "fools the audit or takes over its session gets root; if a service runs as that account, the service can answer "
    "in place of the host.",
    fix="Make a separate account for audits on the host (`users.toml` can declare it), without sudo and with "
    "`/bin/sh`, put the auditors' SSH keys there, and name it as `audit_user`.",
    look=judge_logins,
    each_host=True,
)
RULES = (QT115,)
