"""Which release a throwaway host runs: that of the real host if the cache has its root file system, else one that the
cache has.
"""

from dataclasses import dataclass

from qtctl.errors import LabError
from qtctl.lab import rootfs

SYSTEMD = {"bullseye": 247, "bookworm": 252, "noble": 255, "trixie": 257}
"""Suite → the version of systemd that it comes with."""
NAMES = {
    "bullseye": "Debian GNU/Linux 11",
    "bookworm": "Debian GNU/Linux 12",
    "trixie": "Debian GNU/Linux 13",
    "noble": "Ubuntu 24.04",
}
"""Suite → how PRETTY_NAME of its os-release begins."""


@dataclass(frozen=True, slots=True)
class Release:
    """`own`: it is the real host's. `cached`: its root file system need not be built, which takes a minute."""

    suite: str
    own: bool
    cached: bool


def choose_release(os: str, needs_systemd: int, suite: str | None = None) -> Release:
    """`os`: PRETTY_NAME of the real host. `needs_systemd`: the version that the units need. `suite`: what is asked for.

    LabError if none in the cache has a systemd that supports what the units use."""
    own = next((each for each, name in NAMES.items() if os.startswith(name)), "")
    if suite is not None:
        return _make(suite, own)
    default = rootfs.choose_default_suite()
    order = dict.fromkeys((own, default, *sorted(SYSTEMD, key=lambda each: -SYSTEMD[each])))
    fits = [each for each in order if each and SYSTEMD[each] >= needs_systemd]
    cached = next((each for each in fits if rootfs.locate_cached(each).is_dir()), None)
    if cached is not None:
        return _make(cached, own)
    if default in fits:
        return _make(default, own)
    what = f"no release that is built here has systemd {needs_systemd}, which the units need"
    raise LabError(what, hint=f"build one: --suite {fits[0]}" if fits else "the lab has none that is new enough")


def _make(suite: str, own: str) -> Release:
    return Release(suite, suite == own, rootfs.locate_cached(suite).is_dir())
