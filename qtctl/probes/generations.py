"""The generations that a host keeps (fact `deploy.generations`), for root alone: see `deploys`."""

from qtctl.model.deploy_facts import KeptGenerations
from qtctl.probes.deploys import probe_kept
from qtctl.probes.family import Family

FAMILY = Family((KeptGenerations,), lambda needs, _: probe_kept(needs))
