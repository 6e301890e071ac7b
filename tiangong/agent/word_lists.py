"""Word lists for `words.py`: what falls away, what means the same, what tells little. Chinese and English, as customers talk."""

from typing import Final

# --- English ---------------------------------------------------------------------------------------------------------

# "wear", "ware", "witch" are how recognisers write "where" and "which".
STOP_EN: Final = frozenset(
    """a an the this that these those there here it its i me my mine we us our you your he she they them their who whom
    what whats which where wheres whose why how do does did doing done is are am was were be been being isnt arent dont
    doesnt didnt cant couldnt wont wouldnt can could will would shall should may might must have has had having of to in
    on at by for from with without about into onto over under as if or and but not no than then so just also too very
    really please hello hi hey thanks thank ok okay well um uh er hmm like some any all each every both either one ones
    up out off again ever yet still only more most much many another other im id ive ill youre lets let wanna gonna
    possible able kindly actually maybe let's tell explain know say want need get got give show something anything
    someone somebody anyone there's question ask wonder wondering wear ware witch sir madam guys yes yeah
    never two three four five six seven eight nine ten set
    pair kind sort type allowed allow yet already soon anymore until while because during myself yourself gave given
    check sure look looking try trying""".split()
)

# Patterns over lower-case text, each replaced by one word.
PHRASES_EN: Final = (
    # What I ordered is any item; nothing is said of the making of an order.
    (r"\b(?:i|we)(?:'ve| have| had)?(?: just)? (?:bought|ordered|purchased)\b", ""),
    (r"\b(?:send|sent|sending|give|gave|giving|bring|bringing|take|hand)(?: \w+){0,3}? back\b", "return"),
    (r"\b(?:do|does|will|did) (?:you|i|it|they) charge\b(?! \w+ (?:twice|two))", "cost"),
    (r"\b(?:get |got |give )?(?:my |your |the |our )?money back\b|\breimburs\w*", "refund"),
    (r"\bhow (?:long|fast|quick(?:ly)?|soon|many (?:days|hours|weeks|minutes|months))\b|\bwhen\b|\bwhat time\b", "time"),
    (r"\bhow much\b|\bhow expensive\b", "cost"),
    (r"\b(?:digital|virtual) (?:humans?|persons?|twins?|characters?)\b", "avatar"),
    (r"\bgraphics? cards?\b|\bvideo cards?\b|\bgpus\b", "gpu"),
    (r"\btoo (?:small|big|large|tight|loose|short|long)\b|\b(?:does not|doesn't|doesnt|didn't|didnt) fit\b", "size"),
    (r"\bwhere (?:are you|is (?:your|the) (?:shop|store|office)|can i find you)\b|\blocat(?:ed|ion)\b", "address"),
    (r"\b(?:don't|dont|do not|no longer) (?:want|need) (?:it|this|that|my|the)\b", "cancel"),
    (r"\b(?:connect|transfer|put) me (?:to|with|through)\b", "human"),
    (r"\bwhere(?:'?s)?\b|\bwear is\b", "whereabouts"),
    (r"\b(?:not|hasn't|hasnt|haven't|havent|didn't|didnt|never) (?:yet )?(?:here|arrived?|come|came)\b", "whereabouts"),
    (r"\bunited (?:states|kingdom)\b|\bnew zealand\b", "country"),
    (r"\bsold out\b|\bout of stock\b|\bback in stock\b", "stock"),
    (r"\bpick(?:ing|ed)? (?:it |them |this |my order |the order )?up\b|\bpick up\b", "collect"),
)  # fmt: skip

# The first word of each line stands for the others.
SAME_EN: Final = (
    "deliver delivery shipping shipment ship shipped",
    "parcel package packet",
    "return returned returning",
    "exchange swap swapping",
    "cost price fee pricing costs prices postage pricey expensive",
    "time duration",
    "buy purchase bought",
    "pay payment paid",
    "break broken broke defective faulty damaged damage defect",
    "human agent representative operator",
    "photo picture image portrait selfie pic",
    "computer laptop pc notebook machine",
    "shop store",
    "item product goods article thing things stuff jacket shirt shoe shoes dress coat trousers skirt jumper sweater "
    "sock socks hat bag lamp kettle clothes clothing pants jeans boots tshirt something",
    "voucher coupon promo",
    "discount sale sales cheaper",
    "instalment installment",
    "cancel cancellation cancelled canceled cancelling canceling",
    "arrive arrival reach came coming",
    "privacy private",
    "hour hours",
    "licence license licensing licensed",
    "abroad overseas international foreign",
    "gift present",
    "emotion mood feeling feelings emotions",
    "language languages",
    "tongue chinese english french spanish german japanese korean russian arabic mandarin cantonese italian",
    "country countries germany france america usa europe canada japan australia spain italy russia korea india brazil "
    "mexico england britain uk singapore thailand vietnam malaysia zealand switzerland austria poland sweden norway "
    "netherlands belgium portugal greece turkey egypt africa asia indonesia philippines taiwan ireland scotland",
    "hear listen listening",
    "train training trained",
    "clone cloning copy imitate",
    "remove delete erase deletion",
    "late delayed overdue",
    "colour color",
    "lose lost losing",
    "send sent",
    "speak talk spoke spoken talking speaking",
    "collect fetch collecting",
    "mail email",
    "programme program",
    "hardware spec specs requirement requirements",
    "offline internet online wifi",
)

# Words that hardly tell one passage from another and never are a topic by themselves: "how long does it take?".
GENERIC_EN: Final = (
    "time cost item day today thing get come go make take work need want help change use say know way good new people "
    "person start stop tell put find best long free mean country first second third last whereabouts tongue"
).split()

# --- Chinese ---------------------------------------------------------------------------------------------------------

STOP_ZH: Final = (
    "请问 你好 您好 怎么样 怎么办 怎么 怎样 如何 什么 哪些 哪个 能不能 可不可以 可以 是不是 有没有 会不会 要不要 "
    "我想 我要 想要 想问 问一下 一下 知道 告诉 帮我 麻烦 谢谢 你们 您们 他们 我们 我的 你的 您的 这个 那个 这些 那些 这里 那里 "
    "我 你 您 他 她 它 咱 的 了 吗 呢 吧 啊 呀 嘛 哦 嗯 就 都 也 还 很 太 再 又 把 被 给 让 跟 和 与 或 在 是 有 要 想 能 会 "
    "请 问 这 那 哪 第 啥 咋 个 一 不 没 去 来 到 得 着 过 为 为啥 为什么 需要 应该 现在 然后 如果 要是 的话 行不行 行 好 自己 "
    "说 用 做 里 上 下 从 对 等 最 些 点 件 条 双 张 只 二 两 三 四 五 六 七 八 九 十 百 米 "
    "操作 看看 看 支持 起来 讲 讲讲 过来 一直 已经 还没 不了 时候 真的 几 发现 以后 之后 以前 之前"
).split()
# The first word of each line stands for the others.
SAME_ZH: Final = (
    "时间 多久 多长时间 几天 什么时候 何时 几个小时 多少天 多长",
    "费用 多少钱 价格 收费 几块钱 什么价 要钱 花钱 多少费用",
    "配送 快递 物流 送货 派送 邮寄 发货 寄送 寄到 寄往 发到 送到",
    "运费 邮费 快递费 配送费 包邮",
    "支付 付款 付钱 付费 结账 买单",
    "退款 退钱 钱退",
    "退货 退掉 退回 退换",
    "换货 调换 更换",
    "数字人 虚拟人 虚拟形象 分身 形象 虚拟数字人",
    "人工 真人 活人",
    "照片 图片 自拍 相片",
    "电脑 笔记本 计算机",
    "gpu 显卡",
    "门店 店里 店铺 实体店 你们店",
    "商品 衣服 裤子 鞋子 鞋 裙子 外套 毛衣 衬衫 东西 台灯 水壶 产品",
    "包裹 快件 箱子",
    "发票 开票",
    "尺码 码数 大小 大一号 小一号 尺寸 什么码 多大码 大码 小码 的码 哪个码 多大号 偏大 偏小",
    "优惠 打折 折扣 优惠券 优惠码 便宜",
    "保修 质保 维修 三包",
    "二手 旧货",
    "地址 住址",
    "离线 联网 断网 上网 网络 没有网 没网",
    "隐私 泄露",
    "情绪 心情 情感",
    "语言 外语 英文 英语 中文 汉语 普通话 粤语 方言 日语 法语 德语 韩语 俄语",
    "外国 国外 海外 国际 美国 日本 韩国 英国 法国 德国 加拿大 澳大利亚 俄罗斯 新加坡 "
    "泰国 马来西亚 越南 欧洲 香港 台湾 澳门 港澳台",
    "克隆 复制 模仿",
    "营业 开门 关门 上班 下班",
    "少了 漏发 少发 缺件",
    "破损 坏了 碎了 压坏 破了 摔坏 碎的 坏的 破的 压扁 碎 不亮 不转 没反应",
    "缺货 没货 卖完 断货 售罄 有货",
    "会员 积分",
    "密码 口令",
    "哪里 哪儿 到哪 在哪 没到 还没到 没来 还没来 没收到 还没收到",
    "不能 不可以 不支持 不让",
)

# What a fixed phrase cannot say: 退 alone is to send back, and between 少 and 了 much may stand.
FORMS_ZH: Final = (
    ("退(?![款钱货回掉换订出])", "退货"),
    ("换(?=大|小|件|一件|别的|尺|颜|吗|吧|$)", "换货"),
    ("少[给我发寄送]{1,3}了?", "少了"),
    ("发不发|(?<!开)发(?=到|往|去)", "配送"),
    ("(?:店|你们|您们)在(?:哪|什么)", "地址门店"),
    ("付不了(?:款|钱)?", "支付失败"),
    ("取(?![消件码])", "自提"),
    ("修(?![改好])", "保修"),
)

GENERIC_ZH: Final = ("时间", "费用", "商品", "外国", "哪里")
