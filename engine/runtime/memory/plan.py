"""How much memory a bundle needs, before it is loaded.

Two kinds of memory. *Anonymous* memory is the process's own and cannot be given back. Weights that
are mapped from a file can be dropped by the system and read again: a dense model reads all of them
for every token and is useless when they do not stay, a mixture of experts reads a few and still
runs, slowly. Only what clearly does not fit is refused: a guard that says no to a model that would
have run is worse than none.

`tests/perf/bench_memory_plan.py` compares plans with what processes took; the constants come from
there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.bundle import GRAPH_NAME, TOKENIZER_NAME, WEIGHTS_NAME, Manifest, read_manifest
from engine.errors import InsufficientMemory
from engine.runtime.graph_edits import read_graph
from engine.runtime.int8_cache import int8_states
from engine.runtime.machine import Memory, margin_bytes, memory, physical_cores
from engine.runtime.memory.graph import GraphMemory, graph_memory
from engine.runtime.memory.remedies import SHORTEST_CONTEXT, Remedy, find_remedies, longest_context
from engine.runtime.packed.plan import (
    SMALLEST_BYTES,
    WeightsMemory,
    is_worth_packing,
    weights_memory,
)
from engine.runtime.prefill import MOST_SCORES, SNAPSHOT_STEP, Pace
from engine.runtime.state_sizes import constant_bytes, growing_bytes, round_up
from engine.runtime.states import SNAPSHOT_LIMIT_BYTES
from engine.types import CacheType, LoadOptions, StateSpec

if TYPE_CHECKING:
    from onnx import ModelProto

_PROCESS_BYTES: Final = 55_000_000  # Python, NumPy, ONNX Runtime, the session's own tables
_TOKEN_TEXT_BYTES: Final = 300  # of one token in the tokenizer's tables
_TOKENIZER_RATIO: Final = 5  # and for each byte of its file
_USUAL_TOKEN_BYTES: Final = 45  # of a token in the file, where there is none yet
_WEIGHTS_PER_S: Final = 22e9  # of 8 or fewer bits that a core multiplies tokens with
_LIVE: Final = 3  # widest activations that are there at once, holes between them included
_LIBRARY_BYTES: Final = 24_000_000  # workspaces of threads and operators
_SCORE_COPIES: Final = 2  # of latent attention's scores; other attention has one
_FLOAT_BYTES: Final = 4
_MOST_OF_WEIGHTS: Final = 3  # packed weights are never larger than so many times the bundle's
_MOST_BESIDE_BYTES: Final = 2_000_000_000  # nor is all that is neither weights nor states


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Bytes a bundle needs, and whether this computer has them.

    Attributes:
        weights_bytes: Size of the weights in the bundle.
        file_bytes: Weights mapped from files once the model is open; the system may drop them.
        packed_bytes: Anonymous memory the library makes of weights.
        disk_bytes: What the packed weight cache takes on disk.
        cache_bytes: All states at `context_length` tokens.
        cache_bytes_per_token: What one token more adds to the growing states.
        cache_bytes_per_1000_tokens: A thousand times that.
        cache_int8_bytes_per_1000_tokens: The same with an 8-bit cache.
        snapshots_bytes: Copies of states that cannot be rewound.
        draft_bytes: Anonymous memory of the smaller model that proposes tokens.
        buffers_bytes: Activations of a prefill piece, logits.
        process_bytes: The process itself, libraries and tokenizer.
        needed_bytes: Anonymous bytes in all, or while loading where that takes more.
        resident_bytes: Weights from files that must stay for the model to be of use.
        available_bytes: What this process may still take.
        margin_bytes: How much of that is left to other programs.
        context_length: Tokens the plan is for.
        cache: How keys and values are kept.
        fits: Whether needed and resident bytes are available.
        slow: Whether it fits only because experts are read from the disk again and again.
        remedies: What would fit where this does not.
    """

    weights_bytes: int
    file_bytes: int
    packed_bytes: int
    disk_bytes: int
    cache_bytes: int
    cache_bytes_per_token: int
    cache_bytes_per_1000_tokens: int
    cache_int8_bytes_per_1000_tokens: int
    snapshots_bytes: int
    draft_bytes: int
    buffers_bytes: int
    process_bytes: int
    needed_bytes: int
    resident_bytes: int
    available_bytes: int
    margin_bytes: int
    context_length: int
    cache: CacheType
    fits: bool
    slow: bool
    remedies: tuple[Remedy, ...] = ()

    @property
    def missing_bytes(self) -> int:
        """What there is too little, 0 or less where it fits."""
        usable = self.available_bytes - self.margin_bytes
        return self.needed_bytes + self.resident_bytes - usable

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "remedies": [remedy.as_dict() for remedy in self.remedies]}


@dataclass(frozen=True, slots=True)
class Planned:
    """All that a plan is computed from.

    Attributes:
        graph: What the graph says.
        weights: Where its weights will be.
        weights_bytes: Their size in the bundle.
        states: The manifest's states, in float32.
        context_length: Most tokens the model can read.
        vocab: Width of the logits.
        heads: Query heads.
        tokenizer_bytes: What the tokenizer takes.
        writes_scores: Whether attention writes all scores down, see `scores_written_down`.
        draft: The same of the model that proposes tokens.
    """

    graph: GraphMemory
    weights: WeightsMemory
    weights_bytes: int
    states: tuple[StateSpec, ...]
    context_length: int
    vocab: int
    heads: int
    tokenizer_bytes: int
    writes_scores: bool = True
    draft: Planned | None = None


def plan_memory(
    bundle: Path,
    manifest: Manifest,
    load: LoadOptions = LoadOptions(),
    available: Memory | None = None,
) -> MemoryPlan:
    """Plan for one conversation on the processor.

    Args:
        bundle: The folder.
        manifest: Its manifest.
        load: How it is to be run; a `context_length` of 0 is the model's longest.
        available: What there is, None to ask the system.

    Raises:
        BadBundle: A graph is damaged.
        NotFound: There is no draft where `load` says.
    """
    planned = planned_for(bundle, manifest, load)
    if load.draft:
        path = Path(load.draft)
        small = planned_for(path, read_manifest(path), replace(load, device="cpu"))
        planned = replace(planned, draft=small)
    return plan(planned, load.context_length, load.cache, available)


def planned_for(bundle: Path, manifest: Manifest, load: LoadOptions) -> Planned:
    """What planning needs to know of a bundle. Raises BadBundle."""
    entry, texts = (manifest.files.get(name) for name in (WEIGHTS_NAME, TOKENIZER_NAME))
    vocab = manifest.sizes.get("vocab", 0)
    model = read_graph(bundle / GRAPH_NAME)
    return Planned(
        graph_memory(model),
        weights_memory(model, packs=is_worth_packing(manifest, load)),
        entry.size_bytes if entry else 0,
        manifest.states,
        manifest.context_length,
        vocab,
        manifest.sizes.get("heads", 0),
        _TOKEN_TEXT_BYTES * vocab + _TOKENIZER_RATIO * texts.size_bytes if texts else 0,
        int(manifest.quantization.get("bits", 32)) < 16 and not load.exact,
    )


def planned_for_graph(
    model: ModelProto,
    sizes: dict[str, int],
    states: tuple[StateSpec, ...],
    *,
    weights_bytes: int,
    context_length: int,
) -> Planned:
    """The same for a model that is not built yet."""
    weights = weights_memory(model, packs=weights_bytes >= SMALLEST_BYTES)
    graph = graph_memory(model)
    vocab, heads = sizes.get("vocab", 0), sizes.get("heads", 0)
    texts = (_TOKEN_TEXT_BYTES + _TOKENIZER_RATIO * _USUAL_TOKEN_BYTES) * vocab
    return Planned(graph, weights, weights_bytes, states, context_length, vocab, heads, texts)


def plan(
    planned: Planned,
    context_length: int = 0,
    cache: CacheType = "float32",
    available: Memory | None = None,
) -> MemoryPlan:
    """Compute a plan, and what would fit where it does not.

    Args:
        planned: What is to be run.
        context_length: Tokens of the conversation, 0 for as many as the model can read.
        cache: How keys and values are kept.
        available: What there is, None to ask the system.
    """
    there = available or memory()
    tokens = min(context_length or planned.context_length, planned.context_length)
    result = _plan(planned, tokens, cache, there)
    if result.fits:
        return result
    return replace(
        result,
        remedies=find_remedies(lambda context, kind: _plan(planned, context, kind, there), result),
    )


def assert_fits(
    bundle: Path, manifest: Manifest, load: LoadOptions = LoadOptions(), there: Memory | None = None
) -> None:
    """Refuse a bundle that could not hold even a short conversation, or the one that was asked for.

    Raises:
        InsufficientMemory: Its params say what would fit, see `Remedy`.
        BadBundle: A graph is damaged.
        NotFound: There is no draft where `load` says.
    """
    there = there or memory()
    load = replace(load, context_length=load.context_length or SHORTEST_CONTEXT)
    if not load.draft and _surely_fits(manifest, load, there):
        return
    found = plan_memory(bundle, manifest, load, there)
    if not found.fits:
        raise InsufficientMemory(
            needed_bytes=found.needed_bytes + found.resident_bytes,
            available_bytes=found.available_bytes,
            reason="weights" if longest_context(found.remedies) is None else "conversation",
            **{key: value for remedy in found.remedies for key, value in remedy.params().items()},
        )


def _surely_fits(manifest: Manifest, load: LoadOptions, there: Memory) -> bool:
    """Whether no plan could say no, which spares reading the graph at every start."""
    entry = manifest.files.get(WEIGHTS_NAME)
    weights = entry.size_bytes if entry else 0
    tokens = round_up(min(load.context_length, manifest.context_length))
    states = growing_bytes(manifest.states, tokens) + constant_bytes(manifest.states)
    most = _MOST_OF_WEIGHTS * weights + states + SNAPSHOT_LIMIT_BYTES + _MOST_BESIDE_BYTES
    return most + margin_bytes(there) <= there.available_bytes


def _plan(planned: Planned, tokens: int, cache: CacheType, there: Memory) -> MemoryPlan:
    eight_bits = int8_states(planned.states, planned.graph.quantizable)
    states = eight_bits if cache == "int8" else planned.states
    packed = planned.weights.anonymous_bytes
    state_bytes = growing_bytes(states, round_up(tokens)) + constant_bytes(states)
    snapshots = _snapshots_bytes(states, tokens)
    buffers = _buffers_bytes(planned, tokens)
    process = _PROCESS_BYTES + planned.tokenizer_bytes
    file_bytes, resident, draft = planned.weights.file_bytes, _resident_bytes(planned), 0
    if planned.draft is not None:
        beside = _plan(planned.draft, tokens, "float32", there)
        draft = beside.needed_bytes - _PROCESS_BYTES
        file_bytes += beside.file_bytes
        resident += beside.resident_bytes
    running = packed + state_bytes + snapshots + buffers + process + draft
    # Weights that are packed at every start are there twice only before the rest is.
    graph = planned.graph
    loading = _PROCESS_BYTES + (graph.casting_bytes if packed else graph.loading_bytes)
    needed = max(running, loading)
    margin = margin_bytes(there)
    usable = there.available_bytes - margin
    return MemoryPlan(
        weights_bytes=planned.weights_bytes,
        file_bytes=file_bytes,
        packed_bytes=packed,
        disk_bytes=planned.weights.disk_bytes,
        cache_bytes=state_bytes,
        cache_bytes_per_token=growing_bytes(states, 1) - growing_bytes(states, 0),
        cache_bytes_per_1000_tokens=growing_bytes(states, 1000),
        cache_int8_bytes_per_1000_tokens=growing_bytes(eight_bits, 1000),
        snapshots_bytes=snapshots,
        draft_bytes=draft,
        buffers_bytes=buffers,
        process_bytes=process,
        needed_bytes=needed,
        resident_bytes=resident,
        available_bytes=there.available_bytes,
        margin_bytes=margin,
        context_length=tokens,
        cache=cache,
        fits=needed + resident <= usable,
        slow=needed + resident <= usable < needed + file_bytes,
    )


def _resident_bytes(planned: Planned) -> int:
    """Mapped weights that every token needs: all but the experts that are not asked."""
    if planned.weights.anonymous_bytes:
        return planned.weights.file_bytes
    asleep = planned.graph.expert_bytes * (1 - planned.graph.expert_share)
    return max(0, planned.weights.file_bytes - int(asleep))


def _snapshots_bytes(states: tuple[StateSpec, ...], tokens: int) -> int:
    each = constant_bytes(states) // 2
    if not each:
        return 0
    wanted = 2 + tokens // SNAPSHOT_STEP
    return each * min(wanted, max(2, SNAPSHOT_LIMIT_BYTES // each))


def _buffers_bytes(planned: Planned, tokens: int) -> int:
    """Activations of one prefill piece, scores as attention writes them down, logits."""
    piece = min(tokens, _piece(planned.graph.weights_per_token))
    activations = _LIBRARY_BYTES + _LIVE * piece * planned.graph.activation_bytes
    latent = any(spec.kind == "latent" for spec in planned.states)
    copies = _SCORE_COPIES if latent else int(planned.writes_scores)
    scores = copies * planned.heads * min(piece * tokens, MOST_SCORES) * _FLOAT_BYTES
    return activations + scores + 2 * planned.vocab * _FLOAT_BYTES


def _piece(weights_per_token: int) -> int:
    """Tokens that this machine is likely to read at a time."""
    pace = Pace(physical_cores() * _WEIGHTS_PER_S / max(1, weights_per_token))
    return pace.piece(1)
