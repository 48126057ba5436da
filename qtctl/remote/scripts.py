"""The scripts of this folder: POSIX sh with GNU coreutils, findutils, tar and util-linux. They run on hosts.

Each file defines functions, and says what it has to be given: variables that are set before it, or arguments of the
function that is called after it. Whoever makes a script of it quotes both (`shlex.quote`).
"""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def read_script(name: str) -> str:
    """The text of one of them, for example `way.sh`."""
    return (_FOLDER / name).read_text(encoding="utf-8")
