"""Subjects in which a mistake costs health, money or a right, told by their vocabulary.

A strong word stands for its subject alone ("chemotherapy", "capital gains tax"); a weak one
("fever", "contract") needs company, because it has everyday uses. A question weighs more than its
answer: answers mention much in passing.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Caution = Literal["", "money", "medicine", "law"]

SUBJECTS: Final[tuple[Caution, ...]] = ("money", "medicine", "law")

_ENOUGH: Final = 4
_STRONG: Final = 4
_WEAK: Final = 2
_LOOKED_AT: Final = 20_000
"""Characters of an answer; what it is about is said at its beginning."""

_STRONG_WORDS: Final[dict[Caution, str]] = {
    "medicine": r"""
        chemotherapy|antibiotics?|antidepressants?|ibuprofen|paracetamol|acetaminophen|aspirin
        |insulin|blood pressure|blood sugar|heart attack|chest pain|side effects?|overdose|dosage
        |medications?|prescriptions?|diagnos(?:is|ed)|miscarriage|melanoma|tumou?rs?|diabet(?:es|ic)
        |cholesterol|epilep(?:sy|tic)|asthma|pneumonia|warfarin|statins?|antihistamines?|sepsis
        |suicidal|biopsy|mammogram|blood thinners?|painkillers?|stroke symptoms|an? stroke
        |pharmacists?|milligram(?:me)?s?
        |chimiothérapie|antibiotiques?|antidépresseurs?|ibuprofène|paracétamol|aspirine|insuline
        |tension artérielle|infarctus|crise cardiaque|effets? secondaires?|surdosage|posologie
        |médicaments?|ordonnance médicale|diagnostic médical|fausse couche|tumeurs?|diabète
        |diabétiques?|cholestérol|épilepsie|asthme|pneumonie|anticoagulants?|suicidaires?|avc
        |pharmacien(?:ne)?s?
        |化疗|抗生素|抗抑郁药|布洛芬|对乙酰氨基酚|阿司匹林|胰岛素|血压|血糖|心脏病发作|心肌梗死|胸痛
        |副作用|用药|药物|服药|吃药|剂量|处方药|诊断|流产|肿瘤|癌症|糖尿病|胆固醇|癫痫|哮喘|肺炎|中风""",
    "money": r"""
        mortgages?|stock market|(?:buy|sell) (?:stocks|shares|bitcoins?)|cryptocurrenc(?:y|ies)
        |bitcoins?|income tax(?:es)?|capital gains|tax returns?|tax deductions?|401\(?k\)?
        |pension (?:fund|plan|pot)s?|my pension|index funds?|mutual funds?|etfs?|credit card debt
        |interest rates?|refinanc(?:e|ing)|life insurance|retirement savings|hedge funds?
        |invest(?:ing)? (?:in|my|all|some|the|\d)|my investments?|payday loans?|my savings
        |prêts? immobiliers?|crédits? immobiliers?|hypothèques?|bourse de|en bourse|cryptomonnaies?
        |impôts? sur le revenu|déclaration (?:de revenus|d'impôts?)|plus-values?|assurance[- ]vie
        |taux d'intérêt|surendettement|investir (?:dans|en|mon|mes)|ma retraite|mes économies
        |placements? financiers?|fonds indiciels?|livret a|mes impôts
        |房贷|抵押贷款|股票|股市|炒股|比特币|加密货币|个人所得税|所得税|报税|退税|基金定投|买基金|养老金
        |退休金|利率|理财|人寿保险|信用卡债|贷款|投资""",
    "law": r"""
        lawsuits?|sue (?:my|him|her|them|the|a)|be sued|divorce (?:lawyer|settlement|papers)
        |a divorce|child custody|custody of|evict(?:ed|ion|s)?|my landlord|tenancy|power of attorney
        |my lawyer|a lawyer|solicitors?|attorneys?|probate|inheritance tax|last will
        |wrongful(?:ly)? (?:dismiss\w*|terminat\w*)|unfair dismissal|small claims|alimony
        |(?:on|post) bail
        |restraining order|plead guilty|non-compete|copyright infringement|visa application
        |asylum|deport(?:ed|ation)|criminal record|in my will|contest a will|statute of limitations
        |procès|porter plainte|prud'hommes|garde (?:des enfants|alternée)|pension alimentaire
        |mon propriétaire|expulsion locative|avocate?s?|notaires?|licenciement|licenciée?
        |héritage|succession|testament|procuration|casier judiciaire|droit d'asile|titre de séjour
        |divorce|divorcer|préavis|mise en demeure
        |起诉|打官司|诉讼|离婚|抚养权|抚养费|房东|律师|遗嘱|遗产|继承权|仲裁|劳动合同|被辞退|违法|犯法|拘留
        |保释|版权侵权|庇护|签证申请|法律责任|赔偿金""",
}
_WEAK_WORDS: Final[dict[Caution, str]] = {
    "medicine": r"""
        doses?|symptoms?|fever|rash|dizzy|dizziness|nausea|vomiting|pregnan(?:t|cy)|vaccines?
        |vaccinated|infections?|infected|swollen|bleeding|headaches?|migraines?|pills?|tablets? of
        |therapy|treatments?|doctors?|hospital|surgery|cancer|painful|hurts?|allerg(?:y|ies|ic)
        |medicines?|depression|anxiety|lump|mg|cough(?:ing)?|injur(?:y|ed)|disease|chronic
        |symptômes?|fièvre|vertiges?|nausées?|vomi\w*|enceinte|grossesse|vaccins?|infections?|saign\w*
        |gonflée?s?|migraines?|maux de tête|comprimés?|traitements?|médecins?|hôpital|opération
        |cancers?|allergi\w+|douleurs?|dépression|anxiété|toux|maladies?|bouton de fièvre
        |症状|发烧|发热|头晕|恶心|呕吐|怀孕|孕妇|疫苗|感染|肿胀|出血|头痛|偏头痛|药片|治疗|医生|医院|手术
        |过敏|抑郁|焦虑|咳嗽|疾病|疼痛|毫克""",
    "money": r"""
        loans?|debts?|tax(?:es)?|invest(?:ing|ments?|ors?)?|savings|pensions?|retire(?:ment)?|shares
        |stocks?|bonds?|dividends?|credit|insurance|budget|afford|bank account|portfolio|salary
        |prêts?|dettes?|impôts?|investi\w+|épargne|retraite|actions|obligations|dividendes?|crédit
        |assurances?|compte bancaire|salaire|placements?|rembourse\w*
        |债务|负债|税|储蓄|存款|退休|债券|股息|信用卡|保险|工资|还款|收益""",
    "law": r"""
        legal(?:ly)?|illegal|contracts?|court|judge|rights|liab(?:le|ility)|rent|tenants?|landlords?
        |deposit|custody|will and testament|sign(?:ed)?|notice period|employer|fired|police
        |arrested|fined?|lease|copyright|inherit(?:ed|ance)?|divorced?|sued?|laws?|lawyers?
        |légale?s?|légalement|illégale?s?|contrats?|tribunal|juge|droits|responsab\w+|loyer|locataires?
        |bail|caution|signée?|employeur|police|amende|loi|hérit\w+|plainte
        |合法|合同|法院|法官|权利|责任|租金|押金|租客|雇主|警察|罚款|法律|继承|签字|解雇|版权""",
}


def _compiled(table: dict[Caution, str]) -> dict[Caution, re.Pattern[str]]:
    # Chinese has no spaces between words, so that borders of words hold for letters only.
    return {
        subject: re.compile(
            r"(?<![A-Za-zÀ-ÿ])(?:" + re.sub(r"\n\s*", "", words.strip()) + r")(?![A-Za-zÀ-ÿ])",
            re.IGNORECASE,
        )
        for subject, words in table.items()
    }


_STRONG_PATTERNS: Final = _compiled(_STRONG_WORDS)
_WEAK_PATTERNS: Final = _compiled(_WEAK_WORDS)
_OTHER_MEANINGS: Final = re.compile(
    r"\b(?:laws? of (?:physics|gravity|motion|thermodynamics|nature)|(?:newton|ohm|moore)['’]s law"
    r"|murphy['’]s law|in-laws?|(?:mother|father|brother|sister|son|daughter)-in-law"
    r"|(?:tennis|food|basketball) court|(?:chicken|vegetable|fish|beef) stock|in stock|doctor who"
    r"|james bond|(?:chemical|ionic|covalent) bonds?|(?:human|civil) rights|bill of rights"
    r"|tropic of cancer|cancer horoscope|(?:swimming|power|pen) strokes?|strokes? of"
    r"|(?:ancien|nouveau) testament|avocats? (?:mûrs?|et tomates?|vinaigrette)|toast à l'avocat"
    r"|loi de (?:newton|ohm|la gravité|la physique)|actions? de grâce)\b|定律",
    re.IGNORECASE,
)


def caution_for(question: str, answer: str) -> Caution:
    """Which caution a reply deserves, "" for none.

    Args:
        question: What was asked.
        answer: What was answered, without the thinking.
    """
    asked = _OTHER_MEANINGS.sub(" ", question[:_LOOKED_AT])
    weights = {subject: _weight(subject, asked) for subject in _STRONG_PATTERNS}
    if not any(weights.values()):  # as of most: the answer, much longer, need not be read
        return ""
    answered = _OTHER_MEANINGS.sub(" ", answer[:_LOOKED_AT])
    best: Caution = ""
    most = _ENOUGH - 1
    for subject, weight in weights.items():
        whole = weight + _confirmed(subject, asked, answered) if weight else 0
        if whole > most:
            best, most = subject, whole
    return best


def _weight(subject: Caution, asked: str) -> int:
    """How much of the question speaks for a subject; without a word of it there, nothing does."""
    strong = _different(_STRONG_PATTERNS[subject], asked)
    weak = _different(_WEAK_PATTERNS[subject], asked)
    return _STRONG * len(strong) + _WEAK * len(weak - strong)


def _confirmed(subject: Caution, asked: str, answered: str) -> int:
    """How much the answer adds to that."""
    strong = _different(_STRONG_PATTERNS[subject], asked)
    return _WEAK * min(2, len(_different(_STRONG_PATTERNS[subject], answered) - strong))


def _different(pattern: re.Pattern[str], text: str) -> set[str]:
    return {found[0].casefold().rstrip("s") for found in pattern.finditer(text)}
