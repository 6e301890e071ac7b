"""Loading files that people really have, finding passages in them, and what follows from the conversation."""

from pathlib import Path

import pytest

from tiangong.agent.clarifying import Offer, ask_back, chosen, offered_in
from tiangong.agent.knowledge import CONFIDENT, Knowledge
from tiangong.agent.knowledge_loading import load_file
from tiangong.agent.spoken_text import sentences, speakable_part
from tiangong.agent.words import content_words
from tiangong.core.errors import MediaError
from tiangong.core.media import Message

MARKDOWN = """---
language: en
---
# Garden
Intro text.

## Watering
<!-- asked as: how much water | when to water -->
Water the **roses** on [Mondays](http://x.org/a).

- Use rain water
- Never at noon

### Pots
Pots need water daily.

## Empty heading

## Pruning
Cut in March.
"""


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def make_pdf(lines: list[str]) -> bytes:
    """A one-page PDF with the given lines, by hand."""
    text = "BT /F1 12 Tf 14 TL 50 750 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = "%PDF-1.4\n", []
    for i, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{i} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return f"{out}{head}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF".encode()


def test_each_heading_is_a_passage_under_the_path_of_its_headings(tmp_path: Path) -> None:
    entries = load_file(written(tmp_path, "garden.md", MARKDOWN))
    titles = [entry.passage.title for entry in entries]
    assert titles == ["Garden", "Garden › Watering", "Garden › Watering › Pots", "Garden › Pruning"]
    assert entries[1].passage.text == "Water the roses on Mondays. Use rain water. Never at noon."
    assert entries[1].asked_as == ("how much water", "when to water")


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("a.md", "---\nlanguage: zh\n---\n# T\nHello there.", "zh"),
        ("a.zh.md", "# T\nHello there.", "zh"),
        ("a.zh-CN.md", "# T\nHello there.", "zh"),
        ("a.md", "# T\nHello there.", "en"),
        ("a.md", "# 标题\n你好。", "zh"),
        ("v1.2.md", "# T\nHello there.", "en"),
    ],
)
def test_the_language_comes_from_front_matter_then_name_then_text(
    tmp_path: Path, name: str, text: str, language: str
) -> None:
    assert load_file(written(tmp_path, name, text))[0].passage.language == language


def test_several_questions_share_an_answer_in_a_table(tmp_path: Path) -> None:
    table = 'Question,Answer,Language\nWhere?|In which place?,"Here, always.",en\n在哪?,在这里。,\n'
    first, second = load_file(written(tmp_path, "faq.csv", table))
    assert (first.passage.title, first.asked_as, first.passage.text) == (
        "Where?",
        ("In which place?",),
        "Here, always.",
    )
    assert second.passage.language == "zh"


def test_a_table_saved_by_a_chinese_excel_can_be_read(tmp_path: Path) -> None:
    path = written(tmp_path, "faq.csv", "question,answer\n几点开门?,九点开门。\n".encode("gb18030"))
    assert load_file(path)[0].passage.text == "九点开门。"


def test_plain_text_is_cut_into_paragraphs(tmp_path: Path) -> None:
    entries = load_file(written(tmp_path, "user_manual.txt", "One line\nand its end.\n\nAnother one.\n"))
    assert [entry.passage.text for entry in entries] == ["One line and its end.", "Another one."]
    assert entries[0].passage.title == "user manual"


def test_a_pdf_is_cut_into_paragraphs(tmp_path: Path) -> None:
    lines = [
        "The pump must be cleaned every year before the winter comes and",
        "the pipes freeze.",
        "Spare parts can be ordered from the factory for ten years after it",
        "was sold.",
    ]
    entries = load_file(written(tmp_path, "pump.pdf", make_pdf(lines)))
    assert [entry.passage.text.split()[0] for entry in entries] == ["The", "Spare"]
    found = Knowledge(entries).search("where can I order spare parts", "en")
    assert found[0].text.startswith("Spare parts")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.pdf", b"%PDF-1.4 nothing else"),
        ("bad.pdf", b"no pdf at all"),
        ("bad.csv", "question;answer\na;b\n"),
        ("bad.csv", "question,answer\nonly a question\n"),
        ("bad.csv", 'question,answer\na,"open\n'),
        ("bad.md", b"\x00\x01\x02\xff"),
        ("bad.md", "---\nlanguage: [en\n---\n# T\ntext\n"),
        ("empty.md", "# Only a heading\n"),
    ],
)
def test_a_broken_file_is_named_in_one_line_and_the_rest_still_loads(
    tmp_path: Path, name: str, content: str | bytes
) -> None:
    path = written(tmp_path, name, content)
    written(tmp_path, "good.md", MARKDOWN)
    with pytest.raises(MediaError, match=name) as raised:
        load_file(path)
    assert "\n" not in str(raised.value)
    knowledge = Knowledge.load([tmp_path])
    assert knowledge.warnings == (str(raised.value),)
    assert len(knowledge.passages) == 4


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no such folder"):
        Knowledge.load([tmp_path / "none"])


def test_no_knowledge_at_all_finds_nothing() -> None:
    assert Knowledge().search("anything", "en") == []


def test_the_asked_language_wins_and_the_other_one_helps_out(tmp_path: Path) -> None:
    written(tmp_path, "a.en.md", "# Hours\nOpen at nine.\n# GPU\nA GPU is not needed.")
    written(tmp_path, "a.zh.md", "# 营业时间\n九点开门。")
    knowledge = Knowledge.load([tmp_path])
    assert knowledge.search("几点开门", "zh")[0].language == "zh"
    assert knowledge.search("gpu", "zh")[0].language == "en"
    assert knowledge.search("opening hours", "en-US")[0].text == "Open at nine."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("how do i return a jacket", ["return", "item"]),
        ("Could I SEND it back, please?", ["return"]),
        ("deliveries", ["deliver"]),
        ("shipping", ["deliver"]),
        ("怎么退货", ["退货"]),
        ("我想退", ["退货"]),
        ("怎么开公司发票?", ["开公", "公司", "发票"]),
        ("显卡 GPU", ["gpu", "gpu"]),
        ("how are you", []),
        ("?!", []),
    ],
)
def test_words_become_what_they_mean(text: str, words: list[str]) -> None:
    assert content_words(text) == words


@pytest.mark.parametrize("slip", ["how do i get a refnd", "i want my in voice", "invoise please", "wear is my parsel"])
def test_slips_of_hand_and_ear_are_forgiven(tmp_path: Path, slip: str) -> None:
    written(
        tmp_path, "a.md", "# Refund\nYou get a refund.\n# Invoice\nAn invoice comes.\n# Where my parcel is\nOn its way."
    )
    assert Knowledge.load([tmp_path]).search(slip, "en")[0].score >= CONFIDENT


def said(*texts: str) -> list[Message]:
    return [Message("user" if i % 2 == 0 else "assistant", text) for i, text in enumerate(texts)]


SHOP = """# Shop
## Delivery times
Delivery takes three days.
## Delivery costs
Delivery costs ten yuan.
## Returns
Send it back within a month.
## Repair
We repair lamps.
"""


@pytest.mark.parametrize(
    ("conversation", "expected"),
    [
        (["how long does delivery take", "Delivery takes three days.", "and what does it cost"], "Delivery costs"),
        (["what does delivery cost", "Delivery costs ten yuan.", "how long does it take"], "Delivery times"),
        (["delivery", "Do you mean delivery times, or delivery costs?", "the second one"], "Delivery costs"),
        (["delivery", "Do you mean delivery times, or delivery costs?", "the first"], "Delivery times"),
        (["delivery", "Do you mean delivery times, or delivery costs?", "the costs please"], "Delivery costs"),
        (["delivery", "Do you mean delivery times, or delivery costs?", "can you repair lamps"], "Repair"),
        (["bla", "Let me make sure. Do you mean returns, or something else?", "yes"], "Returns"),
    ],
)
def test_what_was_said_before_decides(tmp_path: Path, conversation: list[str], expected: str) -> None:
    written(tmp_path, "shop.md", SHOP)
    found = Knowledge.load([tmp_path]).search(conversation[-1], "en", said(*conversation))
    assert found[0].title == f"Shop › {expected}"
    assert found[0].score >= CONFIDENT


def test_a_new_question_is_not_taken_for_a_follow_up(tmp_path: Path) -> None:
    written(tmp_path, "shop.md", SHOP)
    messages = said("how long does delivery take", "Delivery takes three days.", "and who is the king of Spain")
    found = Knowledge.load([tmp_path]).search(messages[-1].text, "en", messages)
    assert not found or found[0].score < CONFIDENT


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("turn", [0, 1])
def test_an_offer_can_be_read_back(language: str, turn: int) -> None:
    offer = Offer("退货", "换货") if language == "zh" else Offer("returns", "how to exchange, or swap")
    assert offered_in("First this. " + ask_back(offer, language, turn)) == offer


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("the second one", "second"),
        ("第二个", "second"),
        ("the first one please", "first"),
        ("第一个吧", "first"),
        ("both", "both"),
        ("都不是", "neither"),
        ("退款", "second"),
        ("我说的是退货", "first"),
        ("what is the weather", None),
    ],
)
def test_a_choice_is_understood(text: str, choice: str | None) -> None:
    assert chosen(text, Offer("退货", "退款")) == choice


def test_long_passages_are_cut_to_the_part_that_answers() -> None:
    text = "This is about boats. " * 6 + "The lake is deep. Fish live in it. " + "Birds fly over it. " * 6
    part = speakable_part(text, "which fish live in the lake", "en")
    assert len(part) <= 4
    assert "Fish live in it." in part


def test_sentences_keep_decimals_and_lose_layout() -> None:
    text = "Use Python 3.11. **See** [here](http://a.b/c)!\n- one\n1. two"
    assert sentences(text) == ["Use Python 3.11.", "See here!", "one", "two"]
