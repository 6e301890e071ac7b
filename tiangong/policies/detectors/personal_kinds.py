"""The kinds of personal data, and what is said in their place."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class PersonalKind(StrEnum):
    """Only what identifies by itself: names, addresses and dates are not among them."""

    CN_ID = "CN_ID"
    USCC = "USCC"  # unified social credit code of a Chinese company
    BANK_CARD = "BANK_CARD"  # credit cards as well
    PHONE = "PHONE"
    CN_PASSPORT = "CN_PASSPORT"
    PASSPORT = "PASSPORT"  # of any other state
    EMAIL = "EMAIL"
    IBAN = "IBAN"
    US_SSN = "US_SSN"
    DRIVER_LICENSE = "DRIVER_LICENSE"
    IP = "IP"
    PLATE = "PLATE"  # of a car registered in mainland China


@dataclass(frozen=True, slots=True)
class PersonalDatum:
    """One finding; start and end (exclusive) are code points of the original text."""

    kind: PersonalKind
    start: int
    end: int


_SPOKEN: Final = {
    PersonalKind.CN_ID: ("身份证号码", "an ID number"),
    PersonalKind.USCC: ("信用代码", "a company registration number"),
    PersonalKind.BANK_CARD: ("银行卡号", "a card number"),
    PersonalKind.PHONE: ("电话号码", "a phone number"),
    PersonalKind.CN_PASSPORT: ("护照号码", "a passport number"),
    PersonalKind.PASSPORT: ("护照号码", "a passport number"),
    PersonalKind.EMAIL: ("邮箱地址", "an email address"),
    PersonalKind.IBAN: ("银行账号", "a bank account number"),
    PersonalKind.US_SSN: ("社会安全号码", "a social security number"),
    PersonalKind.DRIVER_LICENSE: ("驾驶证号码", "a driver's license number"),
    PersonalKind.IP: ("网络地址", "a network address"),
    PersonalKind.PLATE: ("车牌号码", "a license plate"),
}


def spoken_mask(kind: PersonalKind, language: str) -> str:
    """What a voice says instead, "zh" or else English: "（电话号码已隐去）", "a phone number"."""
    chinese, english = _SPOKEN[kind]
    return f"（{chinese}已隐去）" if language == "zh" else english
