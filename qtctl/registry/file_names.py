"""Which names files and folders of a registry have, and which other names are probably mistakes."""

from pathlib import PurePosixPath

from qtctl.dialects.nearest import Known, is_slip
from qtctl.model.unit_kinds import UNIT_TABLES

SUFFIX = ".toml"
TABLE_FILES = (
    "hosts.toml", "stores.toml", *(f"{table}.toml" for table in (*UNIT_TABLES, "dropins") if table != "services"),
    "venvs.toml", "streams.toml", "externals.toml", "users.toml", "folders.toml", "checks.toml",
    "originals.toml", "code.toml",
)  # fmt: skip
"""Files that map names to tables."""
FILES = ("fleet.toml", "policy.toml", *TABLE_FILES)
FOLDERS = ("services", "legacy")
_OTHER_FORMATS = (".yaml", ".yml", ".json", ".conf", ".ini", "")
_ASIDE = ("~", ".bak", ".orig", ".rej", ".swp", ".old", ".tmp", ".disabled", ".example", ".sample", ".dist")
"""Suffixes that editors and people add to the name of a file that should not be read."""
_TEXTS = (".md", ".rst", ".txt", ".adoc")


def is_misnamed(path: str, *, is_folder: bool) -> bool:
    """Whether an unread file in a registry was meant to be read: `services/x.tml`, `hosts.yaml`, `servces/`.

    Notes, hidden files and copies kept aside are not. Everything else in services/ is: only services belong there.
    """
    name = PurePosixPath(path).name
    if name.startswith("#") or name.endswith(_ASIDE) or "/." in f"/{path}":
        return False
    if is_folder:
        return "/" not in path and path not in FOLDERS and bool(Known(FOLDERS).find_nearest(path))
    return bool(suggest_file(path)) or ("/" not in path and _is_slip(_split(name)[1]))


def suggest_file(path: str) -> str:
    """The name under which a file that does not end in .toml would be read; '' if it was not meant to be."""
    folder, _, name = path.rpartition("/")
    stem, suffix = _split(name)
    if not folder:
        return _suggest_at_the_top(stem, suffix)
    meant = _is_slip(suffix) or (folder == "services" and not _is_text(name, suffix))
    near = Known(FOLDERS).find_nearest(folder)
    return f"{near}/{stem}{SUFFIX}" if meant and near else ""


def _suggest_at_the_top(stem: str, suffix: str) -> str:
    if _is_slip(suffix):
        return Known(FILES).find_nearest(f"{stem}{SUFFIX}")
    known = next((each for each in FILES if each == f"{stem}{SUFFIX}"), "")
    return known if suffix in _OTHER_FORMATS else ""


def _split(name: str) -> tuple[str, str]:
    """`x.toml.txt` has the suffix .toml.txt."""
    stem, dot, suffix = name.rpartition(".")
    if stem.endswith(SUFFIX):
        return stem.removesuffix(SUFFIX), f"{SUFFIX}.{suffix}"
    return (stem, f".{suffix}") if dot else (name, "")


def _is_slip(suffix: str) -> bool:
    return suffix.startswith(f"{SUFFIX}.") or (suffix != SUFFIX and is_slip(suffix, SUFFIX))


def _is_text(name: str, suffix: str) -> bool:
    return suffix in _TEXTS or (not suffix and name.isupper())
