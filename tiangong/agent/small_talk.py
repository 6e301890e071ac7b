"""Recognises small talk and has the answers to it; both stand in `starter/small_talk.yaml`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from tiangong.agent.protocol import Persona

_FILE: Final = Path(__file__).parents[1] / "starter" / "small_talk.yaml"
_MARKS: Final = re.compile(r"[^\w\s'\-]+")
_BETWEEN_CHARACTERS: Final = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
# Politeness and hesitation around what is meant: "um hi, who are you then, please?", "请问你是谁呀".
_OPENING: Final = re.compile(
    r"^(?:(?:um+|uh+|well|so|oh|ok|okay|hey|hi|hello|and|now|please|excuse me)\b\s*)+"
    r"|^(?:嗯|哦|啊|那么|那|请问|请|喂|问一下|你好|您好|早上好|下午好|晚上好|嗨)+"
)
_CLOSING: Final = re.compile(r"(?:\s*\b(?:please|then|now|though|exactly))+$|(?:吗|呢|吧|啊|呀|哦|了|啦|嘛|哈|的)+$")


@dataclass(frozen=True)
class SmallTalk:
    """One intent in all languages."""

    intent: str
    heard: tuple[re.Pattern[str], ...]
    said: Mapping[str, tuple[str, ...]]  # language -> answers, with {name}, {about}, {topics}, {last}


@cache
def small_talk() -> Mapping[str, SmallTalk]:
    """Every intent by its name; the order is the order of matching."""
    intents = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {
        intent: SmallTalk(
            intent,
            tuple(re.compile(pattern) for texts in languages.values() for pattern in texts["heard"]),
            {language: tuple(texts["said"]) for language, texts in languages.items()},
        )
        for intent, languages in intents.items()
    }


def bare_words(text: str, names: Sequence[str] = ()) -> str:
    """An utterance in lower case, without punctuation and without the avatar's names."""
    folded = _MARKS.sub(" ", text.lower().replace("’", "'"))
    for name in names:
        bound = r"\b" if name.isascii() else ""
        folded = re.sub(f"{bound}{re.escape(name.lower())}{bound}", " ", folded)
    return _BETWEEN_CHARACTERS.sub("", " ".join(folded.split()))


def intent_of(text: str, persona: Persona) -> str | None:
    """The intent of an utterance that holds nothing besides, in any language; None where it says something else."""
    whole = bare_words(text, list(persona.name.values()))
    if not whole:
        return "greeting" if bare_words(text) else None  # only the avatar's name was called
    # What is polite around a question may be the whole of another utterance ("hi", 你好), so both are tried.
    opened = _OPENING.sub("", whole).strip()
    for form in dict.fromkeys((whole, opened, _CLOSING.sub("", whole), _CLOSING.sub("", opened))):
        for intent, talk in small_talk().items():
            if form and any(pattern.fullmatch(form) for pattern in talk.heard):
                return intent
    return None
