"""Names for chats: the first words of the first question, or, asked for, what they are about.

No model is asked: a title must be there at once and never be made up. A suggestion is the heading
that the answer gave itself, or the first question without the words people begin questions with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from app.core.records import Message
from app.services.history import answer_text

MAX_CHARACTERS = 40
_TRAILING = " \t.,;:!?…、。，；：！？-–—"

_TELLING = 3
"""Fewer characters than this ("Hi", "ok") say nothing about a chat."""
_HEADING = re.compile(r"#{1,4}\s+(.+?)\s*#*|\*\*([^*]+?):?\*\*:?")
_OPENING = re.compile(
    r"(?:(?:hello|hi|hey|good (?:morning|afternoon|evening)|dear assistant|please|thanks?|"
    r"(?:can|could|would|will) you(?: please| kindly)?|i(?:'d| would) like (?:you )?to(?: know)?|"
    r"i (?:want|need)(?: you)? to(?: know)?|(?:tell|show|give) me(?: more)?(?: about(?: the)?)?|"
    r"explain(?: to me)?(?: briefly)?|help me(?: to)?|do you know|what (?:is|are)(?: the| an?)?|"
    r"bonjour|bonsoir|salut|s['’]il (?:vous|te) pla[iî]t|merci(?: de)?|(?:pouvez|pourriez|peux|"
    r"pourrais)[- ](?:vous|tu)|j['’]aimerais(?: savoir)?|je (?:voudrais|veux|souhaite)(?: savoir)?|"
    r"(?:dites|dis|expliquez|explique|montrez|donnez)[- ]moi|aide[zs]?[- ]moi à|savez-vous|"
    r"qu['’]est-ce que(?: c['’]est que)?|quel(?:le)?s? (?:est|sont)(?: les?| la)?)"
    r"(?![^\W_])\s*"
    r"|你好|您好|早上好|下午好|晚上好|请问|请您?|麻烦(?:您|你)?|(?:你|您)?(?:能不能|可以|能否|能)"
    r"|告诉我|帮我|帮忙|给我|我想(?:知道|要|问)?|什么是|解释(?:一下)?|介绍(?:一下)?|谢谢|一下)",
    re.IGNORECASE,
)


def title_for(question: str) -> str:
    """The first line's first words, at most `MAX_CHARACTERS` characters.

    Words are kept whole where the script has spaces; a combining mark never loses its letter.

    Returns:
        The title, "" when the question holds nothing that can be shown.
    """
    shown = "".join(c if _is_shown(c) else " " for c in question[:2000])
    line = " ".join(next((part for part in shown.splitlines() if part.strip()), "").split())
    if len(line) > MAX_CHARACTERS:
        line = line[: _cut(line)].rstrip() + "…"
        return line.rstrip(_TRAILING) + "…"
    return line.rstrip(_TRAILING) or line


def suggested_title(messages: Sequence[Message]) -> str:
    """A name for a chat, from its first questions and answers; "" when nothing was said yet."""
    questions = [m.text for m in messages if m.role == "user"]
    answers = [answer_text(m) for m in messages if m.role == "assistant"]
    heading = _heading(answers[0]) if answers else ""
    if heading:
        return heading
    said = [topic for question in questions if (topic := _topic(question))]
    told = next((topic for topic in said if len(topic) >= _TELLING), "")
    return told or (said[0] if said else title_for(questions[0]) if questions else "")


def _heading(answer: str) -> str:
    """The heading with which an answer begins, as a letter or an article does."""
    first = next((line for line in answer.splitlines() if line.strip()), "")
    found = _HEADING.fullmatch(first.strip())
    return title_for(found.group(1) or found.group(2)) if found else ""


def _topic(question: str) -> str:
    """The question without greeting and without "could you please tell me"."""
    line = next((part for part in question.splitlines() if part.strip()), "").strip()
    before = ""
    while line != before:
        before = line
        line = _OPENING.sub("", line, count=1).lstrip(" ,.!?:，。！？：、")
    title = title_for(line)
    return title[:1].upper() + title[1:]


def _is_shown(character: str) -> bool:
    return character == "\n" or not unicodedata.category(character).startswith(("Cc", "Cs", "Co"))


def _cut(line: str) -> int:
    """Where to cut a line that is too long."""
    space = line.rfind(" ", MAX_CHARACTERS // 2, MAX_CHARACTERS + 1)
    if space > 0:
        return space
    end = MAX_CHARACTERS
    while end > 1 and (unicodedata.combining(line[end]) or line[end] in "\u200d\ufe0e\ufe0f"):
        end -= 1
    return end
