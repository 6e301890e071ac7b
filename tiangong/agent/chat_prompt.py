"""What a language model is told: who it is, what it may rely on, how the user feels, and what was said so far."""

from collections.abc import Sequence
from typing import Final

from tiangong.agent.protocol import Passage, Prompt
from tiangong.agent.spoken_text import listed
from tiangong.core.face import EmotionLabel
from tiangong.core.media import Emotion, Message

MOST_MESSAGES: Final = 16  # of the conversation; older ones cost time and rarely matter
SURE_OF_EMOTION: Final = 0.5

_RULES: Final = {
    "en": (
        "You are {name}, a digital human who talks with people face to face. {about}\n"
        "You are an AI. Say so plainly whenever you are asked, and never claim to be human.\n"
        "Your words are spoken aloud: answer in English, in one to four short sentences, without Markdown, lists, emoji or "
        "web addresses.\n"
        "The user's words come from a speech recogniser and may hold errors; answer what was most likely meant.\n"
        "Rely on the notes below. If they do not answer the question, say that you do not know, and never make up "
        "prices, dates, names or rules."
    ),
    "zh": (
        "你是{name}，一个和人面对面说话的数字人。{about}\n"
        "你是人工智能。别人问起时要直说，绝不自称真人。\n"
        "你的话会被念出来：请用中文回答，一到四个短句，不要用 Markdown、列表、表情符号或网址。\n"
        "用户的话来自语音识别，可能有错字，请按最可能的意思回答。\n"
        "以下面的资料为准。资料里没有的就说不知道，不要编造价格、日期、名字或规定。"
    ),
}
_TOPICS: Final = {"en": "You can help with {topics}.", "zh": "你能帮忙的方面：{topics}。"}
_NOTES: Final = {"en": "Notes:", "zh": "资料："}
_NO_NOTES: Final = {"en": "There are no notes on this question.", "zh": "关于这个问题没有资料。"}
_OPENED: Final = {"en": "You opened the conversation with: {text}", "zh": "你的开场白是：{text}"}
_FEELINGS: Final[dict[EmotionLabel, dict[str, str]]] = {
    "angry": {"en": "angry", "zh": "生气"},
    "sad": {"en": "sad", "zh": "难过"},
    "happy": {"en": "happy", "zh": "高兴"},
    "fearful": {"en": "worried", "zh": "担心"},
    "disgusted": {"en": "put off", "zh": "反感"},
    "surprised": {"en": "surprised", "zh": "惊讶"},
}
_FEELS: Final = {
    "en": "The user seems {feeling}. Take it into account in one short clause at most, and do not diagnose.",
    "zh": "用户看上去有些{feeling}。最多用半句话体谅一下，不要下判断。",
}


def chat_messages(prompt: Prompt) -> list[Message]:
    """A system message, then user and assistant in turns, the user first and last, as every chat template takes them.

    What the avatar said before the user spoke moves into the system message; messages of one side in a row become one.
    """
    recent = [message for message in prompt.messages if message.role != "system"][-MOST_MESSAGES:]
    opening: list[str] = []
    while recent and recent[0].role == "assistant":
        opening.append(recent.pop(0).text)
    turns: list[Message] = []
    for message in recent:
        # An answer that was cut off ends in the middle; the dots tell the model that this is no mistake of its own.
        text = f"{message.text} …" if message.interrupted else message.text
        if turns and turns[-1].role == message.role:
            text = f"{turns.pop().text}\n{text}"
        turns.append(Message(message.role, text))
    return [Message("system", system_text(prompt, " ".join(opening))), *turns]


def system_text(prompt: Prompt, opening: str = "") -> str:
    """The instructions, in the language of the answer."""
    language = "zh" if prompt.language.split("-")[0].lower() == "zh" else "en"
    persona = prompt.persona
    name, about = (texts.get(language) or next(iter(texts.values()), "") for texts in (persona.name, persona.about))
    parts = [_RULES[language].format(name=name, about=about)]
    if topics := persona.topics.get(language):
        parts.append(_TOPICS[language].format(topics=listed(list(topics), language)))
    if feeling := _feeling(prompt.emotion, language):
        parts.append(feeling)
    if opening:
        parts.append(_OPENED[language].format(text=opening))
    return "\n".join([*parts, _notes(prompt.passages, language)])


def _feeling(emotion: Emotion | None, language: str) -> str:
    if emotion is None or emotion.confidence < SURE_OF_EMOTION or emotion.label not in _FEELINGS:
        return ""
    return _FEELS[language].format(feeling=_FEELINGS[emotion.label][language])


def _notes(passages: Sequence[Passage], language: str) -> str:
    if not passages:
        return _NO_NOTES[language]
    return "\n".join([_NOTES[language], *(f"[{passage.title}] {passage.text}" for passage in passages)])
