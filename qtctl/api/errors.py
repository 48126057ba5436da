"""What the functions of the API raise. Each error has `what` happened, a `hint` what to do, and perhaps a `place`."""

from qtctl.errors import (
    AboutHost,
    DeployRefused,
    HostError,
    InputError,
    InputErrors,
    Place,
    QtctlError,
    Refused,
    Unreachable,
)

__all__ = [
    "AboutHost",
    "DeployRefused",
    "HostError",
    "InputError",
    "InputErrors",
    "Place",
    "QtctlError",
    "Refused",
    "Unreachable",
]
