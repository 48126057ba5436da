"""What this machine has for a host: git clones, each in a folder named as in code.toml, and a folder of packages."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qtctl.adapters.clones import pack_commit
from qtctl.adapters.files import read_bytes
from qtctl.contained.looking import is_folder
from qtctl.dialects.lines import split_file_lines
from qtctl.dialects.python_lock import list_hashes
from qtctl.dialects.wording import join_some
from qtctl.errors import DeployRefused, InputError
from qtctl.model.desired_install import DesiredInstall

_ENDINGS = (".whl", ".tar.gz", ".zip")
_WHEEL = ".whl"
MOST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class LocalSupplies:
    """`clones`: a folder with NAME or NAME.git for each code entry. `wheels`: a folder of packages. None: not given."""

    clones: Path | None = None
    wheels: Path | None = None

    def fetch_code(self, install: DesiredInstall) -> bytes:
        if self.clones is None:
            what = (
                f"nothing was changed: {install.name} has to be installed at {install.commit[:12]}, from a clone of git"
            )
            raise DeployRefused(what, hint=f"--clones FOLDER, with a clone in FOLDER/{install.name}")
        named = (self.clones / install.name, self.clones / f"{install.name}.git")
        return pack_commit(next((each for each in named if is_folder(each)), named[0]), install.commit)

    def fetch_packages(self, install: DesiredInstall) -> Mapping[str, bytes] | None:
        if self.wheels is None:
            return None
        by_digest = self._read_packages(install)
        found: dict[str, bytes] = {}
        missing = []
        for line in split_file_lines(install.lock):
            files = [by_digest[each] for each in list_hashes(line) if each in by_digest]
            if not files and ";" not in line:
                missing.append(line.partition(" ")[0])
            found.update(files)
        if missing:
            named = join_some(missing, 3)
            kinds = "" if install.sources else ", as a wheel,"
            what = f"nothing was changed: {self.wheels} has no file of {named}{kinds} with a hash of the lock file"
            raise DeployRefused(what, hint=f"pip download --require-hashes --no-deps -r LOCK -d {self.wheels}")
        return dict(sorted(found.items()))

    def _read_packages(self, install: DesiredInstall) -> dict[str, tuple[str, bytes]]:
        """Digest → name and content, of those files that may be used."""
        wanted = set(list_hashes(install.lock))
        found: dict[str, tuple[str, bytes]] = {}
        size = 0
        try:
            paths = sorted(each for each in (self.wheels or Path()).iterdir() if each.name.endswith(_ENDINGS))
            for path in paths:
                if path.name.endswith(_WHEEL) or install.sources:
                    content = read_bytes(path, MOST_BYTES)
                    digest = hashlib.sha256(content).hexdigest()
                    if digest in wanted:
                        found[digest] = path.name, content
                        size += len(content)
        except InputError as error:
            what = f"nothing was changed: {error.place}: {error.what}"
            raise DeployRefused(what, hint="--wheels names a folder of packages") from error
        except OSError as error:
            raise DeployRefused(f"nothing was changed: {error}", hint="--wheels names a folder of packages") from error
        if size > MOST_BYTES:
            raise DeployRefused(f"nothing was changed: the packages have more than {MOST_BYTES >> 20} MiB")
        return found
