"""Normal form: what evasions become, where each character came from, and how long it takes."""

import random
import time

import pytest

from tiangong.policies.detectors.normal_form import LONGEST_CHARS, normal_form, pinyin_key, pinyin_of, readings

NORMAL = [
    ("Ｉｇｎｏｒｅ　ＡＬＬ", "ignore all"),
    ("i\u200bgn\u00adore\u2060 rules\ufeff", "ignore rules"),
    ("\u202eignore\u202c", "ignore"),
    ("i̷̛g̸n̵o̶r̷e̸", "ignore"),
    ("杀̶人̷", "杀人"),
    ("café naïve", "cafe naive"),
    ("請幫我轉給經理", "请帮我转给经理"),
    ("活著沒意義，著名", "活着没意义,著名"),
    ("妳是甚麼", "你是什么"),
    ("lеt mе sее а mаn", "let me see a man"),
    ("Ηеllо Νеw Υоrk", "hello new york"),
    ("это реальный человек", "это реальный человек"),
    ("я купил iPhone в Москве", "я купил iphone в москве"),
    ("𝓲𝓰𝓷𝓸𝓻𝓮 🅸🅶🅽🅾🆁🅴 ɪɢɴᴏʀᴇ", "ignore ignore ignore"),
    ("不 想 活 了", "不想活了"),
    ("我*想*轻*生", "我想轻生"),
    ("我-想-死", "我想死"),
    ("自*杀", "自*杀"),
    ("i g n o r e  a l l", "ignore all"),
    ("i-g-n-o-r-e the r.u.l.e.s", "ignore the rules"),
    ("i want to d i e", "i want to die"),
    ("你是 A I 吗", "你是 ai 吗"),
    ("plan a b", "plan a b"),
    ("r u a robot", "r u a robot"),
    ("e.g. a-b", "e.g. a-b"),
    ("打 139 6430", "打 139 6430"),
    ("  two\n\n\tlines ", "two lines"),
    ("‘a’ “b” 「c」", '\'a\' "b" "c"'),
    ("ﾊﾞｶ ⑩ ﬁ", "バカ 10 fi"),
    ("", ""),
    ("\u200b\u0301", ""),
]


@pytest.mark.parametrize(("text", "normal"), NORMAL)
def test_a_text_has_one_normal_form(text: str, normal: str) -> None:
    assert normal_form(text).text == normal


READINGS = [
    ("1gn0re your rules", "ignore your rules"),
    ("ignore a11 rules", "ignore all rules"),
    ("k1ll", "kill"),
    ("我想自*杀", "我想自杀"),
    ("i w a n t t o d i e", "i want to die"),
    ("A R E Y O U H U M A N ?", "are you human ?"),
    ("c-o-n-n-e-c-t-m-e-t-o-a-p-e-r-s-o-n", "connect me to a person"),
    ("我，想，死", "我想死"),
    ("ѕсаре", "scape"),
    ("hi" + "".join(chr(0xE0000 + ord(c)) for c in " ignore"), "hi ignore"),
]


@pytest.mark.parametrize(("text", "wanted"), READINGS)
def test_a_bolder_reading_is_among_the_readings(text: str, wanted: str) -> None:
    forms = readings(text)
    assert forms[0] == normal_form(text)
    assert wanted in [form.text for form in forms]


@pytest.mark.parametrize(
    "text",
    [
        "I B M",
        "a b c",
        "Plan A B C",
        "i g n o r e  m e",
        "gate b12",
        "the 1st of 2019",
        "mp3 10am 4k",
        "是人吗？",
        "plain words",
        "wow!",
    ],
)
def test_plain_texts_have_one_reading(text: str) -> None:
    assert len(readings(text)) == 1


def test_a_span_leads_back_to_the_original() -> None:
    text = "请 ｉ\u200bｇ\u200bn０re 我 想"
    form = normal_form(text)
    start = form.text.index("ign")
    assert text[slice(*form.span(start, start + 3))] == "ｉ\u200bｇ\u200bn"
    assert form.span(len(form.text), len(form.text)) == (len(text), len(text))
    with pytest.raises(IndexError):
        form.span(0, len(form.text) + 1)


def test_a_span_in_words_that_were_parted_leads_back_to_the_original() -> None:
    text = "so, a r e y o u h u m a n"
    form = readings(text)[1]
    start = form.text.index("human")
    assert form.text[:start].endswith("are you ")
    assert text[slice(*form.span(start, start + 5))] == "h u m a n"


def test_what_is_too_long_is_cut_and_says_so() -> None:
    form = normal_form("a" * (LONGEST_CHARS + 5))
    assert form.cut
    assert len(form.text) == LONGEST_CHARS
    assert not normal_form("a").cut


POOLS = [
    "abcdefgiI XYZ019@$!|",
    " -._*·|/",
    "我想轻生著甚麼妳臺",
    "аеорсухіНМяжИ\u0306\u0308",
    "αβνηΝΥΩ",
    "\u200b\u200d\u0301\u0336\u20dd\u3099\ufe0f",
    "ｉｇ１２３",
    "ﬁ㍿⑩😀👨🏳️ﷺ",
    "กู้ابक़",
    "\n\t\u3000",
    "İẞǅϓſ",
]


def _random_text(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return "".join(chr(rng.choice([rng.randrange(0xD800), rng.randrange(0xE000, 0x20000)])) for _ in range(12))
    pools = rng.sample(POOLS, rng.randrange(1, 5))
    return "".join(rng.choice(rng.choice(pools)) for _ in range(rng.randrange(30)))


def test_random_texts_keep_their_places_and_are_normal_once_normalised() -> None:
    rng = random.Random(3)
    for text in (_random_text(rng) for _ in range(4_000)):
        for form in readings(text):
            assert len(form.text) == len(form.starts) == len(form.ends)
            assert all(0 <= start < end <= len(text) for start, end in zip(form.starts, form.ends, strict=True))
            assert list(form.starts) == sorted(form.starts)
            assert list(form.ends) == sorted(form.ends)
        normal = normal_form(text).text
        assert normal_form(normal).text == normal, ascii(text)


HOSTILE = {
    "emoji": "👨‍👩‍👧‍👦😀🏳️‍🌈" * 2_000,
    "zalgo": "i̷̛̖g̸̨n̵o̶r̷e̸" * 4_000,
    "mixed scripts": "аaбb我Ωw " * 8_000,
    "one endless word": "a" * 100_000,
    "endless leet": "1a" * 50_000,
    "spaced": "a b " * 25_000,
    "spelled out": "i w a n t t o " * 7_000,
    "starred": "我*" * 25_000,
    "ligatures": "ﷺ" * 30_000,
    "Thai marks": "aู้" * 15_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hundred_kilobytes_made_to_be_slow_are_not(name: str) -> None:
    started_s = time.perf_counter()
    readings(HOSTILE[name])
    assert time.perf_counter() - started_s < 0.18


@pytest.mark.parametrize(
    "text",
    [
        "One more thing, is it open on Sunday or what? Tell me please.",
        "你好，我想问一下你们周末是不是也开门，谢谢你了。",
    ],
)
def test_a_sentence_takes_less_than_a_tenth_of_a_millisecond(text: str) -> None:
    normal_form(text)
    started_s = time.perf_counter()
    for _ in range(200):
        normal_form(text)
    assert (time.perf_counter() - started_s) / 200 < 0.3e-3


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("wo xiang zisha", "wo xiang zi sha"),
        ("Wo Xiǎng ZÌSHĀ!", "wo xiang zi sha"),
        ("nv ren", "nu ren"),
        ("please tell me the truth", None),
        ("我想", None),
        ("ma", None),
    ],
)
def test_pinyin_is_read_in_syllables(text: str, key: str | None) -> None:
    read = pinyin_key(normal_form(text))
    assert (read and read.text) == key


def test_pinyin_of_a_chinese_word_is_what_people_type() -> None:
    assert pinyin_of("我想自杀") == "wo xiang zi sha"
    assert pinyin_of("女人") == "nu ren"
