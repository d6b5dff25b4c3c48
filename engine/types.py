"""The records that cross every boundary of the engine: messages, settings, events, states."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant"]
Channel = Literal["thinking", "answer"]
Thinking = Literal["auto", "on", "off"]
FinishReason = Literal["stop", "length", "context", "repetition", "cancelled", "deadline"]
Device = Literal["auto", "cpu", "cuda", "webgpu", "trt-rtx", "alcove"]
Bits = Literal[4, 8, 16, 32]
StateKind = Literal["kv", "latent", "window", "conv", "recurrent"]
CacheType = Literal["float32", "int8"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, as the chat template sees it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class GenerationConfig:
    """How the next tokens are chosen.

    Attributes:
        max_new_tokens: Upper bound on generated tokens; the context length bounds it as well.
        temperature: 0 means greedy decoding; the other filters then have no effect.
        top_k: Keep the k most probable tokens; 0 keeps all.
        top_p: Keep the smallest set whose probability reaches p (nucleus sampling).
        min_p: Drop tokens below this fraction of the best token's probability.
        repetition_penalty: Divides positive and multiplies negative logits of seen tokens
            (Keskar et al. 2019, CTRL); 1 switches it off.
        seed: Seeds the random generator; the same seed gives the same reply.
        stop: Strings that end the reply when they come in its answer; they are not part of it.
        thinking: Whether the model thinks before it answers; "auto" leaves it to the model. A
            model that marks no thoughts is not changed by it.
        thinking_budget: Tokens after which the thinking is closed, 0 for no limit; it leaves a
            quarter of the reply's room to the answer.
        stop_on_repetition: Whether a reply ends, and thinking is closed, when it says one piece of
            text over and over.
        speculate: Whether tokens that can be guessed are read several at once where that is faster.
            None: where the reply stays what it is without; the likeliest token may change where
            two are nearly alike and rows round differently, a sampled one is as likely as before.
    """

    max_new_tokens: int = 1024
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    thinking: Thinking = "auto"
    thinking_budget: int = 0
    stop_on_repetition: bool = False
    speculate: bool | None = None


@dataclass(frozen=True, slots=True)
class GenerationEvent:
    """Text that has become certain, with the tokens that made it.

    Attributes:
        text: New text, never half a character, without the tags of thinking; may be empty.
        token_ids: The tokens accepted since the previous event, also those that closed the
            thinking because its budget was used up or an answer was wanted.
        logprobs: Natural-log probability of each of them under the unmodified model.
        token_ends: For each of them, how many characters the reply had with all that it made
            certain, counted over the texts of all events.
        channel: Whether the text is the model's thinking or its answer.
        time_ms: Milliseconds since the request began.
        finish_reason: Set on the last event only.
        prompt_tokens: Length of the prompt, set on the last event only.
    """

    text: str
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    token_ends: tuple[int, ...] = ()
    channel: Channel = "answer"
    time_ms: float = 0.0
    finish_reason: FinishReason | None = None
    prompt_tokens: int = 0


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a bundle is to be run.

    Attributes:
        device: Where the nodes must run; it is checked that they do.
        exact: Keep float32 activations: slower, closest to the original model.
        threads: 0 takes every physical core this process may use.
        cache: How keys and values are kept; int8 takes a quarter of the memory.
        context_length: Longest conversation to plan memory for; 0 is the model's longest.
        draft: Folder of a smaller model with the same vocabulary that proposes tokens, "" for none.
        even_rows: Let several tokens read at once round as each alone, on the CPU: guesses then
            keep greedy replies; costs six to nine percent of a step. Without effect with `exact`.
    """

    device: Device = "auto"
    exact: bool = False
    threads: int = 0
    cache: CacheType = "float32"
    context_length: int = 0
    draft: str = ""
    even_rows: bool = False


@dataclass(frozen=True, slots=True)
class StatesFile:
    """An encrypted file for what was read of one conversation.

    Attributes:
        path: Where it is or will be; while it is written, ".part" stands behind its name.
        salt: 16 bytes in hexadecimal with which the file begins; a new one for each writing.
        key: 32 bytes in hexadecimal, derived for this salt alone; opens this file and nothing else.
    """

    path: str
    salt: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BuildConfig:
    """What the graph builder is asked for.

    Attributes:
        bits: Bits per weight; None keeps the precision of the source: Q4_0, Q4_1, Q4_K and
            Q8_0 blocks of a GGUF exactly, its other blocks in 8 bits, floats as floats.
        block_size: Weights along the input dimension that share a scale.
        search: Whether scales are searched for; rounding to the nearest is five times as fast.
        budget_bits: With `bits` 4, bits for each weight on average, scales included: what is left
            over 4-bit forms goes where it helps most.
        calibration: With `bits` 4, path of a text that shows which inputs matter, "random" for
            random tokens, "" for none. The model must fit into memory in 8 bits.
    """

    bits: Bits | None = None
    block_size: int = 32
    search: bool = True
    budget_bits: float = 5.0
    calibration: str = ""


@dataclass(frozen=True, slots=True)
class StateSpec:
    """One tensor that a graph carries from step to step.

    Attributes:
        input_name: Graph input that takes the state.
        output_name: Graph output that returns it.
        dtype: NumPy name of the element type.
        shape: Dimensions; strings are symbols: "batch", "capacity".
        growth_axis: Axis that grows with the context, None for states of constant size.
        kind: What the tensor holds.
        rollback: Whether forgetting the newest tokens needs no snapshot.
    """

    input_name: str
    output_name: str
    dtype: str
    shape: tuple[int | str, ...]
    growth_axis: int | None
    kind: StateKind
    rollback: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work has come.

    Attributes:
        stage: One of "verify", "pack", "load", "prefill", "read", "write", "score".
        done: Units finished.
        total: Units in all; 0 while unknown.
        seconds_left: Estimate, None while there is none.
    """

    stage: str
    done: int
    total: int
    seconds_left: float | None = None
