"""What of a text is covered before others get it."""

from tiangong.policies.evidence import Evidence
from tiangong.policies.judging import Judgement, merged_spans
from tiangong.policies.precedence import decisive
from tiangong.policies.wording import COVERED, covered, in_language


def spans_of(judgement: Judgement, action: str, text: Evidence) -> tuple[tuple[int, int], ...]:
    """What the rules of an action have found; where nothing tells where it stands, all of the text."""
    hits = [each for each in judgement.hits if each.rule.rule.action == action]
    found = merged_spans(span for each in hits for span in each.spans)
    return found or (((0, len(text.text)),) if hits else ())


def covered_by(action: str, text: Evidence, judgement: Judgement, language: str) -> str:
    """A text without what the rules of an action, "redact" or "rewrite", have found."""
    deciding = decisive([each for each in judgement.hits if each.rule.rule.action == action])
    instead = in_language((deciding.rule.rule.text if deciding else {}) or COVERED, language)
    data = text.personal_data if action == "redact" else ()
    return covered(text.text, spans_of(judgement, action, text), data, instead, language)


def remembered(text: Evidence, judgement: Judgement, language: str) -> str | None:
    """A user's words as later turns may read them, whatever decides about this one; None where no rule changes them."""
    acting = {each.rule.rule.action for each in judgement.hits}
    action = next((each for each in ("rewrite", "redact") if each in acting), None)
    return covered_by(action, text, judgement, language) if action else None


def for_others(text: Evidence, judgement: Judgement, language: str) -> str:
    """A text as colleagues, judges and records may have it: without personal data, and without what a rule redacts."""
    if not text.text:
        return ""
    data = text.personal_data
    spans = merged_spans((*spans_of(judgement, "redact", text), *((datum.start, datum.end) for datum in data)))
    other = next((each.rule.rule.text for each in judgement.hits if each.rule.rule.action == "redact"), {})
    return covered(text.text, spans, data, in_language(other or COVERED, language), language)
