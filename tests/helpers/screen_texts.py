"""What is said in the pictures of the window: daily questions, and every kind of Markdown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    """A conversation and what stands around it.

    Attributes:
        titles: Other conversations.
        gone: Those in the bin.
        folder: Name of one.
        endings: A question whose answers ended in every other way.
        thinking: What was thought before one of them.
        word: Can be found in what was said.
        assistant: Name of one's own.
        instructions: What it is told.
        questions: Asked one after the other.
        answers: One for each question.
    """

    titles: tuple[str, ...]
    gone: tuple[str, ...]
    folder: str
    endings: str
    thinking: str
    word: str
    assistant: str
    instructions: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]


_CODE = "\n\n```python\nfor day in range(1, 4):\n    print(day * 2.5)  # doses\n```\n\n"

TEXTS = {
    "en": Texts(
        ("Train to Lyon", "Potato gratin for six", "A letter to the town hall about the lamp"),
        ("Names for the kitten", "Opening hours of the swimming pool on public holidays"),
        "House and garden",
        "Which bus goes to the hospital on Sundays?",
        "They ask about a bus on a Sunday. I do not know their town, so I should say so.",
        "price",
        "Letters to the office",
        "You write short, polite letters. Today is {date}.",
        ("What is the difference between a loan and a lease?", "How much medicine is that?"),
        (
            (
                "With a **loan** you buy the thing and pay it off; with a *lease* you only use it."
                "\n\n"
                "| | Loan | Lease |\n| - | - | - |\n| Yours in the end | yes | no |\n"
                "| Usual length | 5 years | 3 years |\n\n1. Compare the whole price.\n"
                "2. Ask what a mistake costs."
            ),
            "Three times 2.5 is 7.5 milligrams a day, see [the leaflet](https://example.org/leaflet)."
            + _CODE
            + "> Please ask your pharmacist.\n\nAs a formula: $3 \\cdot 2.5 = 7.5$",
        ),
    ),
    "fr": Texts(
        (
            "Le train pour Lyon",
            "Une lettre à la mairie au sujet du lampadaire",
            "Gratin dauphinois",
        ),
        ("Des noms pour le chaton", "Horaires de la piscine municipale les jours fériés"),
        "Maison et jardin",
        "Quel autobus va à l’hôpital le dimanche ?",
        "On demande un autobus du dimanche. Je ne connais pas la ville : il faut le dire.",
        "prix",
        "Lettres à l’administration",
        "Vous écrivez des lettres brèves et polies. Nous sommes le {date}.",
        ("Quelle est la différence entre un prêt et un bail ?", "Quelle dose cela fait-il ?"),
        (
            (
                "Avec un **prêt**, vous achetez ; avec un *bail*, vous utilisez seulement.\n\n"
                "| | Prêt | Bail |\n| - | - | - |\n| À vous à la fin | oui | non |\n"
                "| Durée habituelle | 5 ans | 3 ans |\n\n1. Comparez le prix total.\n"
                "2. Demandez ce que coûte une erreur."
            ),
            "Trois fois 2,5 font 7,5 milligrammes, voir [la notice](https://example.org/notice)."
            + _CODE
            + "> Demandez à votre pharmacien.\n\nEn formule : $3 \\cdot 2,5 = 7,5$",
        ),
    ),
    "zh_Hans": Texts(
        ("去里昂的火车", "写给居委会的信：楼下的路灯坏了", "六人份的土豆"),
        ("给小猫起名字", "游泳馆节假日的开放时间"),
        "家和花园",
        "星期天去医院坐哪路公交车？",
        "问的是星期天的公交车。我不知道是哪座城市，应当说明。",
        "总价",
        "写给单位的信",
        "您写简短、礼貌的信。今天是{date}。",
        ("贷款和租赁有什么区别？", "这是多大的剂量？"),
        (
            (
                "**贷款**是您买下东西再还钱；*租赁*是您只使用它。\n\n"
                "| | 贷款 | 租赁 |\n| - | - | - |\n| 最后归您 | 是 | 否 |\n"
                "| 通常期限 | 5 年 | 3 年 |\n\n"
                "1. 请比较总价。\n2. 请问清楚违约的费用。"
            ),
            "三次 2.5 毫克，一天共 7.5 毫克，参见[说明书](https://example.org/leaflet)。"
            + _CODE
            + "> 请咨询药剂师。\n\n公式：$3 \\cdot 2.5 = 7.5$",
        ),
    ),
}
