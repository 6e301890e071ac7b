"""What the embedded brain says: conversations as tables. What larger models are told, and what is taken from their streams."""

from collections.abc import Generator, Iterator
from functools import cache

import numpy as np
import pytest

from tiangong.agent.answer_stream import spoken_pieces, until, without_thinking
from tiangong.agent.chat_prompt import chat_messages
from tiangong.agent.knowledge import Knowledge
from tiangong.agent.knowledge_brain import KnowledgeBrain
from tiangong.agent.persona import read_persona
from tiangong.agent.protocol import Passage, Persona, Prompt
from tiangong.agent.sentences import split_sentences
from tiangong.core.clock import run_virtual
from tiangong.core.face import EMOTIONS, EmotionLabel
from tiangong.core.language import language_of
from tiangong.core.media import Emotion, Message
from tiangong.studio.bundle import STARTER

ANN = Persona({"en": "Ann", "zh": "安安"}, {"en": "Hello."}, {"en": "I'm Ann, an AI.", "zh": "我是安安，是人工智能。"})


@cache
def starter() -> tuple[Knowledge, Persona]:
    knowledge = Knowledge.load([STARTER / "knowledge" / pack for pack in ("tiangong", "shop")])
    return knowledge, read_persona(STARTER / "avatars" / "tian" / "persona.yaml").persona


def feeling(label: EmotionLabel, confidence: float = 0.8) -> Emotion:
    probabilities = np.zeros(7, np.float32)
    probabilities[EMOTIONS.index(label)] = 1
    return Emotion(label, probabilities, -0.5, 0.5, confidence, 0.0)


def talk(*lines: str, emotion: Emotion | None = None) -> list[str]:
    """What the starter avatar answers to each line of one conversation."""
    knowledge, persona = starter()
    messages: list[Message] = []
    language = language_of(lines[0])
    for line in lines:
        messages.append(Message("user", line))
        language = language_of(line, language)
        found = knowledge.search(line, language, messages)
        prompt = Prompt(tuple(messages), language, persona, emotion, found)
        messages.append(Message("assistant", "".join(KnowledgeBrain().reply(prompt)).strip()))
    return [message.text for message in messages if message.role == "assistant"]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("hello", "Hello! How can I help you?"),
        ("Hi Tian!", "Hello! How can I help you?"),
        ("你好", "您好！有什么可以帮您的？"),
        ("are you a real person", "No, I'm not a human. I'm Tian, an AI."),
        ("Am I talking to a bot?", "No, I'm not a human. I'm Tian, an AI."),
        ("你是真人还是机器人?", "我不是真人，我是人工智能，叫小天。"),
        ("how are you today", "I'm doing well, thank you. What can I do for you?"),
        ("thank you so much", "You're welcome! Is there anything else?"),
        ("谢谢你啊", "不客气！还有别的问题吗？"),
        ("bye bye", "Goodbye, and have a nice day!"),
        ("再见", "再见，祝您一切顺利！"),
        ("yes", "All right. What would you like to know?"),
        ("no", "All right. Just ask if you need anything."),
        ("好的", "好的，您想了解什么？"),
        ("you are stupid", "I'm sorry that I was no help. Please say it in other words, and I'll try again."),
        ("tian", "Hello! How can I help you?"),
    ],
)
def test_small_talk_is_answered(said: str, answer: str) -> None:
    assert talk(said) == [answer]


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("how do i return a jacket", "within 30 days"),
        ("wear is my order", "tracking number"),
        ("hi where is my order please", "tracking number"),
        ("怎么退货", "三十天之内"),
        ("请问能开发票吗", "电子发票"),
        ("who are you", "an AI and not a human"),
        ("what can you do", "orders, delivery, returns"),
        ("你能做什么", "订单、配送"),
        ("introduce yourself", "Tian"),
    ],
)
def test_a_question_is_answered(said: str, part: str) -> None:
    assert part in talk(said)[0]


@pytest.mark.parametrize("said", ["what is the capital of mongolia", "今天股市怎么样", "tell me a joke", "明天下雨吗"])
def test_what_it_does_not_know_it_says_plainly_and_offers_what_it_knows(said: str) -> None:
    answer = talk(said)[0]
    assert "don't know" in answer or "不知道" in answer
    assert "delivery" in answer or "配送" in answer


def test_the_source_is_named_once_and_not_again_in_the_next_answer() -> None:
    first, second = talk("how long does delivery take", "and what does it cost")
    assert first.endswith("That's from our delivery page.")
    assert "25 yuan" in second
    assert "delivery page" not in second
    assert talk("怎么退货")[0].endswith("这是退换货说明里的内容。")


@pytest.mark.parametrize("said", ["how do i return a jacket", "怎么退货", "what is love", "hello", "宇宙有多大"])
def test_nothing_is_said_twice_in_a_row_in_the_same_words(said: str) -> None:
    answers = talk(said, said, said)
    assert answers[0] != answers[1] != answers[2]


def test_the_same_conversation_gets_the_same_answers() -> None:
    lines = ("hi", "what is love", "gift", "the first one", "repeat that please")
    assert talk(*lines) == talk(*lines)


def test_between_two_meanings_it_asks_back_and_takes_the_choice() -> None:
    asked, told = talk("gift", "the second one")
    assert asked == "Do you mean returning a gift, or gift wrapping?"
    assert "8 yuan" in told
    assert "voucher" in talk("gift", "returning")[1]
    both = talk("gift", "both")[1]
    assert "8 yuan" in both
    assert "voucher" in both


def test_a_bare_yes_to_a_choice_is_asked_again_and_a_no_is_taken() -> None:
    asked, again, no = talk("gift", "yes", "no")
    assert again == "Which one is it: returning a gift, or gift wrapping?"
    assert asked != again
    assert no == "All right, then tell me in a few words what you would like to know."


def test_a_follow_up_keeps_the_topic_in_both_languages() -> None:
    assert "two working days" in talk("how do i return a jacket", "and how long does it take")[1]
    assert "两个工作日" in talk("怎么退货", "那要多久")[1]
    assert "80 yuan" in talk("how long does delivery take", "and to germany")[1]


def test_the_price_of_what_was_spoken_of_is_not_the_price_of_anything() -> None:
    assert "10 yuan" in talk("how long does delivery take", "how much is it")[1]
    assert "each item's page" in talk("can i buy a lamp", "how much is a lamp")[1]
    assert "每个商品页" in talk("我想买个台灯", "多少钱")[1]


def test_a_choice_without_an_offer_is_not_guessed_at() -> None:
    assert "I don't know" in talk("the second one")[0]


def test_it_repeats_its_last_words() -> None:
    first, second, third = talk("is alipay ok", "repeat that please", "could you say that again")
    assert second == f"Sure, once more. {first}"
    assert third == f"Of course. {first}"


@pytest.mark.parametrize(
    ("label", "said", "opening"),
    [
        ("angry", "where is my order", "I understand that this is annoying."),
        ("sad", "怎么取消订单", "看得出您不太好受，我来帮您。"),
        ("angry", "my kettle arrived broken", "I am sorry if that happened to you."),  # one apology is enough
        ("happy", "where is my order", "You can follow your order"),
    ],
)
def test_it_acknowledges_a_feeling_in_one_clause(label: EmotionLabel, said: str, opening: str) -> None:
    answer = talk(said, emotion=feeling(label))[0]
    assert answer.startswith(opening)


def test_an_uncertain_feeling_is_left_alone_and_a_certain_one_is_acknowledged_once() -> None:
    assert talk("where is my order", emotion=feeling("angry", 0.3)) == talk("where is my order")
    again = talk("where is my order", "what does delivery cost", emotion=feeling("angry"))[1]
    assert again.startswith("Standard delivery")


def test_it_streams_whole_sentences_that_the_loop_cuts_in_the_same_places() -> None:
    knowledge, persona = starter()
    for said in ("how do i return a jacket", "怎么退货"):
        found = knowledge.search(said, language_of(said))
        pieces = list(KnowledgeBrain().reply(Prompt([Message("user", said)], language_of(said), persona, None, found)))

        async def cut(pieces: list[str] = pieces) -> list[str]:
            async def stream():  # type: ignore[no-untyped-def]
                for piece in pieces:
                    yield piece

            return [sentence async for sentence in split_sentences(stream())]

        assert len(pieces) >= 3
        assert run_virtual(cut()) == [piece.strip() for piece in pieces]


def test_a_persona_without_topics_and_a_talk_without_knowledge_still_work() -> None:
    for said in ("what can you do", "what is love", "repeat", "", "!?"):
        assert "".join(KnowledgeBrain().reply(Prompt([Message("user", said)], "en", ANN))).strip()


def test_an_answer_in_the_other_language_says_so() -> None:
    passage = Passage("九点开门。", "营业时间", "a.md", "zh", 0.9)
    said = "".join(KnowledgeBrain().reply(Prompt([Message("user", "opening hours")], "en", ANN, None, [passage])))
    assert said == "I only have this in Chinese. 九点开门。"


# --- what larger models are told ---------------------------------------------------------------------------------------


def test_the_prompt_carries_persona_notes_feeling_and_language() -> None:
    passage = Passage("Thirty days.", "Returns", "r.md", "en", 0.9)
    system = chat_messages(Prompt([Message("user", "hi")], "en", ANN, feeling("sad"), [passage]))[0]
    assert system.role == "system"
    for part in ("Ann", "AI", "[Returns] Thirty days.", "sad", "English"):
        assert part in system.text
    assert "中文" in chat_messages(Prompt([Message("user", "你好")], "zh-CN", ANN))[0].text


def test_the_messages_alternate_and_begin_and_end_with_the_user() -> None:
    heard = [
        Message("assistant", "Welcome."),
        Message("user", "one"),
        Message("user", "two"),
        Message("assistant", "You can", interrupted=True),
        Message("user", "three"),
    ]
    system, *turns = chat_messages(Prompt(heard, "en", ANN))
    assert "Welcome." in system.text
    assert [(turn.role, turn.text) for turn in turns] == [
        ("user", "one\ntwo"),
        ("assistant", "You can …"),
        ("user", "three"),
    ]


# --- what is taken from their streams ----------------------------------------------------------------------------------


def pieces_of(text: str, size: int) -> Generator[str]:
    yield from (text[i : i + size] for i in range(0, len(text), size))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(
    ("raw", "thinking", "spoken"),
    [
        ("<think>Hm, <b>.</think>Hello!", False, "Hello!"),
        ("Hm.</think>\n\nHello!", True, "Hello!"),
        ("a < b <think>x</think> and <thinner>", False, "a < b  and <thinner>"),
        ("<think>never ends", False, ""),
        ("**Bold** and `code` <", False, "Bold and code <"),
    ],
)
def test_thoughts_and_markdown_are_not_spoken(raw: str, thinking: bool, spoken: str, size: int) -> None:
    assert "".join(spoken_pieces(without_thinking(pieces_of(raw, size), thinking=thinking))) == spoken


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_stream_ends_before_its_mark(size: int) -> None:
    assert "".join(until(pieces_of("Fine.\nUsed?\nUser: more", size), "\nUser:")) == "Fine.\nUsed?"


def test_closing_what_is_spoken_closes_the_model_behind_it() -> None:
    closed: list[bool] = []

    def model() -> Generator[str]:
        try:
            while True:
                yield "word "
        finally:
            closed.append(True)

    answer: Iterator[str] = spoken_pieces(without_thinking(until(model(), "END")))
    assert next(answer) == "word "
    answer.close()  # type: ignore[attr-defined]
    assert closed == [True]
