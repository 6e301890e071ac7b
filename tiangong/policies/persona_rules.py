"""The rule that follows from a policy's `persona`: titles and names that the avatar never claims for itself."""

from typing import Final

from tiangong.policies.document import Condition, Pack, PolicyFile, Rule
from tiangong.policies.wording import ANSWERS_WITHOUT_TEXT

PERSONA: Final = "persona"  # the pack that such rules stand in
_CLAIM: Final = {
    "en": r"\b(?:i am|i'm|i was|my name is|as) (?:really |actually |indeed |truly |the real |the |a |an |your )*{title}\b"
    r"|\bthis is {title} (?:speaking|talking|here)\b",
    "zh": r"(?:我(?:就|真的|其实|确实|才|乃|便)*(?:是|叫)(?:真正的|一[名位个])?|吾乃|在下(?:是|乃)?|[身作]为一?[名位个]?){title}",
}
_DENIED: Final = {
    "en": r"\b(?:not|never|isn't|no|if|portray\w*|play\w*|act\w*|speak\w* as|role of) (?:\w+ ){{0,3}}{title}\b",
    "zh": r"(?:不是|并非|如果|假如|扮演|饰演|演绎|以|模拟)(?:.{{0,6}}){title}",
}


def persona_pack(file: PolicyFile) -> Pack | None:
    """None where the persona claims nothing special."""
    titles = {language: texts for language, texts in file.persona.never_claims.items() if language in _CLAIM}
    if not titles:
        return None
    rule = Rule(
        id="persona.never-claims",
        place="output.sentence",
        severity="grave",
        about={"en": ["It never claims to be what it portrays."], "zh": ["从不自称就是所扮演的人。"]},
        when=Condition(pattern="claims"),
        unless=[Condition(pattern="denies")],
        action="replace",
        text=ANSWERS_WITHOUT_TEXT["disclose"],
    )
    patterns = {"claims": _filled(_CLAIM, titles), "denies": _filled(_DENIED, titles)}
    return Pack(pack=PERSONA, patterns=patterns, rules=[rule])


def _filled(frames: dict[str, str], titles: dict[str, list[str]]) -> dict[str, list[str]]:
    return {
        language: [frames[language].format(title=_escaped(title.lower())) for title in texts]
        for language, texts in titles.items()
    }


def _escaped(title: str) -> str:
    """A title as RE2 reads it letter by letter."""
    return "".join(c if c.isalnum() or c == " " else "\\" + c for c in title)
