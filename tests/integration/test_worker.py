"""The real worker process, spoken to over its real pipes."""

from __future__ import annotations

import itertools
import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.protocol import (
    AnswerNow,
    Build,
    Cancel,
    Doctor,
    ErrorEvent,
    Forget,
    Generate,
    Hello,
    Inspect,
    Load,
    Plan,
    ProgressEvent,
    Save,
    Score,
    TokenEvent,
)
from engine.types import BuildConfig, GenerationConfig, LoadOptions, Message, StatesFile
from tests.helpers.reasoning import reasoning_bundle
from tests.helpers.tiny_bundle import CONTEXT_LENGTH, STARTER, VOCAB, tiny_bundle, tiny_checkpoint
from tests.helpers.worker_client import WorkerClient

MARKER = "Zwetschgenmarker"
HELLO = (Message("user", f"hello {MARKER}"),)
LONG = GenerationConfig(max_new_tokens=100_000)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose replies only end with the context."""
    bundle = tmp_path_factory.mktemp("endless") / "bundle"
    shutil.copytree(tiny_bundle(), bundle)
    path = bundle / "manifest.json"
    body = json.loads(path.read_text())
    path.write_text(json.dumps({**body, "stop_ids": []}))
    return bundle


@pytest.fixture
def worker() -> Iterator[WorkerClient]:
    with WorkerClient() as client:
        yield client


@pytest.fixture
def loaded(worker: WorkerClient, endless: Path) -> WorkerClient:
    worker.send(Load(id="load", bundle=str(endless), options=LoadOptions(threads=1)))
    worker.result("load")
    return worker


def endless_job(worker: WorkerClient, tmp_path: Path) -> Score:
    """A request that computes for many seconds: the same ids scored again and again would end."""
    np.save(tmp_path / "ids.npy", np.zeros(CONTEXT_LENGTH, np.int64))
    return Score(id="s", ids_path=str(tmp_path / "ids.npy"), out_path=str(tmp_path / "out.npy"))


def test_a_conversation(worker: WorkerClient) -> None:
    worker.send(Load(id="l", bundle=str(tiny_bundle()), options=LoadOptions(threads=1)))
    loaded = worker.result("l")
    assert set(loaded) >= {
        "model_hash", "name", "context_length", "languages", "load_s", "rss_anonymous_mb"
    }  # fmt: skip
    assert loaded["context_length"] == CONTEXT_LENGTH
    assert loaded["thinking"] == {"thinks": False, "switch": "none"}
    assert {p.stage for p in worker.of("l", ProgressEvent)} == {"verify", "load"}
    config = GenerationConfig(max_new_tokens=40, temperature=1.0, seed=3)
    worker.send(Generate(id="g", messages=HELLO, config=config))
    result = worker.result("g")
    assert set(result) == {
        "finish_reason", "prompt_tokens", "reused_tokens", "new_tokens", "prefill_s", "decode_s",
        "proposed_tokens", "accepted_tokens",
        "read_again_s", "kept_bytes",
    }  # fmt: skip
    tokens = worker.of("g", TokenEvent)
    assert sum(len(event.token_ids) for event in tokens) == result["new_tokens"]
    assert all(len(event.token_ids) == len(event.logprobs) for event in tokens)
    assert any(event.text for event in tokens)
    assert worker.of("g", ProgressEvent)[-1].stage == "prefill"
    assert isinstance(worker.events[0], Hello)


def test_answer_now_ends_the_thinking_while_it_goes_on(worker: WorkerClient) -> None:
    bundle = reasoning_bundle("R1, tag opened")
    worker.send(Load(id="l", bundle=str(bundle), options=LoadOptions(threads=1)))
    assert worker.result("l")["thinking"] == {"thinks": True, "switch": "reply"}
    worker.send(AnswerNow(id="g"))  # nobody knows it yet
    worker.send(Generate(id="g", messages=HELLO, config=LONG))
    worker.wait_for(lambda m: isinstance(m, TokenEvent) and m.channel == "thinking")
    worker.send(AnswerNow(id="other"))
    worker.send(AnswerNow(id="g"))
    worker.wait_for(lambda m: isinstance(m, TokenEvent) and m.channel == "answer")
    worker.send(Cancel(id="g"))
    result = worker.result("g")
    tokens = worker.of("g", TokenEvent)
    assert result["finish_reason"] == "cancelled"
    assert result["prompt_tokens"] > 0
    assert sum(len(event.token_ids) for event in tokens) == result["new_tokens"]
    assert {event.stage for event in worker.of("g", ProgressEvent)} == {"prefill"}
    assert tokens.index(next(t for t in tokens if t.channel == "answer")) > 0
    assert not any("think>" in t.text for t in tokens if t.channel == "answer")


def test_answer_now_before_the_thinking_begins(loaded: WorkerClient) -> None:
    """The wish is remembered; a model that does not think is not disturbed by it."""
    config = GenerationConfig(max_new_tokens=20)
    worker = loaded
    worker.send(Generate(id="plain", messages=HELLO, config=config))
    worker.result("plain")
    worker.send(Generate(id="long", messages=HELLO, config=LONG))
    worker.send(Generate(id="waits", messages=HELLO, config=config))
    worker.send(AnswerNow(id="waits"))
    worker.send(Cancel(id="long"))
    assert worker.result("waits")["finish_reason"] == "length"
    said = [[t.text for t in worker.of(i, TokenEvent)] for i in ("plain", "waits")]
    assert "".join(said[0]) == "".join(said[1])


def test_a_conversation_is_kept_saved_forgotten_and_restored(
    loaded: WorkerClient, tmp_path: Path
) -> None:
    salt, key = "5a" * 16, "c3" * 32
    file = StatesFile(str(tmp_path / "7"), salt, key)
    config = GenerationConfig(max_new_tokens=9)

    def reused(request: str, saved: StatesFile | None = None) -> int:
        loaded.send(
            Generate(id=request, messages=HELLO, config=config, chat="7", saved=saved)
        )  # fmt: skip
        return int(loaded.result(request)["reused_tokens"])

    assert reused("g1") == 0
    known = reused("g2")
    loaded.send(Save(id="s", chat="7", file=file))
    result = loaded.result("s")
    assert result == {"saved": True, "size_bytes": (tmp_path / "7").stat().st_size}
    assert known > 0
    loaded.send(Forget(id="f", chat="7"))
    assert loaded.result("f") == {}
    assert reused("g3") == 0
    loaded.send(Forget(id="f2", chat="7"))
    assert reused("g4", file) == known
    loaded.send(Save(id="s2", chat="unknown", file=file))
    assert loaded.result("s2") == {"saved": False, "size_bytes": 0}
    loaded.send(Save(id="s3", chat="7", file=StatesFile(str(tmp_path / "no" / "7"), salt, key)))
    assert loaded.result("s3") == {"saved": False, "size_bytes": 0}
    loaded.close_stdin()
    loaded.finish()
    assert key.encode() not in loaded.log


def test_saving_gives_way_to_a_question(loaded: WorkerClient, tmp_path: Path) -> None:
    file = StatesFile(str(tmp_path / "7"), "5a" * 16, "c3" * 32)
    loaded.send(Generate(id="g", messages=HELLO, config=LONG))
    loaded.send(Save(id="s", chat="7", file=file))
    loaded.send(Generate(id="g2", messages=HELLO, config=GenerationConfig(max_new_tokens=1)))
    loaded.send(Cancel(id="g"))
    assert loaded.result("s") == {"finish_reason": "cancelled"}
    assert loaded.result("g2")["new_tokens"] == 1
    assert not (tmp_path / "7").exists()


def test_cancel_stops_decoding_within_a_token_and_the_next_question_works(
    loaded: WorkerClient,
) -> None:
    loaded.send(Generate(id="g", messages=HELLO, config=LONG))
    loaded.wait_for(lambda m: isinstance(m, TokenEvent))
    loaded.send(Cancel(id="g"))
    start = time.monotonic()
    result = loaded.result("g")
    assert result["finish_reason"] == "cancelled"
    assert time.monotonic() - start < 1
    assert result["new_tokens"] < CONTEXT_LENGTH - 200
    loaded.send(Generate(id="h", messages=HELLO, config=GenerationConfig(max_new_tokens=3)))
    assert loaded.result("h")["finish_reason"] == "length"


def test_a_request_that_waits_can_be_cancelled(loaded: WorkerClient) -> None:
    loaded.send(Generate(id="a", messages=HELLO, config=LONG))
    loaded.send(Generate(id="b", messages=HELLO, config=LONG))
    loaded.send(Cancel(id="b"))
    loaded.send(Cancel(id="a"))
    loaded.send(Cancel(id="unknown"))
    assert loaded.result("a")["finish_reason"] == "cancelled"
    assert loaded.result("b")["finish_reason"] == "cancelled"
    assert not loaded.of("b", TokenEvent)


def test_cancel_while_loading_and_building_and_scoring(
    worker: WorkerClient, tmp_path: Path
) -> None:
    checkpoint = tiny_checkpoint(tmp_path / "source")
    worker.send(Load(id="l", bundle=str(tiny_bundle())))
    worker.send(Build(id="b", source=str(checkpoint), destination=str(tmp_path / "made")))
    worker.send(endless_job(worker, tmp_path))
    for request_id in ("s", "b", "l"):
        worker.send(Cancel(id=request_id))
    for request_id in ("l", "b", "s"):
        assert worker.result(request_id) == {"finish_reason": "cancelled"}
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "out.npy").exists()


def test_the_deadline_counts_from_receipt(loaded: WorkerClient) -> None:
    loaded.send(Generate(id="a", messages=HELLO, config=LONG))
    loaded.send(Generate(id="b", messages=HELLO, config=LONG, deadline_ms=1))
    assert loaded.result("a")["finish_reason"] == "context"
    assert loaded.result("b")["finish_reason"] == "deadline"


def test_the_other_requests(loaded: WorkerClient, tmp_path: Path) -> None:
    np.save(tmp_path / "ids.npy", np.arange(40) % VOCAB)
    out = tmp_path / "out.npy"
    loaded.send(Score(id="s", ids_path=str(tmp_path / "ids.npy"), out_path=str(out)))
    loaded.send(Plan(id="p", bundle=str(tiny_bundle()), context_length=100))
    loaded.send(Inspect(id="i", source=str(tiny_bundle())))
    loaded.send(Doctor(id="d"))
    checkpoint = tiny_checkpoint(tmp_path / "source")
    destination = tmp_path / "made"
    loaded.send(
        Build(id="b", source=str(checkpoint), destination=str(destination), config=BuildConfig(8))
    )
    assert loaded.result("s")["shape"] == [40, VOCAB]
    assert np.load(out).dtype == np.float32
    assert loaded.result("p")["fits"] is True
    assert loaded.result("i")["family"] == "llama"
    assert loaded.result("d")["telemetry"] == "off"
    assert loaded.result("b") == {"bundle": str(destination)}
    assert {"read", "write"} <= {event.stage for event in loaded.of("b", ProgressEvent)}


def test_heartbeats_come_while_the_library_computes(loaded: WorkerClient) -> None:
    end = time.monotonic() + 2.6
    number = 0
    while time.monotonic() < end:
        loaded.send(Generate(id=f"g{number}", messages=HELLO, config=LONG))
        loaded.result(f"g{number}")
        number += 1
    times = [moment for moment, _ in loaded.heartbeats]
    assert len(times) >= 2
    assert max((b - a for a, b in itertools.pairwise(times)), default=0) < 2
    assert any(beat.busy_id for _, beat in loaded.heartbeats)
    assert loaded.heartbeats[-1][1].rss_bytes > 10_000_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nonsense\n", "not_json"),
        (b'{"type":"shutdown","id":"x"}\n', "unknown_type"),
        (b'{"type":"load","id":"x"}\n', "missing_field"),
        (b"\xff\xfe\x00\n", "not_json"),
    ],
)
def test_a_bad_line_costs_one_error_and_nothing_else(
    worker: WorkerClient, line: bytes, reason: str
) -> None:
    worker.send_line(line)
    error = worker.error("")
    assert (error.code, error.params["reason"]) == ("worker.protocol", reason)
    worker.send(Doctor(id="d"))
    assert worker.result("d")["processor"]


def test_an_endless_line_is_dropped() -> None:
    with WorkerClient() as worker:
        piece = b"x" * (1 << 20)
        for _ in range(65):
            worker.send_line(piece)
        worker.send_line(b"\n")
        assert worker.error("").params["reason"] == "line_too_long"
        worker.send(Plan(id="p", bundle=str(tiny_bundle())))
        assert worker.result("p")["fits"]


def test_a_version_that_is_not_spoken_is_refused() -> None:
    with WorkerClient(version=99) as worker:
        error = worker.error("")
        assert error.params["reason"] == "version"
        assert worker.finish() == 1


def test_requests_before_the_hello_are_refused() -> None:
    with WorkerClient(greet=False) as worker:
        worker.send(Doctor(id="d"))
        assert worker.error("").params["reason"] == "no_hello"


def test_ids_must_be_new_and_not_empty(loaded: WorkerClient) -> None:
    loaded.send(Generate(id="a", messages=HELLO, config=LONG))
    loaded.send(Doctor(id="a"))
    assert loaded.error("a").params["reason"] == "in_use"
    loaded.send(Doctor(id=""))
    assert loaded.error("").params["reason"] == "empty"
    loaded.send(Doctor(id="n", deadline_ms=-1))
    assert loaded.error("n").params["field"] == "deadline_ms"


def test_more_than_the_queue_holds_is_refused(loaded: WorkerClient) -> None:
    for number in range(40):
        loaded.send(Generate(id=f"g{number}", messages=HELLO, config=LONG))
    refused = loaded.wait_for(lambda m: isinstance(m, ErrorEvent))
    assert isinstance(refused, ErrorEvent)
    assert refused.params["reason"] == "queue_full"


@pytest.mark.parametrize(
    ("bundle", "code"), [("nowhere", "model.not_found"), (".", "model.bad_bundle")]
)
def test_errors_leave_the_worker_alive(
    worker: WorkerClient, tmp_path: Path, bundle: str, code: str
) -> None:
    worker.send(Generate(id="g", messages=HELLO))
    assert worker.error("g").params["reason"] == "no_model"
    worker.send(Load(id="l", bundle=str(tmp_path / bundle)))
    assert worker.error("l").code == code
    worker.send(Load(id="m", bundle=str(tiny_bundle()), options=LoadOptions(device="cuda")))
    assert worker.error("m").code == "resource.device_unavailable"
    worker.send(Load(id="n", bundle=str(tiny_bundle())))
    assert worker.result("n")["model_hash"]
    worker.send(Generate(id="h", messages=(Message("user", "x" * 200_000),)))
    assert worker.error("h").code == "resource.context_too_long"


def test_an_answer_that_goes_round_in_circles_ends_early(loaded: WorkerClient) -> None:
    """A model that learnt nothing finds its circle at once, and stays in it."""
    config = GenerationConfig(max_new_tokens=500, stop_on_repetition=True)
    loaded.send(Generate(id="g", messages=HELLO, config=config))
    result = loaded.result("g")
    assert result["finish_reason"] == "repetition"
    assert result["new_tokens"] < 300


def test_the_worker_ends_with_its_stdin_also_while_it_computes(loaded: WorkerClient) -> None:
    loaded.send(Generate(id="g", messages=HELLO, config=LONG))
    loaded.wait_for(lambda m: isinstance(m, TokenEvent))
    start = time.monotonic()
    loaded.close_stdin()
    assert loaded.finish() == 0
    assert time.monotonic() - start < 1


def test_ctrl_c_is_the_parents_business(worker: WorkerClient) -> None:
    worker.send(Doctor(id="d"))
    worker.result("d")
    worker.process.send_signal(signal.SIGINT)
    worker.send(Doctor(id="e"))
    assert worker.result("e")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_the_kernel_takes_the_worker_first(worker: WorkerClient) -> None:
    worker.send(Doctor(id="d"))
    worker.result("d")
    score = Path(f"/proc/{worker.process.pid}/oom_score_adj").read_text()
    assert int(score) > int(Path("/proc/self/oom_score_adj").read_text())


def test_the_log_holds_nothing_a_person_wrote(loaded: WorkerClient) -> None:
    loaded.send(Generate(id="g", messages=HELLO, config=GenerationConfig(max_new_tokens=3)))
    loaded.result("g")
    loaded.close_stdin()
    loaded.finish()
    assert b"worker: job end type=generate" in loaded.log
    assert MARKER.encode() not in loaded.log


def test_what_libraries_print_cannot_corrupt_the_protocol() -> None:
    code = (
        "import os, sys\n"
        "from engine.worker.guards import claim_standard_streams\n"
        "read_fd, write_fd = claim_standard_streams()\n"
        "print('from python', flush=True)\n"
        "os.write(1, b'from native code')\n"
        "os.write(write_fd, b'protocol')\n"
        "assert os.read(0, 10) == b''\n"
        "assert os.read(read_fd, 10) == b'question'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"question", capture_output=True, check=True
    )
    assert done.stdout == b"protocol"
    assert b"from python" in done.stderr
    assert b"from native code" in done.stderr


@pytest.mark.starter
@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
@pytest.mark.parametrize("spare_mib", [0, 60, 130])
def test_memory_that_runs_out_is_an_error_event_and_the_worker_lives(
    worker: WorkerClient, spare_mib: int
) -> None:
    worker.send(Doctor(id="d"))
    worker.result("d")
    pid = worker.process.pid
    status = Path(f"/proc/{pid}/status").read_text()
    size_kib = int(next(line.split()[1] for line in status.splitlines() if "VmSize" in line))
    limits = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, ((size_kib + spare_mib * 1024) * 1024, limits[1]))
    worker.send(Load(id="a", bundle=str(STARTER)))
    error = worker.error("a")
    assert error.code == "resource.insufficient_memory", (error, worker.log)
    resource.prlimit(pid, resource.RLIMIT_AS, limits)
    worker.send(Load(id="b", bundle=str(STARTER)))
    assert worker.result("b")["model_hash"]
