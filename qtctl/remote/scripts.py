"""The sh files of this folder: POSIX sh with GNU coreutils and util-linux. They run on hosts, as root."""

from importlib.resources import files


def read_script(name: str) -> str:
    """The text of one of them, for example `way.sh`."""
    return (files("qtctl.remote") / name).read_text(encoding="utf-8")
