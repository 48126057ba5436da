"""What the machine that runs a deploy has for the host: code, and packages."""

from collections.abc import Mapping
from typing import Protocol

from qtctl.errors import DeployRefused
from qtctl.model.desired_install import DesiredInstall


class Supplies(Protocol):
    def fetch_code(self, install: DesiredInstall) -> bytes:
        """The files of its commit, as a tar archive compressed with gzip. DeployRefused if they cannot be fetched."""
        ...

    def fetch_packages(self, install: DesiredInstall) -> Mapping[str, bytes] | None:
        """File name → content of the packages that its lock file allows; None: the host fetches them from its index.

        DeployRefused if one is missing.
        """
        ...


_HINT = "`qtctl deploy --clones FOLDER --wheels FOLDER` puts on the host what a registry declares"


class _NoSupplies:
    """A machine that has nothing: only what is already on the host can be deployed."""

    def fetch_code(self, install: DesiredInstall) -> bytes:
        raise DeployRefused(f"nothing was changed: {install.name} at {install.text} is not on the host", hint=_HINT)

    def fetch_packages(self, install: DesiredInstall) -> Mapping[str, bytes] | None:
        raise DeployRefused(f"nothing was changed: {install.name} of its lock file is not on the host", hint=_HINT)


NO_SUPPLIES: Supplies = _NoSupplies()
