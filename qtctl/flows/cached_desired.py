"""What a host must have: cached by an earlier run over the same files, or computed now, in two steps."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from qtctl.adapters import cache_folder
from qtctl.adapters.files import read_registry
from qtctl.adapters.installation import make_fingerprint
from qtctl.adapters.templates import load_unit_templates
from qtctl.dialects.endpoints import LOCAL
from qtctl.flows.declared import Declared
from qtctl.flows.desired_cache import CorruptCache, Sources, pack, unpack
from qtctl.flows.target import Target
from qtctl.registry.places import Places

if TYPE_CHECKING:
    from qtctl.flows.declare import Loaded
    from qtctl.model.desired import Desired


class CachedDesired:
    """Reads the files. InputErrors if they are wrong: a wrong registry is never cached."""

    def __init__(self, target: Target) -> None:
        self._sources = Sources(
            read_registry(target.registry), load_unit_templates(target.templates), target.host, target.as_name
        )
        # An audit writes nothing on the host that it looks at, which may be this machine.
        where = None if target.host == LOCAL else cache_folder.locate_cache(os.environ)
        self._cache = cache_folder.CacheFolder(where) if where is not None else None
        self._name = self._sources.digest(make_fingerprint()) if where is not None else ""
        self._whole = self._read_cache()
        self._begun: Loaded | None = None

    def get_cached(self) -> Declared | None:
        """The result of an earlier audit from the same files. None if nothing is cached."""
        return None if self._whole is None else self._make_declared(self._whole)

    def load_unrendered(self) -> "Desired":
        """Enough to ask a host: the files may not be rendered yet."""
        return self._whole or self._load().desired

    def load(self) -> Declared:
        if self._whole is None:
            from qtctl.flows.declare import render_files  # noqa: PLC0415 - jinja2, which a cached one does without
            from qtctl.meaning.systemd_needed import find_systemd_needed  # noqa: PLC0415 - as above
            from qtctl.rules.loaded_units import list_loaded_units  # noqa: PLC0415 - as above

            desired = render_files(self._load(), self._sources.templates).desired
            self._whole = replace(
                desired, loaded=list_loaded_units(desired), needs_systemd=find_systemd_needed(desired)
            )
            if self._cache is not None:
                self._cache.put(self._name, pack(self._whole))
        return self._make_declared(self._whole)

    def _make_declared(self, desired: "Desired") -> Declared:
        return Declared(self._sources.files, desired, Places(self._sources.files))

    def _load(self) -> "Loaded":
        if self._begun is None:
            from qtctl.flows.declare import begin  # noqa: PLC0415 - pydantic, which a cached one does without
            from qtctl.flows.questions import find_questions  # noqa: PLC0415 - every rule, as above

            loaded = begin(self._sources.files, self._sources.target, self._sources.as_name)
            asked = find_questions(loaded.desired)
            self._begun = replace(loaded, desired=replace(loaded.desired, questions=asked))
        return self._begun

    def _read_cache(self) -> "Desired | None":
        content = self._cache.get(self._name) if self._cache is not None else None
        try:
            return unpack(content) if content is not None else None
        except CorruptCache:
            return None
