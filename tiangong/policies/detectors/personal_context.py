"""The words around a number that tell what it is."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_REACH_CHARS: Final = 40  # how far before a number a word may stand and still speak of it


class About(Enum):
    """What the nearest telling word speaks of."""

    NOTHING = auto()
    PHONE = auto()
    CARD = auto()
    ID = auto()
    SSN = auto()
    PASSPORT = auto()
    LICENSE = auto()
    COMPANY = auto()
    OTHER = auto()  # an order, a price, a version: a number that is nobody's


@dataclass(frozen=True, slots=True)
class Context:
    """`right_before`: nothing but "is", "号码", ":" stands between the word and the number."""

    about: About
    right_before: bool
    of_a_person: bool  # "call me", "my number", not "the hotline"


_WORDS: Final = {
    About.OTHER: r"订单号?|[运货面提票账保工学]?单号|运单|快递|物流|编号|流水号?|批次|批号|型号|货号|序列号|"
    r"商品|产品|条形?码|股票|验证码|取[件票餐]码|"
    r"邮编|邮政编码|金额|余额|价格?|售价|票号|航班|车次|门牌|房间|版本|(?:会员|积分|礼品|购物|充值|校园|图书|公交|饭)卡号?|会员号|"
    r"工号|学号|合同号|案件|热线|会议[号码]|群号|第$|"
    r"\b(?:order|orders|tracking|invoice|ticket|serial|sku|model|part|ref|reference|confirmation|booking|flight|isbn|"
    r"version|build|zip|postcode|amount|balance|total|price|case|item|product|batch|parcel|package|shipment|gate|"
    r"hotline|meeting|webinar|imei|barcode|upc|coupon|voucher|pin|otp|lot|claim|employee|student)\b|"
    r"\b(?:gift|membership|loyalty|library|rewards?|member) (?:card|id)\b|[$¥€£]",
    About.PHONE: r"手机|电话|座机|固话|联系方式|联系我|传真|拨打?|致电|短信|微信|来电|"
    r"[打拨呼](?:给我|我|到|这个)?|call(?:ed|ing)?|phone|mobile|"
    r"\bcell|\btel\b|telephone|\bfax\b|\btext(?:ed)?\b|\bsms\b|whats ?app|\breach\b|contact|\bdial|\bring\b|landline|"
    r"\bdesk\b|\bph\b|回我",
    About.CARD: r"(?:银行|信用|储蓄|借记|工资|社保)卡|卡号|刷卡|绑卡|银行账[号户]|账[号户]|\bcards?\b|\bvisa\b|master ?card|amex|"
    r"american express|\bdebit\b|\bcc\b|account (?:number|no)",
    About.ID: r"身份证|身分证|证件号?|\bid (?:card|number|no)|\bidentity|national id|chinese id|resident id|\bmy id\b|\bid\b",
    About.SSN: r"\bssn\b|\bsocial\b|\bsocial security|社会安全|社交安全|社安号?",
    About.PASSPORT: r"护照|通行证|\bpassport",
    About.LICENSE: r"驾照|驾驶证|驾驶执照|driver'?s? licen[sc]e|driving licen[sc]e|\bdl\b|\blicen[sc]e",
    About.COMPANY: r"信用代码|社会信用|税号|统一代码|纳税人识别号|\buscc\b|credit code|company registration",
}
_ANY: Final = re.compile("|".join(f"(?P<{about.name}>{words})" for about, words in _WORDS.items()))
_ANY_NUMBER: Final = re.compile(
    r"my (?:new |old |other |work |home )?number|新号|号码|号是"
)  # of a telephone, if of nothing else
_FILLER: Final = re.compile(
    r"(?:[\s:#=,.\-\"'(!?]|是|为|号码?|码|个|就|我|的|在|到|给|吧|这|个|下|:|，|"
    r"(?:number|num|no|nr|is|it's|its|are|was|as|of|on|at|to|my|our|the|this|that|new|me|us|him|her|back|please|"
    r"ending|here|security|phone|cell|mobile|line|card|directly|anytime|again|and)\b)*"
)
_AFTER: Final = re.compile(
    r"[ ,]{0,2}(?:\(?(?:office|mobile|cell|fax|home|work|desk|direct|landline)\b|"
    r"is (?:my|the|his|her) (?:\w+ )?(?:number|phone|cell|mobile)|"
    r"(?:是|就是)?(?:我|他|她)的?(?:新|老)?(?:手机|电话|号码|号)|这是(?:我|他|她)的?(?:手机|电话|号))"
)
_TELLING: Final = re.compile(r"[^\W\d_]|[$¥€£]")
_PERSONAL: Final = re.compile(r"\b(?:me|my|mine|his|her|him)\b|我|他|她|本人")


def context_before(text: str, start: int) -> Context:
    """What the last telling word in the 40 characters before `start` (or else right after the sentence's end) says."""
    before = text[max(0, start - _REACH_CHARS) : start]
    if not _TELLING.search(before):
        return Context(About.NOTHING, False, False)
    last = None
    for match in _ANY.finditer(before):
        last = match
    about = About[last.lastgroup] if last and last.lastgroup else About.PHONE
    last = last or _ANY_NUMBER.search(before)
    if last is None:
        return Context(About.NOTHING, False, False)
    close = _FILLER.fullmatch(before, last.end()) is not None
    return Context(about, close, _PERSONAL.search(before) is not None)


def phone_after(text: str, end: int) -> bool:
    """Whether what follows the number calls it a telephone number ("... office", "是我的电话")."""
    return _AFTER.match(text, end) is not None
