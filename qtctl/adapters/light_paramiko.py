"""paramiko without invoke, which it imports for `Match exec` in its own ssh_config reader, and which we never use.

Half of paramiko's import time is invoke's (60 of 125 ms). Must be called before any other import of paramiko.
"""

import sys
from importlib import import_module


def import_it() -> None:
    """Import paramiko while invoke looks as if it were not installed, which paramiko can handle."""
    if "paramiko" in sys.modules or "invoke" in sys.modules:
        import_module("paramiko")
        return
    sys.modules["invoke"] = None  # type: ignore[assignment]
    try:
        import_module("paramiko")
    finally:
        del sys.modules["invoke"]
