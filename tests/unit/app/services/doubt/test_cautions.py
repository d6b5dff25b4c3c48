from __future__ import annotations

import pytest

from app.services.doubt import caution_for

# One question a line; those under "none" are what people write every day, many of them with a word
# that means something else in money, medicine or law.
QUESTIONS = {
    "none": """
        What is the capital of France?
        Who wrote the law of gravity?
        Explain Newton's laws of motion.
        My mother-in-law is coming to dinner, what should I cook?
        How do I make chicken stock?
        Write a birthday poem for my doctor.
        What is a good name for a cat?
        How do I share a file?
        I am interested in music, what should I listen to?
        Who played James Bond in 1995?
        What is the judge in a tennis match called?
        How many players are on a basketball court?
        Tell me a story about a police dog.
        What does the French word "contrat" mean?
        How do I plant tomatoes?
        Why is the sky blue?
        What is the history of the Supreme Court building?
        Write a letter to my neighbour about the noise.
        How do I iron a shirt?
        What's the difference between a bond and an ion?
        Who won the war of 1812?
        Translate: the bank of the river is steep.
        My back garden is full of weeds.
        How much does an elephant weigh?
        Give me a recipe for pancakes with 3 eggs and 200 mg of vanilla.
        Summarise the plot of Doctor Who.
        I need a password for my account.
        Write an invitation to my retirement party.
        What is a capital letter?
        How do I credit the author of a photo?
        Quelle est la capitale de l'Italie ?
        Comment faire une salade d'avocats mûrs ?
        Raconte-moi une histoire de police.
        Comment bien investir son temps libre ?
        Qui a écrit le Nouveau Testament ?
        Je cherche une idée de cadeau pour mon docteur.
        Quelle action a fait Jeanne d'Arc ?
        Écrivez une lettre à ma sœur.
        Comment caler une table qui bouge ?
        La loi de Newton, c'est quoi ?
        法国的首都是哪里？
        牛顿第二定律是什么？
        请给我讲一个关于医生的笑话。
        怎么煮米饭？
        写一首关于春天的诗。
        银行怎么走用英语怎么说？
        请解释一下什么是光合作用。
        我的猫叫什么名字好？
        长城有多长？
        帮我写一封感谢信。
        How do I remove a red wine stain from a shirt?
        My daughter got her first job, write her a congratulation.
        How long does it take to fly from Paris to Rome?
        What was the Treaty of Versailles?
        Who is the patron saint of bankers?
        How do I treat my guests to a nice evening?
        What does 'to bail water' mean?
        Describe a heart-shaped leaf.
        How tall is a notary's desk?
        My dog hurts nobody.
        How do I save a document?
        What is a balance beam?
        Explain what a tablet computer is.
        How much interest is there in chess?
        Write a speech for the judge of a cake contest.
        What does 'stocks of fish' mean in the sea?
        How are bonds between friends made?
        A poem about a doctor and a fox.
        Name three rivers in Spain.
        Why do cats purr?
        Comment s'appelle le juge dans un concours de cuisine ?
        Comment enlever une tache de vin ?
        Quel est l'hôpital le plus ancien de Paris ?
        Donnez-moi une recette de crêpes.
        Qu'est-ce qu'un bail emphytéotique en architecture ancienne ?
        Qui a peint la Joconde ?
        医生这个词怎么读？
        我想学做红烧肉。
        世界上最高的山是什么？
        给妈妈写生日祝福。
    """,
    "medicine": """
        How much ibuprofen can I take per day?
        I have chest pain and my left arm hurts.
        My child has a fever and a rash, what should I do?
        Can I take aspirin with warfarin?
        What are the side effects of metformin?
        Is it safe to drink coffee while pregnant with nausea?
        What are the symptoms of diabetes?
        My blood pressure is 160 over 100.
        Should I stop my antidepressants?
        What dose of paracetamol for a 5 year old?
        Puis-je prendre de l'ibuprofène enceinte ?
        Quels sont les effets secondaires des antibiotiques ?
        Mon fils a de la fièvre et une toux.
        J'ai mal à la poitrine, est-ce une crise cardiaque ?
        Combien de paracétamol par jour ?
        一天可以吃几片布洛芬？
        我发烧咳嗽怎么办？
        糖尿病的症状是什么？
        孕妇可以打疫苗吗？
        高血压吃什么药物好？
        I took too many painkillers, what now?
        Is 140 over 90 high blood pressure?
        How long does an infection take to heal without antibiotics?
        J'ai oublié mon insuline ce matin.
        阿司匹林有什么副作用？
    """,
    "money": """
        Should I buy bitcoin?
        How do I invest in index funds?
        Is it better to pay off my mortgage or save?
        How much income tax do I pay on 50,000 euros?
        Should I put my savings into the stock market?
        Can I take a loan to pay my credit card debt?
        What is a 401k?
        Should I refinance?
        Which shares should I buy for retirement savings?
        How do I file my tax return?
        Dois-je investir en bourse ?
        Comment remplir ma déclaration de revenus ?
        Faut-il prendre un prêt immobilier à taux fixe ?
        Est-ce que l'assurance-vie est un bon placement ?
        J'ai des dettes et un crédit à rembourser.
        我应该买股票吗？
        房贷利率是多少？
        个人所得税怎么报税？
        我想用存款买债券，风险大吗？
        退休金怎么算？
        Can I afford a house with a 40,000 salary and debts?
        Is now a good time to sell shares?
        Comment choisir une assurance-vie ?
        买基金还是存款好？
        我该怎么投资？
    """,
    "law": """
        Can my landlord evict me?
        How do I sue my neighbour?
        Do I need a lawyer for a divorce?
        My employer fired me without notice, is that legal?
        How do I write a last will?
        Can I get custody of my children?
        Is a verbal contract legally binding?
        What is the notice period for my lease?
        I was arrested by the police, what are my rights?
        Can I contest a will in probate?
        Mon propriétaire peut-il garder la caution ?
        Comment contester un licenciement ?
        Dois-je voir un notaire pour une succession ?
        Comment porter plainte ?
        Qui a la garde des enfants après un divorce ?
        房东不退押金怎么办？
        怎么写遗嘱？
        公司解雇我不给赔偿金合法吗？
        离婚后抚养权归谁？
        我想起诉邻居。
        Can I break my lease early, legally?
        What happens if I am sued in small claims court?
        Mon employeur a-t-il le droit de lire mes courriels selon la loi ?
        邻居侵犯我的权利，可以找律师吗？
        Do I need a solicitor?
    """,
}
CASES = [
    ("" if subject == "none" else subject, line.strip())
    for subject, lines in QUESTIONS.items()
    for line in lines.strip().splitlines()
]


@pytest.mark.parametrize(("subject", "question"), CASES)
def test_the_subject_of_a_question(subject: str, question: str) -> None:
    assert caution_for(question, "") == subject


def test_an_answer_alone_gives_no_caution() -> None:
    story = "The doctor gave him aspirin for his heart attack, and his lawyer a last will."
    assert caution_for("Tell me a story", story) == ""


def test_an_answer_confirms_what_its_question_only_touches() -> None:
    assert caution_for("My knee hurts, what helps?", "Rest it and drink water.") == ""
    assert caution_for("My knee hurts, what helps?", "Take ibuprofen twice a day.") == "medicine"


def test_the_subject_with_most_words_wins() -> None:
    question = "My landlord wants to evict me and I have no savings. Do I need a lawyer?"
    assert caution_for(question, "") == "law"


def test_long_texts_take_no_time() -> None:
    assert caution_for("word " * 200_000, "answer " * 200_000) == ""


def test_amounts_of_medicine_count() -> None:
    assert caution_for("How much medicine is that?", "7.5 milligrams a day.") == "medicine"
    assert caution_for("Quelle dose ?", "Demandez à votre pharmacien.") == "medicine"
