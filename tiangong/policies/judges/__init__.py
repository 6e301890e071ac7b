"""Tier 2 of the policy, optional: a judge model that is asked about a text which the embedded checks let pass."""
