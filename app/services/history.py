"""Which part of a conversation the assistant is given: all of it, or the newest that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.records import Message, Span
from app.services.instructions import ANYBODY, NOTHING_SAID, Instructions, Speaker
from engine.types import Message as EngineMessage


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with the answer it got."""

    question: str
    answer: str

    @property
    def characters(self) -> int:
        """Length of both."""
        return len(self.question) + len(self.answer)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is sent: instructions, earlier turns, oldest first, and the question to answer now."""

    turns: tuple[Turn, ...]
    question: str
    instructions: Instructions = NOTHING_SAID

    @property
    def characters(self) -> int:
        """Length of everything."""
        asked = len(self.instructions.text) + len(self.question)
        return sum(turn.characters for turn in self.turns) + asked

    def messages(self, speaker: Speaker = ANYBODY) -> tuple[EngineMessage, ...]:
        """The form in which the engine takes it; roles alternate, as many templates demand.

        Args:
            speaker: The model that answers, which decides what has to be said to it.
        """
        say = self.instructions
        system = say.system(speaker)
        result = [EngineMessage("system", system)] if system else []
        for turn in self.turns:
            result.append(EngineMessage("user", say.question(turn.question, speaker)))
            result.append(EngineMessage("assistant", turn.answer))
        return (*result, EngineMessage("user", say.question(self.question, speaker)))

    def shortened(self, characters: float) -> Conversation:
        """Without as many of the oldest turns as needed to be at most this long.

        The question is never cut: an answer to half a question is a wrong answer.
        """
        size, count = self.characters, 0
        while count < len(self.turns) and size > characters:
            size -= self.turns[count].characters
            count += 1
        return self.without_oldest(count)

    def without_oldest(self, count: int) -> Conversation:
        """So many turns shorter."""
        return replace(self, turns=self.turns[count:])


def conversation_of(
    branch: Sequence[Message], question: str, instructions: Instructions = NOTHING_SAID
) -> Conversation:
    """Turn the shown branch into what is sent.

    Questions that got no answer (the assistant failed) are left out, and so is thinking: models
    are trained to see earlier answers without it.

    Args:
        branch: The messages before the question, oldest first.
        question: The question to answer.
        instructions: What is said before it all.
    """
    turns = []
    asked = ""
    for message in branch:
        if message.role == "user":
            asked = message.text
        elif message.role == "assistant":
            answer = answer_text(message)
            if asked and answer.strip():
                turns.append(Turn(asked, answer))
            asked = ""
    return Conversation(tuple(turns), question, instructions)


def answer_text(message: Message) -> str:
    """A reply without its thinking.

    One that did not think is left as it was written: the assistant then knows it already.
    """
    text, spans = message.text, message.details.spans
    if len(spans) == 1 and spans[0].kind == "answer" and spans[0].start == 0:
        return text  # as most are: ten thousand pieced together take half a frame
    thinking, answer = split_channels(text, spans)
    return answer.strip() if thinking else answer


def split_channels(text: str, spans: Sequence[Span]) -> tuple[str, str]:
    """Thinking and answer of a reply; what no span covers is answer."""
    if not spans:
        return "", text
    thinking = "".join(text[s.start : s.end] for s in spans if s.kind == "thinking")
    answer = "".join(text[s.start : s.end] for s in spans if s.kind == "answer")
    return thinking, answer + text[max(s.end for s in spans) :]
