"""Whole decoders on a graphics card, which is SwiftShader here: slow, and as strict as a real one.

The WebGPU provider runs them in float32, so results are the CPU's but for rounding.
"""

from __future__ import annotations

import getpass
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from engine import GenerationConfig, Message, load_model
from engine.bundle import GRAPH_NAME, read_manifest
from engine.cli.all_devices import Measurement, measure_devices
from engine.errors import DeviceUnavailable
from engine.runtime.control import Control
from engine.runtime.devices import session as device_session
from engine.runtime.devices.choice import device_uses
from engine.runtime.devices.doctor import doctor
from engine.runtime.devices.ladder import Ladder
from engine.runtime.devices.placement import Placement
from engine.runtime.devices.providers import Provider, provider_for
from engine.runtime.devices.records import check_device, device_record
from engine.runtime.devices.self_check import REFERENCE_MODELS, Reference, check_operator
from engine.runtime.devices.session import DeviceUse, open_on_device
from engine.runtime.executor import Executor
from engine.runtime.session import OpenSession, open_session
from engine.runtime.state_buffers import HOST, DeviceBuffer
from engine.runtime.states import StateSet
from engine.types import Bits, LoadOptions
from tests.helpers.parity_bundles import build, reference
from tests.helpers.software_gpu import software_gpu
from tests.helpers.tiny_bundle import tiny_bundle

ROOMY = 1 << 40
EXACT = LoadOptions(device="webgpu", exact=True, threads=1)
UNQUANTIZED, QUANTIZED = 5e-4, 2e-3
SHORT = 24
"""SwiftShader works in groups of four; WebGPU's attention is wrong on it from 32 tokens on."""

ON_CPU = frozenset({"QMoE"})

_RACES = 10
"""So often a check may see nothing, one after the other."""


@pytest.fixture(scope="module", autouse=True)
def card(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("card")
    with software_gpu(folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALCOVE_CACHE_DIR", str(folder / "cache"))
        yield


@pytest.fixture(scope="module")
def webgpu() -> Provider:
    provider = provider_for("webgpu")
    assert provider is not None
    return provider


def opened(
    bundle: Path, use: DeviceUse, load: LoadOptions = EXACT
) -> tuple[Executor, OpenSession, Placement]:
    manifest = read_manifest(bundle)
    session, placement = open_on_device(bundle, manifest, load, use)
    executor = Executor(session, StateSet(manifest.states), manifest.sizes["vocab"])
    return executor, session, placement


def prompt_and_steps(
    executor: Executor, ids: NDArray[np.int64], fed: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Logits of a prompt and of what follows it; see SHORT."""
    executor.reserve(len(ids) + len(fed))
    pieces = [ids[i : i + SHORT] for i in range(0, len(ids), SHORT)]
    prompt = [executor.extend(piece, keep=len(piece)).copy() for piece in pieces]
    return np.concatenate([*prompt, *(executor.step(int(id_))[None].copy() for id_ in fed)])


@pytest.mark.parametrize("name", ["llama", "qwen3_moe", "deepseek_v3"])
@pytest.mark.parametrize("bits", [32, 4])
def test_a_whole_decoder_agrees_with_transformers(
    name: str, bits: Bits, webgpu: Provider, tmp_path: Path
) -> None:
    expected = reference(name)
    executor, session, placement = opened(
        build(name, bits, tmp_path), DeviceUse(webgpu, ROOMY, ON_CPU)
    )
    found = prompt_and_steps(executor, expected.input_ids, expected.greedy_ids[:6])
    wanted = np.concatenate([expected.logits, expected.greedy_logits[1:7]])
    assert np.abs(found - wanted).max() <= (UNQUANTIZED if bits == 32 else QUANTIZED)
    assert session.placement[webgpu.name] >= 20
    assert placement.device_layers == len(placement.layers)
    assert session.memory.names == {spec.input_name for spec in executor.states.specs}
    assert all(isinstance(b, DeviceBuffer) for b in executor.states.arrays().values())


def test_experts_wait_on_the_cpu_and_nothing_changes(webgpu: Provider, tmp_path: Path) -> None:
    expected = reference("qwen3_moe")
    bundle = build("qwen3_moe", 32, tmp_path)
    whole = opened(bundle, DeviceUse(webgpu, ROOMY))[2]
    assert whole.layers == ("device", "device")
    tight = DeviceUse(webgpu, whole.device_bytes - 1)
    executor, session, placement = opened(bundle, tight)
    assert placement.layers == ("device", "experts_on_cpu")
    assert placement.device_bytes <= tight.budget_bytes
    assert session.placement["CPUExecutionProvider"] > 20
    found = prompt_and_steps(executor, expected.input_ids, expected.greedy_ids[:3])
    wanted = np.concatenate([expected.logits, expected.greedy_logits[1:4]])
    assert np.abs(found - wanted).max() <= UNQUANTIZED


def test_fewer_layers_go_where_there_is_little_room(webgpu: Provider) -> None:
    bundle = tiny_bundle()
    cpu = Executor(open_session(bundle, replace(EXACT, device="cpu")), states_of(bundle), 128)
    ids = np.arange(3, 3 + SHORT, dtype=np.int64)
    executor, session, placement = opened(bundle, DeviceUse(webgpu, ROOMY, most_layers=1))
    assert placement.layers == ("device", "cpu")
    assert len(session.memory.names) == 2
    assert executor.states.memory is HOST
    found = executor.extend(ids, keep=len(ids))
    np.testing.assert_allclose(found, cpu.extend(ids, keep=len(ids)), atol=1e-4)


def states_of(bundle: Path) -> StateSet:
    return StateSet(read_manifest(bundle).states)


def test_the_cache_stays_on_the_device_when_it_grows_and_when_the_chat_changes(
    webgpu: Provider,
) -> None:
    bundle = tiny_bundle()
    ids = np.random.default_rng(5).integers(3, 120, 12 * SHORT)
    cpu = Executor(open_session(bundle, replace(EXACT, device="cpu")), states_of(bundle), 128)
    expected = cpu.extend(ids, keep=len(ids)).copy()
    executor, session, _ = opened(bundle, DeviceUse(webgpu, ROOMY))
    first, second = executor.states, states_of(bundle)
    pieces = []
    for number, piece in enumerate(np.split(ids, 12)):
        if number == 8:
            executor.attach(second)
            executor.extend(piece)
            assert second.memory is session.memory
            assert first.memory is HOST  # one conversation at a time
            executor.attach(first)
        pieces.append(executor.extend(piece, keep=SHORT).copy())
    assert first.capacity == 512
    assert isinstance(next(iter(first.arrays().values())), DeviceBuffer)
    np.testing.assert_allclose(np.concatenate(pieces), expected, atol=1e-4)


def test_a_node_that_is_not_where_the_plan_has_it_is_an_error(
    webgpu: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FusedMatMul is not WebGPU's: unwritten, ORT would run it on the CPU and say nothing."""
    monkeypatch.setattr(device_session, "without_fused_products", lambda _: None)
    bundle = REFERENCE_MODELS / "latent"
    with pytest.raises(DeviceUnavailable) as caught:
        open_on_device(bundle, read_manifest(bundle), EXACT, DeviceUse(webgpu, ROOMY, ON_CPU))
    assert caught.value.params["reason"] == "placement"
    assert caught.value.params["nodes_elsewhere"] == 5


def test_a_device_without_room_for_a_layer_is_refused(webgpu: Provider) -> None:
    with pytest.raises(DeviceUnavailable) as caught:
        opened(tiny_bundle(), DeviceUse(webgpu, 1000))
    assert caught.value.params["reason"] == "memory"


def changed(name: str, folder: Path, change: Any) -> Path:
    """A copy of a reference model with another graph."""
    bundle = folder / name
    bundle.mkdir()
    for path in (REFERENCE_MODELS / name).iterdir():
        (bundle / path.name).write_bytes(path.read_bytes())
    graph = onnx.load(str(bundle / GRAPH_NAME), load_external_data=False)
    change(graph.graph)
    (bundle / GRAPH_NAME).write_bytes(graph.SerializeToString())
    return bundle


def test_the_self_check_catches_a_wrong_result(webgpu: Provider, tmp_path: Path) -> None:
    """The device gets norms with another epsilon than the CPU had: a small error, everywhere."""

    def other_epsilon(graph: onnx.GraphProto) -> None:
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.name == "epsilon":
                    attribute.f = 3e-2

    right = Reference.of(REFERENCE_MODELS / "hybrid")
    wrong = replace(right, bundle=changed("hybrid", tmp_path, other_epsilon))
    norms = ["SkipSimplifiedLayerNormalization", "RMSNormalization"]
    assert check_operator(webgpu, [right], norms, "norms").passed
    verdict = check_operator(webgpu, [wrong], norms, "norms")
    assert (verdict.passed, verdict.reason) == (False, "differs")
    assert verdict.error > 5e-3


def test_the_self_check_catches_the_race_of_experts(webgpu: Provider, tmp_path: Path) -> None:
    """WebGPU runs QMoE only without weights of the router's own; then rows come out as zeros.

    Who wins the race is chance: now and then a check sees nothing of it, for which reason the
    operator is among those known to be bad.
    """

    def without_router_weights(graph: onnx.GraphProto) -> None:
        for node in graph.node:
            if node.op_type == "QMoE":
                del node.input[14:]

    models = [Reference.of(changed("hybrid", tmp_path, without_router_weights))]
    checks = (check_operator(webgpu, models, ["QMoE"], "QMoE") for _ in range(_RACES))
    assert any(not check.passed and check.reason in ("unstable", "differs") for check in checks)


def test_a_check_that_crashes_or_says_nothing_drops_the_operator(webgpu: Provider) -> None:
    """A stand-in for the process: it dies at one operator, and again whatever it is told."""
    script = (
        "import json, os, sys\n"
        "for name in ('rest', 'MatMulNBits', 'QMoE', 'whole', 'speed'):\n"
        "    if name in sys.argv[2:]: continue\n"
        "    print('noise from a driver'); print(json.dumps({'begin': name}), flush=True)\n"
        "    if name == 'MatMulNBits': os.abort()\n"
        "    if name == 'speed': print(json.dumps({'speed': {'cpu_s': 2, 'device_s': 1}}))\n"
        "    else: print(json.dumps({'verdict': {'operator': name, 'passed': True}}))\n"
    )
    record = check_device(webgpu, "key", command=(sys.executable, "-c", script))
    reasons = {verdict.operator: verdict.reason for verdict in record.verdicts}
    assert reasons["MatMulNBits"] == "crashed"
    assert reasons["QMoE"] == "known_bad"
    assert record.device_s == 1
    assert not record.earned
    assert not record.worth_it


@pytest.fixture(scope="module")
def uses() -> tuple[DeviceUse, ...]:
    """The self-check itself, in its own process, as the first use of a device runs it."""
    return device_uses("webgpu")


def test_the_card_earns_its_place_but_for_experts(
    uses: tuple[DeviceUse, ...], webgpu: Provider
) -> None:
    record = device_record(webgpu, None)
    assert record.earned
    assert record.dropped == {"QMoE", "GroupQueryAttention"}
    assert all(verdict.error < 1e-3 for verdict in record.verdicts if verdict.passed)
    assert 0 < record.cpu_s < record.device_s  # software is no gain
    assert not record.worth_it
    assert uses[0].dropped == record.dropped
    assert device_uses("auto") == ()


def test_the_doctor_says_what_the_card_may_do(uses: tuple[DeviceUse, ...]) -> None:
    assert uses
    cpu, card = doctor()["devices"]
    assert cpu == {"device": "cpu", "earned": True}
    assert (card["device"], card["earned"], card["faster_than_cpu"]) == ("webgpu", True, False)
    assert card["dropped"] == {"QMoE": "known_bad", "GroupQueryAttention": "differs"}


def test_one_command_measures_every_device_and_names_nobody(
    uses: tuple[DeviceUse, ...], tmp_path: Path
) -> None:
    assert uses
    report = tmp_path / "out.html"
    arguments = ["bench", str(tiny_bundle()), "--all-devices", "--report", str(report), "--json"]
    small = ["--prompt-tokens", "20", "--new-tokens", "3", "--threads", "1", "--exact"]
    done = subprocess.run(
        [sys.executable, "-m", "engine", *arguments, *small],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cpu, card = json.loads(done.stdout)["devices"]
    assert (cpu["asked_for"], card["asked_for"]) == ("cpu", "webgpu")
    assert "WebGpuExecutionProvider" in card["device"]
    assert (cpu["mean_kl"], cpu["same_best"]) == (0, 1)
    assert card["mean_kl"] < 1e-6
    assert card["same_best"] == 1
    assert card["decode_tokens_per_s"] > 0
    page = report.read_text()
    assert all(word in page for word in ("webgpu", "GroupQueryAttention", "memory read", "mean kl"))
    for secret in (str(tmp_path), str(tiny_bundle()), str(Path.home()), getpass.getuser() + "/"):
        assert secret not in page


def test_a_device_that_fails_is_a_line_of_the_report(
    uses: tuple[DeviceUse, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its provider finds no card any more: the children look for themselves."""
    assert uses
    monkeypatch.setenv("VK_ICD_FILENAMES", "/nowhere.json")
    found = measure_devices(Measurement(tiny_bundle(), 10, 2, threads=1, exact=True))
    assert found["devices"][1] == {"device": "webgpu", "failed": True, "exit_code": 1}
    assert found["devices"][0]["same_best"] == 1


class FailingSession:
    """An ONNX Runtime session whose device is lost after some runs."""

    def __init__(self, session: Any, runs: int) -> None:
        self._session = session
        self._left = runs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run_with_iobinding(self, *arguments: Any) -> None:
        self._left -= 1
        if self._left < 0:
            raise RuntimeError("device lost")
        self._session.run_with_iobinding(*arguments)


def test_a_device_that_takes_the_process_down_is_remembered(
    uses: tuple[DeviceUse, ...], webgpu: Provider
) -> None:
    assert uses
    script = (
        "import os, sys\n"
        "from engine import load_model\n"
        "from engine.runtime.devices import ladder\n"
        "from engine.types import LoadOptions\n"
        "ladder.Ladder._try_out = lambda *_: os.abort()\n"
        "load_model(sys.argv[1], LoadOptions(device='webgpu'))\n"
    )
    before = device_record(webgpu, None).failures
    done = subprocess.run(
        [sys.executable, "-c", script, str(tiny_bundle())], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGABRT
    assert device_record(webgpu, None).failures == before + 1
    with load_model(tiny_bundle(), EXACT):
        assert device_record(webgpu, None).failures == before + 1


class FailingLadder(Ladder):
    """Every device on it fails in the middle of the third run."""

    def _open(self, use: DeviceUse | None, control: Control) -> OpenSession:
        session = super()._open(use, control)
        return session if use is None else replace(session, ort=FailingSession(session.ort, 3))


def test_a_reply_survives_its_device(
    uses: tuple[DeviceUse, ...], webgpu: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert uses
    before = device_record(webgpu, None).failures
    messages, config = [Message("user", "Tell me more")], GenerationConfig(max_new_tokens=14)
    with load_model(tiny_bundle(), replace(EXACT, device="cpu")) as model:
        expected = [event.token_ids for event in model.stream(messages, config)]
    monkeypatch.setattr("engine.runtime.loading.Ladder", FailingLadder)
    with load_model(tiny_bundle(), EXACT) as model:
        assert "WebGpuExecutionProvider" in model.placement
        found = [event.token_ids for event in model.stream(messages, config)]
        assert set(model.placement) == {"CPUExecutionProvider"}
    assert found == expected
    assert device_record(webgpu, None).failures == before + 2  # whole, then half of its layers
