"""Calls of systemctl are found in many files at once, and none is taken for one of another file."""

import subprocess
from pathlib import Path

from qtctl.probes.callers import SCRIPTS

UNITS = "shop-api.service shop-worker.service"
LARGEST = 65536
FILES = {
    "one.service": "[Service]\nExecStartPost=/bin/systemctl restart shop-api.service\n",
    "two with space": "0 3 * * * root systemctl stop \\\n  shop-worker\n",
    "three=3": "# systemctl stop shop-api\nu='shop-api'\nfor each in $u; do systemctl try-restart $each; done\n",
    "four": "systemctl status shop-api\nsystemctl stop other\n",
    "five": "systemctl stop \\",
    "six": "shop-api.service\n",
    "large": "x" * LARGEST + "\nsystemctl stop shop-api\n",
    "large, at its beginning": "service shop-worker stop\n" + "x\n" * LARGEST,
}


def find_calls(folder: Path) -> set[str]:
    script = f'{SCRIPTS.text}\nexport units=" {UNITS} "\nIFS="\n"\nread_calls "$@"\n'
    paths = [str(folder / name) for name in FILES]
    done = subprocess.run(["dash", "-c", script, "sh", *paths], capture_output=True, text=True, check=True)
    assert not done.stderr
    return {line.replace(f"{folder}/", "") for line in done.stdout.splitlines()}


def test_calls_of_many_files(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert find_calls(tmp_path) == {
        "K restart shop-api.service one.service",
        "K stop shop-worker two with space",
        "K try-restart shop-api three=3",
        "K stop shop-worker large, at its beginning",
    }
