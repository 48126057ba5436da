"""What a host must have: kept from an earlier run with the same files, or made now, in the two steps of a look."""

import os
from typing import TYPE_CHECKING

from qtctl.adapters import kept
from qtctl.adapters.files import read_registry
from qtctl.adapters.installation import fingerprint
from qtctl.adapters.templates import unit_templates
from qtctl.dialects.endpoints import LOCAL
from qtctl.flows.compiled import Sources, Spoilt, pack, unpack
from qtctl.flows.declared import Declared
from qtctl.registry.places import Places

if TYPE_CHECKING:
    from qtctl.cli.looking import Target
    from qtctl.flows.declare import Loaded
    from qtctl.model.desired import Desired


class Compiling:
    """Reads the files. InputErrors where they are wrong: what is wrong is never kept."""

    def __init__(self, target: "Target") -> None:
        self._sources = Sources(
            read_registry(target.registry), unit_templates(target.templates), target.host, target.as_name
        )
        # An audit writes nothing on the host that it looks at, and that may be this machine.
        where = None if target.host == LOCAL else kept.folder(os.environ)
        self._kept = kept.Kept(where) if where is not None else None
        self._name = self._sources.digest(fingerprint()) if where is not None else ""
        self._whole = self._known()
        self._begun: Loaded | None = None

    def begun(self) -> "Desired":
        """Enough to ask a host: perhaps without files."""
        return self._whole or self._loaded().desired

    def whole(self) -> Declared:
        if self._whole is None:
            from qtctl.flows.declare import rendered

            self._whole = rendered(self._loaded(), self._sources.templates).desired
            if self._kept is not None:
                self._kept.put(self._name, pack(self._whole))
        return Declared(self._sources.files, self._whole, Places(self._sources.files))

    def _loaded(self) -> "Loaded":
        if self._begun is None:
            from qtctl.flows.declare import begin

            self._begun = begin(self._sources.files, self._sources.target, self._sources.as_name)
        return self._begun

    def _known(self) -> "Desired | None":
        content = self._kept.get(self._name) if self._kept is not None else None
        try:
            return unpack(content) if content is not None else None
        except Spoilt:
            return None
