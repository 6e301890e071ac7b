"""Personal data: found in every form people write and say it, with its exact place; look-alikes left alone."""

import time

import pytest

from tests.personal_lines import HARMLESS, lines
from tiangong.policies.detectors.normal_form import normal_form
from tiangong.policies.detectors.personal_data import PersonalDatum, PersonalKind, find_personal_data, mask


def _found(text: str) -> list[tuple[str, str]]:
    return [(datum.kind.value, text[datum.start : datum.end]) for datum in find_personal_data(normal_form(text))]


@pytest.mark.parametrize(("template", "kind", "number"), list(lines()))
def test_every_form_of_every_kind_is_found_where_it_stands(template: str, kind: str, number: str) -> None:
    assert _found(template.format(number)) == [(kind, number)]


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_of_nobody_are_left_alone(text: str) -> None:
    assert _found(text) == []


SEVERAL = [
    ("打我手机 138-1234-5678 或者 010-62551234", [("PHONE", "138-1234-5678"), ("PHONE", "010-62551234")]),
    ("call 415-555-0142 or email a@b.example", [("PHONE", "415-555-0142"), ("EMAIL", "a@b.example")]),
    ("13912345670、13864303776", [("PHONE", "13912345670"), ("PHONE", "13864303776")]),
    ("订单13812345670的电话是13912345670", [("PHONE", "13912345670")]),
    ("手机13912345670身份证440106190504083141", [("PHONE", "13912345670"), ("CN_ID", "440106190504083141")]),
    ("拨打0571-88990011转8001", [("PHONE", "0571-88990011转8001")]),
    ("身份证123456789012345678", [("CN_ID", "123456789012345678")]),
    ("请记123456789012345678", []),
    ("my card number is 4539 1234 5678 9012", [("BANK_CARD", "4539 1234 5678 9012")]),
    ("手机139123O5670", [("PHONE", "139123O5670")]),
    ("text 4155550142", [("PHONE", "4155550142")]),
    ("a number like 4155550142", []),
]


@pytest.mark.parametrize(("text", "found"), SEVERAL)
def test_the_words_around_a_number_decide_what_it_is(text: str, found: list[tuple[str, str]]) -> None:
    assert _found(text) == found


def test_a_masked_text_can_be_read_aloud() -> None:
    chinese, english = "打13912345670或发a@b.example。", "call 415-555-0142 now"
    assert (
        mask(chinese, find_personal_data(normal_form(chinese)), "zh") == "打（电话号码已隐去）或发（邮箱地址已隐去）。"
    )
    assert mask(english, find_personal_data(normal_form(english)), "en") == "call a phone number now"


def test_every_kind_has_a_mask_in_both_languages() -> None:
    for kind in PersonalKind:
        for language in ("zh", "en"):
            spoken = mask("x", [PersonalDatum(kind, 0, 1)], language)
            assert len(spoken) > 5
            assert not any(sign in spoken for sign in "[]<>*_")


@pytest.mark.parametrize(
    "text",
    ["1 " * 50_000, "1" * 100_000, "139-" * 25_000, "a@" * 50_000, "一" * 100_000, "one " * 25_000, "e1" * 50_000],
)
def test_a_text_of_nothing_but_digits_takes_no_second(text: str) -> None:
    form = normal_form(text)
    started_s = time.perf_counter()
    find_personal_data(form)
    assert time.perf_counter() - started_s < 3.0
