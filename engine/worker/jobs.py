"""What each request does. One job runs at a time, on the job thread, with one model loaded."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import InvalidRequest
from engine.protocol import (
    Build,
    Doctor,
    Forget,
    Generate,
    Inspect,
    Load,
    Plan,
    ProgressEvent,
    Request,
    Save,
    Score,
    TokenEvent,
    WorkerMessage,
)
from engine.runtime.control import Control, Interrupted
from engine.runtime.loading import open_model
from engine.runtime.model import Model
from engine.types import LoadOptions, Progress

log = logging.getLogger(__name__)

Post = Callable[[WorkerMessage], None]


class Jobs:
    """Runs requests; owns the loaded model.

    Attributes:
        model: The model of the last successful `load`, None before and after a failed one.
    """

    def __init__(self, post: Post) -> None:
        self.model: Model | None = None
        self._post = post
        self._table: dict[type[Request], Callable[[Any, Control], dict[str, Any]]] = {
            Load: self._load,
            Generate: self._generate,
            Save: self._save,
            Forget: self._forget,
            Score: self._score,
            Plan: self._plan,
            Inspect: self._inspect,
            Doctor: self._doctor,
            Build: self._build,
        }

    def run(self, request: Request, control: Control) -> dict[str, Any]:
        """Do what the request asks and return its result.

        A job that was told to stop returns {"finish_reason": "cancelled" | "deadline"}.

        Raises EngineError, and anything a bug raises.
        """
        try:
            control.check()
            return self._table[type(request)](request, control)
        except Interrupted as stop:
            return {"finish_reason": stop.reason}

    def _load(self, request: Load, control: Control) -> dict[str, Any]:
        from engine.runtime.machine import process_memory  # noqa: PLC0415

        start = time.perf_counter()
        if self.model is not None:
            self.model.close()  # two models at once may not fit
            self.model = None
        self.model = open_model(
            Path(request.bundle), request.options, control, self._reporter(request.id)
        )
        manifest = self.model.manifest
        return {
            "model_hash": manifest.model_hash,
            "name": manifest.name,
            "context_length": manifest.context_length,
            "languages": list(manifest.languages),
            "thinking": _thinking_of(self.model),
            "load_s": round(time.perf_counter() - start, 3),
            "rss_anonymous_mb": round(process_memory().anonymous_bytes / 1e6, 1),
        }

    def _generate(self, request: Generate, control: Control) -> dict[str, Any]:
        model = self._loaded()
        if request.chat and request.saved is not None:
            model.restore(request.chat, request.saved, control)
        finish_reason = "stop"
        for event in model.stream_controlled(
            request.messages,
            request.config,
            control,
            self._reporter(request.id),
            chat=request.chat,
        ):
            if event.text or event.token_ids:
                self._post(
                    TokenEvent(
                        id=request.id,
                        text=event.text,
                        token_ids=event.token_ids,
                        logprobs=event.logprobs,
                        token_ends=event.token_ends,
                        channel=event.channel,
                        time_ms=event.time_ms,
                    )
                )
            finish_reason = event.finish_reason or finish_reason
        stats = model.last_run
        return {
            "finish_reason": finish_reason,
            "prompt_tokens": stats.prompt_tokens,
            "reused_tokens": stats.reused_tokens,
            "new_tokens": stats.new_tokens,
            "proposed_tokens": stats.proposed_tokens,
            "accepted_tokens": stats.accepted_tokens,
            "prefill_s": round(stats.prefill_s, 4),
            "decode_s": round(stats.decode_s, 4),
            "read_again_s": round(model.read_again_s(request.chat), 3),
            "kept_bytes": model.kept_bytes(request.chat),
        }

    def _save(self, request: Save, control: Control) -> dict[str, Any]:
        try:
            size_bytes = self._loaded().save(request.chat, request.file, control)
        except OSError as exc:
            log.warning("conversation not saved type=%s", type(exc).__name__)
            size_bytes = 0
        return {"saved": size_bytes > 0, "size_bytes": size_bytes}

    def _forget(self, request: Forget, _control: Control) -> dict[str, Any]:
        if self.model is not None:
            self.model.forget(request.chat)
        return {}

    def _score(self, request: Score, control: Control) -> dict[str, Any]:
        from engine.runtime.scoring import score_file  # noqa: PLC0415

        shape = score_file(
            self._loaded(),
            Path(request.ids_path),
            Path(request.out_path),
            control,
            self._reporter(request.id),
        )
        return {"out_path": request.out_path, "shape": list(shape)}

    def _plan(self, request: Plan, _control: Control) -> dict[str, Any]:
        from engine.bundle import read_manifest  # noqa: PLC0415
        from engine.runtime.memory.plan import plan_memory  # noqa: PLC0415

        if request.context_length < 0:
            raise InvalidRequest(field="context_length", reason="negative")
        bundle = Path(request.bundle)
        options = LoadOptions(context_length=request.context_length)
        return plan_memory(bundle, read_manifest(bundle), options).as_dict()

    def _inspect(self, request: Inspect, _control: Control) -> dict[str, Any]:
        from engine.inspection import inspect_model  # noqa: PLC0415

        return inspect_model(Path(request.source))

    def _doctor(self, _request: Doctor, _control: Control) -> dict[str, Any]:
        from engine.runtime.devices.doctor import doctor  # noqa: PLC0415

        return doctor()

    def _build(self, request: Build, control: Control) -> dict[str, Any]:
        from engine.builder import BuildCancelled, build_model  # noqa: PLC0415

        cancel = control.cancel or threading.Event()
        timer: threading.Timer | None = None
        if control.deadline:
            timer = threading.Timer(max(0.0, control.deadline - time.monotonic()), cancel.set)
            timer.daemon = True
            timer.start()
        try:
            bundle = build_model(
                Path(request.source),
                Path(request.destination),
                request.config,
                on_progress=self._reporter(request.id),
                cancel=cancel,
            )
        except BuildCancelled as exc:
            raise Interrupted(control.stop_reason() or "cancelled") from exc
        finally:
            if timer is not None:
                timer.cancel()
        return {"bundle": str(bundle)}

    def _loaded(self) -> Model:
        if self.model is None:
            raise InvalidRequest(field="bundle", reason="no_model")
        return self.model

    def _reporter(self, request_id: str) -> Callable[[Progress], None]:
        def report(progress: Progress) -> None:
            self._post(
                ProgressEvent(
                    id=request_id,
                    stage=progress.stage,
                    done=progress.done,
                    total=progress.total,
                    seconds_left=progress.seconds_left,
                )
            )

        return report


def _thinking_of(model: Model) -> dict[str, Any]:
    """Whether it thinks before it answers, and what switches that: "template", "reply", "none"."""
    reasoning = model.reasoning
    if reasoning is None:
        return {"thinks": False, "switch": "none"}
    return {"thinks": reasoning.thinks, "switch": reasoning.switch}
