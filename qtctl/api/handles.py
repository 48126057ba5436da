"""What programs get from one function and pass on to another. Only the names are frozen: look at none of the fields."""

from qtctl.audit.compared import HostTraits
from qtctl.engines.dask import Dask
from qtctl.engines.processes import Processes
from qtctl.fleet.basis import Basis
from qtctl.fleet.examine import Examination
from qtctl.flows.declare import Loaded
from qtctl.flows.declared import Declared
from qtctl.model.desired import Desired
from qtctl.model.inquiry import Inquiry
from qtctl.model.registry import Registry

__all__ = [
    "Basis",
    "Dask",
    "Declared",
    "Desired",
    "Examination",
    "HostTraits",
    "Inquiry",
    "Loaded",
    "Processes",
    "Registry",
]
