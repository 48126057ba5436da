"""Which unit files the helper shows to an account that may run it: those of the fleets, wherever systemd reads them."""

import subprocess

import pytest

from qtctl.remote.scripts import read_script

SHOWN = (
    "/etc/systemd/system/shop-a.service",
    "/etc/systemd/system/shop-a.service.d/x.conf",
    "/etc/systemd/system.control/shop-a.service.d/50-MemoryMax.conf",
    "/run/systemd/system.control/shop-w@.service.d/50-TasksMax.conf",
    "/run/systemd/system/shop-a.service.d/x.conf",
)
HIDDEN = (
    "/run/systemd/system/other.service.d/x.conf",
    "/run/systemd/system/shop-a.service.d/../../../shadow",
    "/run/systemd/system/shop-a.service.d/x/y.conf",
    "/run/systemd/transient/shop-a.service.d/x.conf",
    "/run/systemd/system/shop-a.service.d/x.txt",
    "/run/shadow",
    "/etc/shadow",
)


@pytest.mark.parametrize("path", [*SHOWN, *HIDDEN])
def test_of_the_fleets_only(path: str) -> None:
    parts = "".join(map(read_script, ("way.sh", "helper.sh", "helper_more.sh")))
    given = "unit_folder=/etc/systemd/system mark='#' rules='unit shop-*'\n"
    script = f"{parts}{given}helper_is_readable '{path}' && echo shown\n"
    done = subprocess.run(["dash"], input=script, capture_output=True, text=True, check=False, timeout=20)
    assert (done.stdout == "shown\n", done.stderr) == (path in SHOWN, "")
