"""What the synthetic speakers say: sentences, the project's own starter knowledge, and syllables of no language.

Syllables without meaning keep the network from learning words, and give every consonant every neighbour. Those for
measuring are other sentences than those for training.
"""

import re
from pathlib import Path
from typing import Final

import numpy as np

_KNOWLEDGE: Final = Path(__file__).parents[2] / "tiangong" / "starter" / "knowledge"


def _listed(words: str) -> list[str]:
    return [word.strip() for word in words.split("|")]


_NAMES: Final = _listed("""
    Peter | Mary | Bob | my mother | the farmer | the pilot | our neighbour | a young woman | Fiona | Victor |
    the policeman | Paul | nobody | everybody | the chef | William | the mayor | Abby | your brother | the whole family
""")
_VERBS: Final = _listed("""
    bought | painted | moved | found | dropped | picked up | wrapped | forgot | mended | carried | saw | wished for |
    threw away | borrowed | pushed | fixed | measured | served | brought | remembered | polished | hid
""")
_THINGS: Final = _listed("""
    a purple boat | five apples | the big map | warm milk | an old piano | the yellow jumper | some blue paper |
    a cup of coffee | the broken window | two hundred books | fresh fish | a beautiful voice | the garage key |
    good advice | a pile of wood | the evening paper | a fur coat | my umbrella | cheap furniture | seven mushrooms |
    a thick rope | the television | strawberry jam | both maps
""")
_PLACES: Final = _listed("""
    in the morning | by the river | before breakfast | at the market | after the storm | behind the house |
    for the first time | on Wednesday | in Paris | without a word | under the bridge | above the shop | with both hands |
    for a moment | near the office | from above | on the roof | every evening | in the empty room | just now
""")
_PLAIN: Final = _listed("""
    Good morning! | Thank you very much. | Could you say that again, please? | I am not sure about that. |
    Wow, that is wonderful! | Oh no. | Please hold on for a moment. | How may I help you? | We open at half past nine. |
    Maybe you should pay by card. | My phone number is five five seven, eight oh four two. | Yes. |
    No, not before Monday. | What would you like to do? | The price is forty-six pounds and twelve pence. |
    He puffed and puffed, but the flame would not move. | Move your boat above the reef before it gets rough. |
    She sells fresh fish and shellfish. | The view from up there was amazing. | I would rather leave it for the moment. |
    A broad beam of light fell from above. | Bob's baby put a bubble pipe in my pocket. |
    Few of them have ever loved coffee. | You choose the shoes, I choose the jewels. |
    Why would we want to wait for a week?
""")

_SPOKEN_ZH: Final = _listed("""
    你好，很高兴见到你。 | 今天天气怎么样？ | 我想买三本书和一支笔。 | 请您稍等一下，我马上帮您查。 |
    妈妈买了八斤苹果。 | 爸爸把报纸放在桌子旁边。 | 他不明白这个问题。 | 我们明天早上七点半出发。 |
    北京的冬天比上海冷得多。 | 这部电影非常好看，你应该去看看。 | 谢谢您的帮助，再见！ | 飞机什么时候起飞？ |
    风把门吹开了。 | 附近有没有便宜的饭馆？ | 我的手机号码是一三八零零六二五七四九。 | 没有关系，慢慢来。 |
    他每天都跑步，身体非常棒。 | 你能不能帮我一个忙？ | 朋友们一起包饺子，喝茶，聊天。 | 屋子外面下着大雨。 |
    她轻轻地唱着一首老歌。 | 火车站在马路对面。 | 我不知道他去哪儿了。 | 小猫在沙发上睡着了。 | 学习语言需要很多耐心。 |
    我们公司有五百多名员工。 | 请把这份文件发给我。 | 破旧的木船漂在湖面上。 | 四十四个石狮子。 |
    我觉得味道不错，就是有点儿辣。 | 麻烦您把发票放进信封。 | 朋友，别怕，慢慢爬，宝贝。
""")

_HELD_EN: Final = _listed("""
    Most people believe that umbrellas bring bad luck inside a house. |
    Five brave firemen moved the furniture before the roof fell. |
    My favourite problem is the one about bees, maps and purple balloons. |
    Would you mind opening the window? It feels warm in here. |
    The bus stopped, and a man with a funny moustache came aboard. |
    Perhaps we may pay for both pairs of boots tomorrow. | Over the past few months the shop has become much busier. |
    Look, that cloud above the mountain is shaped like a rabbit. |
    I have never heard of him before, but his name is on the form. | Pack my bags, lock the door, and meet me by the pump.
""")
_HELD_ZH: Final = _listed("""
    我们把白色的帽子放在门背后。 | 明天下午，房东会派人来修冰箱。 | 爬到半山坡，他们忽然发现没带面包。 |
    请问，从这里到博物馆怎么走？ | 朋友给我买了一本描写梦的书，我非常喜欢。 | 发布会八点半开始，别忘了带名片。 |
    苹果、葡萄、木瓜和蜂蜜都在篮子里。 | 外面风很大，把窗户关上吧。
""")

_ONSETS: Final = "p b m f v t d n l r s z k g h w y ch sh j pl br fl st sp tr kw".split()
_NUCLEI: Final = "a e i o u a e i o u ai au ei oi oo ee".split()
_CODAS: Final = ("", "", "", "m", "p", "b", "n", "s", "f", "l", "k", "t")
# Their letters stand for sounds as nonsense needs it; English comes with its own spelling, hence so many others.
NONSENSE_TONGUES: Final = ("en-us", "es", "it", "de", "fr", "pl", "id", "tr", "pt-br", "sw", "fi", "nl")


def sentence(rng: np.random.Generator, tongue: str) -> str:
    """A text of about 1 to 4 s in "en" or "zh" to train on."""
    if rng.uniform() < 0.3:
        known = _knowledge(tongue)
        return str(known[rng.integers(len(known))])
    if tongue == "zh":
        return str(rng.choice(_SPOKEN_ZH))
    if rng.uniform() < 0.35:
        return str(rng.choice(_PLAIN))
    said = [str(rng.choice(words)) for words in (_NAMES, _VERBS, _THINGS, _PLACES)]
    return " ".join(said) + str(rng.choice([".", ",", "?", "!"]))


def nonsense(rng: np.random.Generator) -> str:
    """Some syllables, such as "flaub piku memsho"."""
    words = ["".join(_syllable(rng) for _ in range(int(rng.integers(1, 4)))) for _ in range(int(rng.integers(2, 7)))]
    return (", " if rng.uniform() < 0.15 else " ").join(words) + "."


def held_out(tongue: str) -> list[str]:
    """Sentences that are never trained on."""
    return _HELD_ZH if tongue == "zh" else _HELD_EN


def _syllable(rng: np.random.Generator) -> str:
    return "".join(str(rng.choice(part)) for part in (_ONSETS, _NUCLEI, _CODAS))


_found: dict[str, list[str]] = {}


def _knowledge(tongue: str) -> list[str]:
    if tongue not in _found:
        text = " ".join(f.read_text("utf-8") for f in sorted(_KNOWLEDGE.glob(f"*/*.{tongue}.md")))
        pieces = re.split(r"(?<=[.!?。！？；，,;:])\s*", re.sub(r"[#*`\-\[\]()|>_]+|https?:\S+", " ", text))
        _found[tongue] = [p.strip() for p in pieces if 6 <= len(p.strip()) <= 90]
    return _found[tongue]
