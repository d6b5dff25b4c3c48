"""Vocabulary of three languages by which names, numbers and dates are told from other words."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMON: Final = _words(
    """
    a about above according across actually additionally after again against ago all almost
    along already also although always among an and another any anyone anything are around as
    ask at away be because before begin below besides best better between beyond both but by
    call can certainly come consider could create currently despite did different do does don't
    due during each eat either else even every everyone everything explain few find first
    firstly follow for from furthermore get give given go good great had has have he hello help
    her here hers hi him his historically how however i i'm i'd i'll i've if imagine in indeed
    initially instead into is it it's its just keep know known last lastly later learn least
    less let let's like likely listen look made make many maybe me meanwhile more moreover most
    much must my near nearly neither never next no none nor not note nothing now number of off
    often oh ok okay on once one only or originally other otherwise our out over overall people
    perhaps please practice provide put rather read really regarding remember same say second
    secondly see several she should similarly simply since so some someone something sometimes
    soon sorry start still such sure take talk tell than thank thanks that that's the their them
    then there there's therefore these they they're thing things third this those though through
    throughout thus to today together too try two typically under unfortunately unless unlike
    until up upon us use used usually very visit was way we well were what what's whatever when
    whenever where whereas whether which while who whose why will with within without write yes
    yesterday yet you you'll you're your à afin ai ainsi alors après au aucun aussi autre aux
    avant avec avez bien bonjour bref c'est c'était car ce cela celle celui cependant certains
    ces cet cette chaque chez comme comment contre d'abord d'après d'autres dans de depuis des
    dès deux donc du elle elles en encore enfin ensuite entre environ est et étaient était être
    eux finalement fut grâce hier ici il ils j'ai je jusqu'à l'autre l'un la le les leur leurs
    lors lorsque lui mais malgré même merci mes moi moins mon n'est ne ni non nos notre nous ont
    ou où oui outre par parce parfois parmi pas pendant peu peut plus plusieurs pour pourquoi
    près puis puisque qu'il quand quant que quel quelle quelques qui quoi sa sans se selon ses
    si son sont souvent sous sur ta tandis te tes ton toujours tous tout toute toutefois toutes
    très tu un une vers voici voilà vos votre vous y
    """
)
"""Words, most of them short, that begin sentences in English and French and are no names."""

JOINERS: Final = _words(
    "of de du des la le les von van der den da di del dos al bin ibn d' l' d’ l’"
)
"""Small words that stand inside of names."""

PEOPLES: Final = _words(
    """
    african american arab arabic argentine asian australian austrian belgian brazilian british
    bulgarian canadian celtic chinese croatian cuban czech danish dutch egyptian english ethiopian
    european finnish flemish french german greek hebrew hungarian indian indonesian irish islamic
    italian japanese jewish korean latin mexican mongolian moroccan muslim norwegian ottoman persian
    peruvian polish portuguese roman romanian russian scottish serbian sicilian soviet spanish
    swedish swiss thai tibetan turkish ukrainian vietnamese viking welsh western eastern northern
    southern christian catholic protestant buddhist hindu
    """
)
"""Adjectives with a capital: whether somebody was a British or an English author is not what one
looks up, and there are always several ways to say it."""

ABBREVIATIONS: Final = _words(
    "dr mr mrs ms prof st ste mt vs no jr sr ca fig vol gen col capt rev hon lt sgt mme mlle m"
)
"""After these a full stop ends no sentence."""

VERBS_OF_BEING: Final = _words(
    "is was are were has had became invented wrote discovered painted est était sont étaient fut a"
)
"""A word at the beginning of a sentence that is followed by one of them is what it is about."""

MONTHS: Final = (
    "January|February|April|June|July|August|September|October|November|December"
    "|janvier|février|avril|juin|juillet|août|septembre|octobre|novembre|décembre"
)
MONTHS_THAT_ARE_WORDS: Final = "March|May|mars|mai"
WEEKDAYS: Final = (
    "Mondays?|Tuesdays?|Wednesdays?|Thursdays?|Fridays?|Saturdays?|Sundays?"
    "|lundis?|mardis?|mercredis?|jeudis?|vendredis?|samedis?|dimanches?"
)
NUMBER_WORDS: Final = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?"
    "|thousands?|millions?|billions?|trillions?|dozens?"
    "|deux|trois|quatre|cinq|sept|huit|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente"
    "|quarante|cinquante|soixante|cents?|mille|milliards?|douzaines?"
)
SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
"""The hundred most frequent Chinese family names."""
TRANSCRIBING: Final = (
    "阿埃艾爱安奥巴班贝比彼宾波伯博布查达戴丹德迪蒂杜多俄恩尔法菲费芬夫弗福盖甘戈格根哈海汉赫亨胡霍基吉"
    "贾杰卡凯坎康柯科克肯库拉莱兰朗劳雷里利莉列林琳隆卢鲁伦罗洛马玛迈麦曼梅蒙米密莫姆穆纳娜内尼涅宁"
    "牛纽诺欧帕潘佩蓬皮珀普奇乔切琼若萨塞森桑沙莎舍圣施史士斯丝苏索塔泰坦汤特图托瓦威韦维温沃乌伍"
    "西希谢辛休许雅亚扬耶伊因英尤约泽扎詹珍朱兹"
)
"""Characters by whose sound foreign names are written; three in a row are hardly anything else."""
