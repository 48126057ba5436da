"""Builders of what tests begin with: registries, declared hosts, evidence. A test changes the one thing it is about.

`registry` has texts of TOML, `desired` parts of a declared host, `evidence` items; the other modules are the small
fleets made of them, one for each thing that is done to a fleet.
"""
