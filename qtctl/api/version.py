"""The version of the Python API, apart from that of qtctl."""

__all__ = ["API_VERSION"]

API_VERSION = "1.3"
"""MAJOR.MINOR. Programs that run with 1.0 run with every later 1.N; docs/api.md says what that covers."""
