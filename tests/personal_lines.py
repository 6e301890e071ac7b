"""Made-up personal data with valid check digits, and lines that hold it; nobody's numbers."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ZH_DIGITS: Final = str.maketrans("0123456789", "零一二三四五六七八九")
_WIDE: Final = str.maketrans({chr(i): chr(i + 0xFEE0) for i in range(0x21, 0x7F)})
_EN_DIGITS: Final = "zero one two three four five six seven eight nine".split()


def digits(rng: random.Random, count: int) -> str:
    return "".join(str(rng.randrange(10)) for _ in range(count))


def cn_id(rng: random.Random) -> str:
    """Born before 1910: no living person has it."""
    area = rng.choice(["110105", "310104", "440106", "610113", "330106", "510107"])
    body = f"{area}19{rng.randrange(10):02}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}{digits(rng, 3)}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


def card(rng: random.Random, prefix: str = "", count: int = 16) -> str:
    prefix = prefix or rng.choice(["4539", "5105", "6217", "5213", "4716"])
    body = prefix + digits(rng, count - 1 - len(prefix))
    doubled = sum(sum(divmod(int(d) * (2 if i % 2 == 0 else 1), 10)) for i, d in enumerate(reversed(body)))
    return body + str(-doubled % 10)


def mobile(rng: random.Random) -> str:
    return rng.choice(["139", "138", "189", "176", "155", "198", "166"]) + digits(rng, 8)


def american(rng: random.Random) -> str:
    """555-01xx is kept free for fiction."""
    return rng.choice(["303", "212", "415", "617"]) + "55501" + digits(rng, 2)


def ssn(rng: random.Random) -> str:
    return f"{rng.randrange(100, 600):03}{rng.randrange(1, 99):02}{rng.randrange(1, 9999):04}"


def iban(rng: random.Random, country: str = "DE", count: int = 18) -> str:
    body = digits(rng, count)
    number = int("".join(str(int(c, 36)) for c in body + country + "00"))
    return f"{country}{98 - number % 97:02}{body}"


def uscc(rng: random.Random) -> str:
    body = "91110108MA" + "".join(rng.choice(_USCC) for _ in range(7))
    return body + _USCC[-sum(_USCC.index(c) * 3**i % 31 for i, c in enumerate(body)) % 31]


def grouped(number: str, sizes: str, sign: str = " ") -> str:
    """grouped("13964303776", "344") -> "139 6430 3776"."""
    at, parts = 0, []
    for size in map(int, sizes):
        parts.append(number[at : at + size])
        at += size
    return sign.join([*parts, number[at:]] if number[at:] else parts)


def in_words(number: str) -> str:
    return " ".join(_EN_DIGITS[int(d)] for d in number)


Form = Callable[[str], str]
FORMS: Final[dict[str, Form]] = {
    "plain": str,
    "full width": lambda n: n.translate(_WIDE),
    "one by one": lambda n: " ".join(n),
    "zero width": lambda n: "\u200b".join(n),
    "dashed one by one": lambda n: "-".join(n),
}
SPOKEN: Final[dict[str, Form]] = {
    "Chinese digits": lambda n: n.translate(_ZH_DIGITS),
    "yao": lambda n: n.translate(_ZH_DIGITS).replace("一", "幺"),
    "spaced Chinese digits": lambda n: " ".join(n.translate(_ZH_DIGITS)),
}

Line = tuple[str, str, str]  # template with {}, kind, number as it is written


def lines() -> Iterator[Line]:
    """The same some 350 lines every time."""
    rng = random.Random(20)
    for part in (_chinese_phones, _other_phones, _said_in_passing, _identities, _cards, _accounts, _emails, _documents):
        yield from part(rng)


def _chinese_phones(rng: random.Random) -> Iterator[Line]:
    for template in (
        "有事打{}",
        "我手机号是{}，随时联系",
        "新号{}",
        "{}是我的电话",
        "麻烦回电{}谢谢",
        "加我微信{}",
        "我的手機號碼是{}",
    ):
        for form in (*FORMS.values(), *SPOKEN.values()):
            yield template, "PHONE", form(mobile(rng))
        yield template, "PHONE", grouped(mobile(rng), "344")
        yield template, "PHONE", grouped(mobile(rng), "344", "-")
        yield template, "PHONE", "+86 " + mobile(rng)
        yield template, "PHONE", "+86-" + grouped(mobile(rng), "344", "-")
    for template in ("办公室座机{}", "打{}找我", "我家电话是{}"):
        for number in ("010-6255{}", "(021)5899{}", "0571-8899{}", "0755 2688{}", "（０２０）８７３３{}", "0106255{}"):
            yield template, "PHONE", number.format(digits(rng, 4))


def _other_phones(rng: random.Random) -> Iterator[Line]:
    for template in (
        "reach me at {}",
        "my cell is {}, thanks",
        "call {} after six",
        "You can text me on {}.",
        "it's {} if you need me",
    ):
        number = american(rng)
        for form in (
            "303-555-01{}",
            "(212) 555-01{}",
            "415.555.01{}",
            "617 555 01{}",
            "+1 303 555 01{}",
            "1-212-555-01{}",
        ):
            yield template, "PHONE", form.format(digits(rng, 2))
        yield template, "PHONE", in_words(number)
        yield template, "PHONE", "+44 7700 900" + digits(rng, 3)
        yield template, "PHONE", mobile(rng)
    for template in ("my phone number is {}", "call me at {}"):
        for form in FORMS.values():
            yield template, "PHONE", form(american(rng))
        yield template, "PHONE", "three oh three double five five oh one four two"


def _said_in_passing(rng: random.Random) -> Iterator[Line]:
    """Other words around the number than the lists above, and none that name it."""
    for template, number in (
        ("联系人王先生 {}", mobile(rng)),
        ("收货电话：{}，地址稍后发", grouped(mobile(rng), "344")),
        ("尾号不对，应该是{}才对，我的手机", mobile(rng)),
        ("手机{}转账不了", grouped(mobile(rng), "344", "-")),
        ("tel:{}", "+86 " + mobile(rng)),
        ("my number's {} btw", "617-555-01" + digits(rng, 2)),
        ("you can get me on {}.", "617.555.01" + digits(rng, 2)),
        ("fax it to {}", "1 (212) 555-01" + digits(rng, 2)),
    ):
        yield template, "PHONE", number
    for template in ("身份证号{}，姓名李四", "ID number {} please check me in", "身份证后面是{}"):
        yield template, "CN_ID", cn_id(rng)
    for template in ("工商银行{}", "我的储蓄卡 {} 被吞了", "it's a visa, {}", "charge {} again"):
        yield template, "BANK_CARD", card(rng)
        yield template, "BANK_CARD", grouped(card(rng, "6228", 19), "4444")
    yield "SSN {} on file", "US_SSN", grouped(ssn(rng), "324", "-")
    yield "send it to {} at the bank", "IBAN", iban(rng)
    yield "公司代码{}麻烦开票", "USCC", uscc(rng)
    yield "发我邮箱{}吧", "EMAIL", "zhang.san_88@example.com.cn"
    yield "write me, {}!", "EMAIL", "first.last+tag@sub.example.co.uk"


def _identities(rng: random.Random) -> Iterator[Line]:
    for template in (
        "身份证{}，麻烦登记",
        "我的身份证号码是{}",
        "身分證{}",
        "证件号：{}",
        "{}这是我的证",
        "my Chinese ID number is {}",
    ):
        for form in FORMS.values():
            yield template, "CN_ID", form(cn_id(rng))
        yield template, "CN_ID", grouped(cn_id(rng), "684")
        yield template, "CN_ID", grouped(cn_id(rng), "684", "-")
    yield "身份证号是{}", "CN_ID", "幺幺零幺零五幺九零六零五幺二零零三七"


def _cards(rng: random.Random) -> Iterator[Line]:
    for template in (
        "银行卡号{}余额不对",
        "刷的是{}这张卡",
        "my card {} was declined",
        "Charge {} please",
        "card # {}, expires soon",
    ):
        for form in FORMS.values():
            yield template, "BANK_CARD", form(card(rng))
        yield template, "BANK_CARD", grouped(card(rng), "4444")
        yield template, "BANK_CARD", grouped(card(rng), "4444", "-")
        yield template, "BANK_CARD", card(rng, "6217", 19)
        yield template, "BANK_CARD", grouped(card(rng, "6222", 19), "4444")
        yield template, "BANK_CARD", card(rng, "37", 15)
    yield "my card number is {}", "BANK_CARD", in_words(card(rng))
    yield "我的卡号是{}", "BANK_CARD", card(rng, "6217", 19).translate(_ZH_DIGITS)
    for template in ("social security is {}", "my SSN is {}", "here's my social, {}", "他的社会安全号是{}"):
        for form in (*FORMS.values(), lambda n: grouped(n, "324"), lambda n: grouped(n, "324", "-"), in_words):
            yield template, "US_SSN", form(ssn(rng))


def _accounts(rng: random.Random) -> Iterator[Line]:
    for template in ("my IBAN is {}", "转到{}", "wire it to {} today", "IBAN：{}"):
        yield template, "IBAN", iban(rng)
        yield template, "IBAN", grouped(iban(rng), "44444")
        yield template, "IBAN", iban(rng, "FR", 23).lower()
    for template in ("统一社会信用代码{}", "公司税号是{}", "开票给{}，谢谢", "our USCC is {}"):
        yield template, "USCC", uscc(rng)
        yield template, "USCC", uscc(rng).lower()
        yield template, "USCC", uscc(rng).translate(_WIDE)


def _emails(rng: random.Random) -> Iterator[Line]:
    for template in ("send it to {}", "我的邮箱是{}", "{} is my address", "邮箱{}，别写错", "email {}."):
        for address in (
            "mei.zhang@example.com",
            "Li_Wei88@EXAMPLE.cn",
            "a+b@mail.example.co.uk",
            "ｗａｎｇ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        ):
            yield template, "EMAIL", address
    yield "it is {} thanks", "EMAIL", "mei dot zhang at example dot com"
    yield "邮箱是{}", "EMAIL", "meizhang艾特example点com"


def _documents(rng: random.Random) -> Iterator[Line]:
    for template in ("护照号{}", "my passport number is {}", "护照：{}"):
        yield template, "CN_PASSPORT", "E" + digits(rng, 8)
        yield template, "CN_PASSPORT", "EJ" + digits(rng, 7)
    yield "my passport is {}", "PASSPORT", "C01X" + digits(rng, 5)
    yield "US passport no. {}", "PASSPORT", digits(rng, 9)
    yield "my driver's license number is {}", "DRIVER_LICENSE", "4811" + digits(rng, 5)
    yield "驾照号码是{}", "DRIVER_LICENSE", "D" + digits(rng, 7)
    yield "my address is {}", "IP", "93.184.216.34"
    for template in ("车牌{}", "我的车是{}，停在门口"):
        for plate in ("京A·12345", "沪B8K236", "粤BD12345", "浙a 6t889"):
            yield template, "PLATE", plate


HARMLESS: Final = tuple(Path(__file__).with_name("numbers_of_nobody.txt").read_text(encoding="utf-8").splitlines())
