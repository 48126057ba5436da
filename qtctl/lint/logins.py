"""QT115: an account that audits, and can do more than look."""

from collections.abc import Iterator

from qtctl.findings.finding import Severity
from qtctl.lint.found import Finding
from qtctl.lint.view import View
from qtctl.model.origin import Origin

_ROOT = "root"
_REMEDY = "name an account of its own for audits: an ordinary user without sudo, which no service runs as"


def logins(view: View) -> Iterator[Finding]:
    host, login = view.desired.host, view.desired.login
    for severity, what in _more(view):
        at = Origin("hosts.toml", (host, "audit_user"))
        yield Finding("QT115", severity, host, f"audit_user {login.audit_user} {what}", _REMEDY, at)


def _more(view: View) -> Iterator[tuple[Severity, str]]:
    """What the auditing account can do besides."""
    login = view.desired.login
    if login.audit_user == login.deploy_user:
        yield Severity.ERROR, "is deploy_user too: what fools or takes over an audit can then change the host"
    elif login.audit_user == _ROOT:
        yield Severity.ERROR, "can change the host: what fools or takes over an audit then does"
    runs = sorted(service.unit for service in view.desired.services if service.user == login.audit_user != _ROOT)
    if runs:
        more = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
        yield Severity.WARNING, f"runs {runs[0]}{more} too: such a service can choose what an audit is told"
