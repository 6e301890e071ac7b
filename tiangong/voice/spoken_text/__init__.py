"""Text as it was written -> words that any voice can read, in Mandarin, English and both mixed.

    markup.py      Markdown, tags, emoji, invisible characters: gone
    addresses.py   web, e-mail, telephone, codes: read out
    calendar.py    dates, times of day, years
    quantities.py  money, units, percent, fractions, ranges, sums, plain numbers
    arithmetic.py, units.py
                   sums, powers, ratios; the tables of units, currencies and signs
    names.py       abbreviations, Roman numerals, figures in names (GPT-4)
    numerals.py    number -> words, by `num2words` and `cn2an`
    context.py     in which language a figure is read; how rules are applied
    speaking.py    the order of the rules

Each rule finds one kind of writing and hands back words, so what it read no later rule can read again. WeText, the
finite-state normalizer of this field, is not used: its grammars need `kaldifst`, a binary without wheels for every
platform, and read one language at a time.
"""

from tiangong.voice.spoken_text.speaking import speakable

__all__ = ["speakable"]
