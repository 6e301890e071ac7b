"""What an avatar may never say, whatever its policy file."""

import pytest

from tiangong.core.media import Verdict
from tiangong.policies.protocol import VISITOR
from tiangong.policies.rules import DEFAULT, RulesPolicy, read_policy

POLICY = RulesPolicy(read_policy(DEFAULT))


def check_output(sentence: str, language: str) -> Verdict:
    return POLICY.session(VISITOR, lambda decision: None).check_output(sentence, language)


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("I am a human.", "en"),
        ("I'm a real person, of course.", "en"),
        ("Yes, I’m actually a woman.", "en"),
        ("I am not an AI.", "en"),
        ("I'm not a robot!", "en"),
        ("我是真人。", "zh"),
        ("我就是一个真人呀", "zh"),
        ("我不是机器人。", "zh"),
        ("我真的不是人工智能", "zh"),
    ],
)
def test_a_claim_to_be_human_is_replaced_by_the_truth(sentence: str, language: str) -> None:
    verdict = check_output(sentence, language)
    assert (verdict.action, verdict.rule) == ("replace", "honesty.claims-human")
    assert verdict.text
    assert ("AI" if language == "en" else "人工智能") in verdict.text
    assert all(sentence[start:end] for start, end in verdict.spans)


@pytest.mark.parametrize(
    "sentence",
    [
        "Traceback (most recent call last):",
        "HTTP 500 from the server",
        "ConnectionError: refused",
        '{"error": "quota"}',
        "<html><body>502</body></html>",
    ],
)
def test_machine_text_is_never_read_aloud(sentence: str) -> None:
    verdict = check_output(sentence, "en")
    assert verdict.rule == "honesty.machine-text"
    assert verdict.text
    assert "error" not in verdict.text.lower()


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("I am an AI, not a human.", "en"),
        ("No, I'm not a human, I'm an AI.", "en"),
        ("A human colleague can help you.", "en"),
        ("I am happy to help.", "en"),
        ("You are not a robot, I trust.", "en"),
        ("Mistakes happen: one in a hundred parcels is late.", "en"),
        ("我是人工智能，不是真人。", "zh"),
        ("不是的，我叫小天，是一个人工智能。", "zh"),
        ("可以转人工客服，他是真人。", "zh"),
    ],
)
def test_honest_sentences_pass_untouched(sentence: str, language: str) -> None:
    assert check_output(sentence, language).action == "allow"


def test_its_own_replacements_pass() -> None:
    for sentence, language in (("I am a human.", "en"), ("我是真人。", "zh"), ("HTTP 500", "en"), ("HTTP 500", "zh")):
        text = check_output(sentence, language).text
        assert text
        assert check_output(text, language).action == "allow"
