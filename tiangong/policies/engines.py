"""The policy engines, best first: what `auto` tries in this order."""

from typing import Final

POLICIES: Final = {"rules": "tiangong.policies.rules:RulesPolicy"}
