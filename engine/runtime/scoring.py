"""Logits at every position of a given text: what quality is measured with."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import ContextTooLong, DiskFull, InsufficientMemory, InvalidRequest, NotFound
from engine.runtime.control import Control
from engine.runtime.executor import Executor
from engine.runtime.machine import memory
from engine.types import Progress

_PIECE = 64
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Scorer(Protocol):
    """A loaded model, as far as it is asked for logits."""

    def score_controlled(
        self,
        ids: NDArray[np.int64],
        control: Control,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> NDArray[np.float32]:
        """Logits [seq, vocab] at every position of `ids` [seq]."""


def score_ids(
    executor: Executor,
    ids: NDArray[np.int64],
    context_length: int,
    control: Control,
    on_progress: Callable[[Progress], None] | None = None,
) -> NDArray[np.float32]:
    """Logits [seq, vocab] at every position of `ids` [seq].

    Raises:
        InvalidRequest: Not a row of token ids of this model.
        ContextTooLong: More ids than the model can read.
        InsufficientMemory: The result would not fit.
        Interrupted: `control` said so.
    """
    ids = check_ids(ids, executor.vocab)
    if len(ids) > context_length:
        raise ContextTooLong(prompt_tokens=len(ids), context_length=context_length)
    needed, available = len(ids) * executor.vocab * 4, memory().available_bytes
    if needed > available:
        raise InsufficientMemory(needed_bytes=needed, available_bytes=available)
    executor.reset()
    result = np.empty((len(ids), executor.vocab), np.float32)
    for start in range(0, len(ids), _PIECE):
        control.check()
        piece = ids[start : start + _PIECE]
        result[start : start + len(piece)] = executor.extend(piece, len(piece), control)
        if on_progress is not None:
            on_progress(Progress("score", start + len(piece), len(ids)))
    return result


def score_file(
    model: Scorer,
    ids_path: Path,
    out_path: Path,
    control: Control,
    on_progress: Callable[[Progress], None] | None = None,
) -> tuple[int, ...]:
    """Read ids from one .npy file, write the logits to another, return their shape.

    Raises NotFound, InvalidRequest, DiskFull and what `score_ids` raises.
    """
    logits = model.score_controlled(read_ids(ids_path), control, on_progress)
    temporary = out_path.with_name(out_path.name + ".part")
    try:
        with temporary.open("wb") as file:
            np.save(file, logits, allow_pickle=False)
        temporary.replace(out_path)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        if exc.errno is not None and exc.errno in _NO_ROOM:
            raise DiskFull(needed_bytes=logits.nbytes) from exc
        raise InvalidRequest(field="out", reason="not_writable") from exc
    return logits.shape


def read_ids(path: Path) -> NDArray[np.int64]:
    """Token ids [seq] from a .npy file. Raises NotFound or InvalidRequest."""
    try:
        ids = np.load(path, allow_pickle=False)
    except FileNotFoundError as exc:
        raise NotFound(path=str(path)) from exc
    except (OSError, ValueError, EOFError) as exc:
        raise InvalidRequest(field="ids", reason="not_npy") from exc
    if not isinstance(ids, np.ndarray):
        raise InvalidRequest(field="ids", reason="not_npy")
    return ids


def check_ids(ids: NDArray[np.int64], vocab: int) -> NDArray[np.int64]:
    """Ids as int64 [seq]. Raises InvalidRequest."""
    array = np.asarray(ids)
    if array.ndim == 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim != 1 or not array.size or array.dtype.kind not in "iu":
        raise InvalidRequest(field="ids", reason="not_a_row_of_integers")
    if int(array.min()) < 0 or int(array.max()) >= vocab:
        raise InvalidRequest(field="ids", reason="out_of_vocabulary")
    return array.astype(np.int64)
