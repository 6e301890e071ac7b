"""One fixed order between rules, so that checks made side by side cannot race: deny > hand off > replace > redact > allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tiangong.core.media import Action
from tiangong.core.style import StyleLimits
from tiangong.policies.compiled import CompiledRule
from tiangong.policies.evidence import Span

# Within denial, what a person in danger needs comes before everything but the end of the session.
ORDER: Final[tuple[Action, ...]] = (
    "end", "care", "refuse", "hand_off", "disclose", "clarify", "say", "replace", "rewrite", "redact", "allow",
)  # fmt: skip
# What keeps somebody from what they wanted to say or hear. To ask back does not count: the talk goes on.
DENIES: Final[frozenset[Action]] = frozenset({"end", "care", "refuse", "hand_off", "replace", "rewrite", "redact"})
_RANK: Final = {action: rank for rank, action in enumerate(ORDER)}
_SEVERITY: Final = {"grave": 0, "serious": 1, "minor": 2}


@dataclass(frozen=True)
class Hit:
    """A rule that acts on a text. Its place in the policy breaks ties."""

    place: int
    rule: CompiledRule
    spans: tuple[Span, ...]
    style: StyleLimits


def decisive(hits: Sequence[Hit]) -> Hit | None:
    """The hit that decides; the order in which hits were found does not matter."""
    return min(
        hits, key=lambda hit: (_RANK[hit.rule.rule.action], _SEVERITY[hit.rule.rule.severity], hit.place), default=None
    )


def joined_style(hits: Sequence[Hit]) -> StyleLimits:
    """The limits of all hits at once, whatever decides."""
    limits = StyleLimits()
    for hit in sorted(hits, key=lambda hit: (_SEVERITY[hit.rule.rule.severity], hit.place)):
        limits = limits.joined(hit.style)
    return limits
