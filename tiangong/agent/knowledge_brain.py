"""The embedded brain: answers from the avatar's own knowledge, and says so when it does not know.

No language model: what it says was written by the avatar's maker, or stands in this folder. The same conversation always
gets the same answer; words change with the number of the turn, so that nothing is said twice in a row in the same way.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tiangong.agent.clarifying import SOMETHING_ELSE, Offer, ask_back, chosen, label, offered_in
from tiangong.agent.knowledge import CONFIDENT
from tiangong.agent.knowledge_loading import TITLE_PATH
from tiangong.agent.protocol import Passage, Prompt
from tiangong.agent.small_talk import bare_words, intent_of, small_talk
from tiangong.agent.spoken_text import listed, sentences, speakable_part
from tiangong.agent.words import content_words
from tiangong.core.media import Emotion

SURE_OF_EMOTION: Final = 0.5
MAY_FIT: Final = 0.36  # from here up to CONFIDENT it is better to ask than to say "I don't know"
CLEARLY_FITS: Final = 0.85  # from here on, a close second is not asked about
CLOSE: Final = 0.04  # two scores nearer than this cannot be told apart
CLOSE_FOR_A_WORD: Final = 0.12  # "gift": one bare word leaves more open
BARE_WORDS: Final = 2
BARE_CHARACTERS: Final = 4

_ACKNOWLEDGED: Final = {
    ("angry", "en"): ("I understand that this is annoying.", "I can see why that upsets you."),
    ("angry", "zh"): ("我明白，这事确实让人着急。", "换了我也会生气，我来帮您看看。"),
    ("sad", "en"): ("I'm sorry that this weighs on you.", "I can see that this isn't easy."),
    ("sad", "zh"): ("看得出您不太好受，我来帮您。", "别难过，我们一起来看看。"),
}
_REGRETS: Final = re.compile(r"\b(?:sorry|apologi[sz]e)\b|抱歉|对不起|不好意思")
_UNKNOWN: Final = {
    "en": (
        "I'm sorry, I don't know that. What I can help you with is {topics}.",
        "That's something I don't know. Ask me about {topics}, and I can tell you more.",
        "I have nothing on that, and I don't want to guess. I do know about {topics}.",
    ),
    "zh": (
        "抱歉，这个我不知道。我能帮您的是{topics}这些方面。",
        "这个问题我答不上来。{topics}，这些您可以问我。",
        "这方面我没有资料，不想乱说。您可以问我{topics}。",
    ),
}
_UNKNOWN_WITHOUT_TOPICS: Final = {
    "en": ("I'm sorry, I don't know that.", "That's something I don't know. Could you say it in other words?"),
    "zh": ("抱歉，这个我不知道。", "这个问题我答不上来，您能换个说法吗？"),
}
_UNSURE: Final = {
    "en": ("I'm not sure I got that.", "Let me make sure."),
    "zh": ("我不太确定您的意思。", "我确认一下。"),
}
_NEITHER: Final = {
    "en": ("All right, then tell me in a few words what you would like to know.",),
    "zh": ("好的，那您简单说说，想了解什么？",),
}
_ONCE_MORE: Final = {"en": ("To put it once more:", "As I said:"), "zh": ("我再说一遍：", "还是刚才说的：")}
_OTHER_LANGUAGE: Final = {"en": "I only have this in Chinese.", "zh": "这一条我只有英文资料。"}
_SOURCE: Final = {
    "en": ("That's from {page}.", "You can find this on {page}."),
    "zh": ("这是{page}里的内容。", "{page}里也能查到。"),
}


class KnowledgeBrain:
    """Keeps no state: all it knows of a conversation is in the prompt, so sessions and threads may share it."""

    name = "knowledge"
    embedded = True

    def reply(self, prompt: Prompt) -> Iterator[str]:
        """The answer, one sentence at a time."""
        return _with_spaces(_answer(prompt))


def _with_spaces(pieces: Sequence[str]) -> Iterator[str]:
    for i, piece in enumerate(pieces):
        yield piece if i == len(pieces) - 1 or piece[-1] in "。！？：；”" else piece + " "


class _Talk:
    """One prompt, and what can be read from it."""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        self.language = "zh" if prompt.language.split("-")[0].lower() == "zh" else "en"
        spoken = [message.text for message in prompt.messages if message.role == "assistant"]
        self.turn = len(spoken)
        self.last = spoken[-1] if spoken else ""
        self.question = prompt.messages[-1].text if prompt.messages else ""

    def vary(self, forms: Sequence[str], **words: str) -> str:
        """The form of this turn; the next one where the last answer already said that."""
        filled = [form.format(**words) for form in forms]
        turned = [filled[(self.turn + i) % len(filled)] for i in range(len(filled))]
        return next((form for form in turned if form not in self.last), turned[0])

    def of(self, texts: dict[str, str]) -> str:
        """A text of the persona in the language of the answer, or in the one it has."""
        return texts.get(self.language) or next(iter(texts.values()), "")

    @property
    def topics(self) -> str:
        return listed(list(self.prompt.persona.topics.get(self.language, [])), self.language)


def _answer(prompt: Prompt) -> list[str]:
    talk = _Talk(prompt)
    intent = intent_of(talk.question, prompt.persona)
    offer = offered_in(talk.last)
    choice = chosen(talk.question, offer) if offer else None
    if offer and (choice == "neither" or (choice is None and intent in ("yes", "no"))):
        asked = intent == "yes" and choice is None
        return [ask_back(offer, talk.language, talk.turn) if asked else talk.vary(_NEITHER[talk.language])]
    if intent and not choice:
        return _small_talk(talk, intent)
    return _feeling(talk, _from_passages(talk, offer, both=choice == "both"))


def _from_passages(talk: _Talk, offer: Offer | None, both: bool) -> list[str]:
    fitting = [passage for passage in talk.prompt.passages if passage.score >= CONFIDENT]
    if both and len(fitting) == 2:
        return [s for passage in fitting for s in speakable_part(passage.text, talk.question, talk.language)[:2]]
    if not fitting:
        return _unsure(talk, offer) or [_unknown(talk)]
    if rival := _rival(talk, fitting, offer):
        return [ask_back(Offer(label(fitting[0]), label(rival)), talk.language, talk.turn)]
    return _told(talk, fitting[0])


def _unsure(talk: _Talk, offer: Offer | None) -> list[str]:
    """A question back where something may fit; empty where nothing does, or one was asked just now."""
    near = [passage for passage in talk.prompt.passages if passage.language == talk.language]
    if offer or not near or near[0].score < MAY_FIT:
        return []
    second = label(near[1]) if len(near) > 1 and label(near[1]) != label(near[0]) else SOMETHING_ELSE[talk.language]
    return [talk.vary(_UNSURE[talk.language]), ask_back(Offer(label(near[0]), second), talk.language, talk.turn)]


def _small_talk(talk: _Talk, intent: str) -> list[str]:
    persona = talk.prompt.persona
    if intent == "abilities" and not talk.topics:
        return sentences(talk.of(persona.about))
    if intent == "repeat" and not talk.last:
        intent = "greeting"
    openings = [form.split("{")[0] for form in small_talk()["repeat"].said[talk.language]]
    last = _without_opening(talk.last, openings)
    forms = small_talk()[intent].said[talk.language]
    filled = talk.vary(forms, name=talk.of(persona.name), about=talk.of(persona.about), topics=talk.topics, last=last)
    return sentences(filled)


def _without_opening(text: str, openings: Sequence[str]) -> str:
    """So that a repeated repetition does not pile up "Of course."."""
    for opening in openings:
        text = text.removeprefix(opening)
    return text


def _unknown(talk: _Talk) -> str:
    if not talk.topics:
        return talk.vary(_UNKNOWN_WITHOUT_TOPICS[talk.language])
    return talk.vary(_UNKNOWN[talk.language], topics=talk.topics)


def _rival(talk: _Talk, fitting: Sequence[Passage], offer: Offer | None) -> Passage | None:
    """A second passage that fits as well and says something else; None straight after a question of one's own."""
    if offer or len(fitting) < 2:
        return None
    best, second = fitting[:2]
    bare = _is_bare(talk.question)
    if bare and content_words(label(best)) == content_words(talk.question):
        return None
    if not bare and best.score >= CLEARLY_FITS:
        return None
    same = label(best) == label(second) or best.text == second.text or best.language != second.language
    return None if same or best.score - second.score > (CLOSE_FOR_A_WORD if bare else CLOSE) else second


def _is_bare(question: str) -> bool:
    """Whether only a word was said, and no question asked."""
    words = bare_words(question)
    return len(words.split()) <= BARE_WORDS if words.isascii() else len(words) <= BARE_CHARACTERS


def _told(talk: _Talk, passage: Passage) -> list[str]:
    """The passage in spoken sentences, and where it is from unless that was just said."""
    said = speakable_part(passage.text, talk.question, passage.language)
    if not said:
        return [_unknown(talk)]
    if said[0] in talk.last:
        return [talk.vary(_ONCE_MORE[talk.language]), *said]
    page = _page(passage, talk.language)
    if page and page not in talk.last:
        said.append(talk.vary(_SOURCE[talk.language], page=page))
    if passage.language != talk.language:
        return [_OTHER_LANGUAGE[talk.language], *said]
    return said


def _page(passage: Passage, language: str) -> str:
    """How one names the source when speaking: "our page on delivery", "退换货说明"; "" where it has no name."""
    if passage.language != language:
        return ""
    if passage.source.endswith(".csv"):
        return "our list of common questions" if language == "en" else "常见问题"
    name = passage.title.split(TITLE_PATH)[0]
    if language == "zh":
        return name
    plain = name[:1].lower() + name[1:] if name[1:2].islower() and not name.startswith("Tiangong") else name
    if not passage.source.endswith(".md"):
        return f"the document {name}"
    if plain.startswith("about "):
        return f"our page {plain}"
    asks = plain.split()[0] in ("how", "what", "why", "where", "when") or plain.split()[0].endswith("ing")
    return f"our page on {plain}" if asks or len(plain.split()) > 3 else f"our {plain} page"


def _feeling(talk: _Talk, said: list[str]) -> list[str]:
    """One acknowledging clause before the answer, where the user is surely angry or sad; not in two answers running."""
    emotion: Emotion | None = talk.prompt.emotion
    if emotion is None or emotion.confidence < SURE_OF_EMOTION:
        return said
    forms = _ACKNOWLEDGED.get((emotion.label, talk.language))
    if forms is None or _REGRETS.search(said[0]) or any(form in talk.last for form in forms):
        return said
    return [talk.vary(forms), *said]
