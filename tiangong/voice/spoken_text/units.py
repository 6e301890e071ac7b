"""Units of measurement, currencies and signs of arithmetic, as they are written and as they are said."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Unit:
    """One unit: English singular and plural, Chinese."""

    one: str
    many: str
    zh: str


def _regular(one: str, zh: str) -> Unit:
    head, per, tail = one.partition(" per ")
    return Unit(one, f"{head}s{per}{tail}", zh)


UNITS: Final = {
    "km/h": _regular("kilometer per hour", "公里每小时"),
    "kph": _regular("kilometer per hour", "公里每小时"),
    "km/s": _regular("kilometer per second", "公里每秒"),
    "m/s²": _regular("meter per second squared", "米每二次方秒"),
    "m/s": _regular("meter per second", "米每秒"),
    "mph": _regular("mile per hour", "英里每小时"),
    "km²": _regular("square kilometer", "平方公里"),
    "cm²": _regular("square centimeter", "平方厘米"),
    "m²": _regular("square meter", "平方米"),
    "m³": _regular("cubic meter", "立方米"),
    "cm³": _regular("cubic centimeter", "立方厘米"),
    "sqm": _regular("square meter", "平方米"),
    "km": _regular("kilometer", "公里"),
    "cm": _regular("centimeter", "厘米"),
    "mm": _regular("millimeter", "毫米"),
    "μm": _regular("micrometer", "微米"),
    "nm": _regular("nanometer", "纳米"),
    "m": _regular("meter", "米"),
    "mi": _regular("mile", "英里"),
    "ft": Unit("foot", "feet", "英尺"),
    "inch": Unit("inch", "inches", "英寸"),
    "yd": _regular("yard", "码"),
    "kg": _regular("kilogram", "公斤"),
    "mg": _regular("milligram", "毫克"),
    "μg": _regular("microgram", "微克"),
    "g": _regular("gram", "克"),
    "lbs": _regular("pound", "磅"),
    "lb": _regular("pound", "磅"),
    "oz": _regular("ounce", "盎司"),
    "ml": _regular("milliliter", "毫升"),
    "mL": _regular("milliliter", "毫升"),
    "L": _regular("liter", "升"),
    "l": _regular("liter", "升"),
    "ha": _regular("hectare", "公顷"),
    "kWh": _regular("kilowatt hour", "千瓦时"),
    "mAh": _regular("milliampere hour", "毫安时"),
    "kW": _regular("kilowatt", "千瓦"),
    "MW": _regular("megawatt", "兆瓦"),
    "W": _regular("watt", "瓦"),
    "kV": _regular("kilovolt", "千伏"),
    "V": _regular("volt", "伏"),
    "mA": _regular("milliampere", "毫安"),
    "THz": Unit("terahertz", "terahertz", "太赫兹"),
    "GHz": Unit("gigahertz", "gigahertz", "吉赫兹"),
    "MHz": Unit("megahertz", "megahertz", "兆赫兹"),
    "kHz": Unit("kilohertz", "kilohertz", "千赫兹"),
    "Hz": Unit("hertz", "hertz", "赫兹"),
    "Gbps": _regular("gigabit per second", "吉比特每秒"),
    "Mbps": _regular("megabit per second", "兆比特每秒"),
    "kbps": _regular("kilobit per second", "千比特每秒"),
    "MB/s": _regular("megabyte per second", "兆字节每秒"),
    "TB": _regular("terabyte", "TB"),
    "GB": _regular("gigabyte", "GB"),
    "GiB": _regular("gibibyte", "GiB"),
    "MB": _regular("megabyte", "MB"),
    "KB": _regular("kilobyte", "KB"),
    "kB": _regular("kilobyte", "KB"),
    "dB": _regular("decibel", "分贝"),
    "kPa": _regular("kilopascal", "千帕"),
    "hPa": _regular("hectopascal", "百帕"),
    "Pa": _regular("pascal", "帕"),
    "kcal": _regular("kilocalorie", "千卡"),
    "cal": _regular("calorie", "卡路里"),
    "kJ": _regular("kilojoule", "千焦"),
    "rpm": Unit("revolution per minute", "revolutions per minute", "转每分钟"),
    "bpm": Unit("beat per minute", "beats per minute", "次每分钟"),
    "fps": Unit("frame per second", "frames per second", "帧每秒"),
    "px": _regular("pixel", "像素"),
    "ppm": Unit("part per million", "parts per million", "ppm"),
    "°C": Unit("degree Celsius", "degrees Celsius", "摄氏度"),
    "°F": Unit("degree Fahrenheit", "degrees Fahrenheit", "华氏度"),
    "°": _regular("degree", "度"),
    "hrs": _regular("hour", "小时"),
    "hr": _regular("hour", "小时"),
    "h": _regular("hour", "小时"),
    "mins": _regular("minute", "分钟"),
    "min": _regular("minute", "分钟"),
    "secs": _regular("second", "秒"),
    "sec": _regular("second", "秒"),
    "ms": _regular("millisecond", "毫秒"),
    "s": _regular("second", "秒"),
}


@dataclass(frozen=True)
class Currency:
    """One currency: its unit and its hundredth part, in English; its name in Chinese."""

    one: str
    many: str
    cent: str
    cents: str
    zh: str


_YUAN: Final = Currency("yuan", "yuan", "fen", "fen", "元")
_DOLLAR: Final = Currency("dollar", "dollars", "cent", "cents", "美元")
CURRENCIES: Final = {
    "US$": Currency("US dollar", "US dollars", "cent", "cents", "美元"),
    "HK$": Currency("Hong Kong dollar", "Hong Kong dollars", "cent", "cents", "港元"),
    "$": _DOLLAR,
    "€": Currency("euro", "euros", "cent", "cents", "欧元"),
    "£": Currency("pound", "pounds", "penny", "pence", "英镑"),
    "¥": _YUAN,
    "₹": Currency("rupee", "rupees", "paisa", "paise", "卢比"),
    "RMB": _YUAN,
    "CNY": _YUAN,
    "USD": Currency("US dollar", "US dollars", "cent", "cents", "美元"),
    "EUR": Currency("euro", "euros", "cent", "cents", "欧元"),
    "GBP": Currency("pound", "pounds", "penny", "pence", "英镑"),
    "HKD": Currency("Hong Kong dollar", "Hong Kong dollars", "cent", "cents", "港元"),
    "JPY": Currency("yen", "yen", "sen", "sen", "日元"),
}
# Between numbers; and before one alone.
SUMS_EN: Final = {
    "+": "plus", "-": "minus", "−": "minus", "×": "times", "*": "times", "x": "times", "÷": "divided by", "/": "divided by",
    "=": "equals", "<": "is less than", ">": "is greater than", "≤": "is at most", "≥": "is at least", "≈": "is about",
    "≠": "is not equal to", "±": "plus or minus",
}  # fmt: skip
SUMS_ZH: Final = {
    "+": "加", "-": "减", "−": "减", "×": "乘以", "*": "乘以", "x": "乘以", "÷": "除以", "/": "除以", "=": "等于", "<": "小于",
    ">": "大于", "≤": "小于等于", "≥": "大于等于", "≈": "约等于", "≠": "不等于", "±": "正负",
}  # fmt: skip
BEFORE_EN: Final = {
    "≈": "about",
    "±": "plus or minus",
    "≥": "at least",
    "≤": "at most",
    "<": "less than",
    ">": "more than",
}
BEFORE_ZH: Final = {"≈": "约", "±": "正负", "≥": "至少", "≤": "至多", "<": "小于", ">": "大于"}
