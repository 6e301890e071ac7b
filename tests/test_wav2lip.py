"""Wav2Lip as a renderer: the true network, true checkpoints in, every other file out."""

import json
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.test_wav2lip_lips import TIAN, chirps, motion, under
from tiangong.core.config import Settings
from tiangong.core.errors import MediaError, MissingExtra
from tiangong.core.registry import choose, make
from tiangong.rendering.engines import RENDERERS
from tiangong.rendering.wav2lip import Wav2LipFace
from tiangong.rendering.wav2lip_convert import open_network
from tiangong.rendering.wav2lip_lips import LipPainter
from tiangong.rendering.wav2lip_network import Wav2LipNetwork

REFERENCE = Path(__file__).parents[2] / "shared" / "fixtures" / "wav2lip" / "reference.json"


# --- the network -------------------------------------------------------------------------------------------------------


def filled(name: str, shape: tuple[int, ...]) -> Tensor:
    """Weights without randomness; the same as shared/fixtures/wav2lip/reference.json describes."""
    count = int(np.prod(shape, dtype=int))
    wave = np.sin(0.37 * np.arange(count) + crc32(name.encode()) % 1000).reshape(shape)
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if name.endswith("running_var"):
        wave = 1 + 0.5 * np.abs(wave)
    elif name.endswith(("running_mean", "bias")):
        wave = 0.05 * wave
    else:
        wave = 1 + 0.1 * wave if len(shape) == 1 else wave * np.sqrt(2 / np.prod(shape[1:]))
    return torch.from_numpy(wave.astype(np.float32))


def wave(tag: str, shape: tuple[int, ...]) -> Tensor:
    values = 0.5 + 0.5 * np.sin(0.11 * np.arange(np.prod(shape)) + crc32(tag.encode()) % 1000)
    return torch.from_numpy(values.reshape(shape).astype(np.float32))


@pytest.fixture(scope="module")
def filled_network() -> Wav2LipNetwork:
    with torch.device("meta"):
        network = Wav2LipNetwork()
    state = {name: filled(name, tuple(t.shape)) for name, t in network.state_dict().items()}
    network.load_state_dict(state, assign=True)
    return network.eval()


@pytest.fixture(scope="module")
def drawn(filled_network: Wav2LipNetwork) -> NDArray[np.float32]:
    with torch.inference_mode():
        return filled_network(8 * wave("mel", (2, 1, 80, 16)) - 4, wave("faces", (2, 6, 96, 96))).numpy()


def test_the_network_draws_what_the_original_draws(filled_network: Wav2LipNetwork, drawn: NDArray[np.float32]) -> None:
    if not REFERENCE.exists():
        pytest.skip(f"no {REFERENCE}")
    reference = json.loads(REFERENCE.read_text())
    assert {n: list(t.shape) for n, t in filled_network.state_dict().items()} == reference["parameters"]
    wanted = reference["output"]
    assert list(drawn.shape) == wanted["shape"]
    assert np.abs(drawn.ravel()[wanted["flat_index"]] - wanted["value"]).max() < wanted["tolerance"]
    assert abs(drawn.mean() - wanted["mean"]) < wanted["tolerance"]
    assert abs(drawn.std() - wanted["std"]) < wanted["tolerance"]


def test_the_network_stays_as_it_is(filled_network: Wav2LipNetwork, drawn: NDArray[np.float32]) -> None:
    # Kept from the day on which it equalled the original.
    assert sum(p.numel() for p in filled_network.parameters()) == 36_298_035
    assert drawn.mean() == pytest.approx(0.50936, abs=1e-4)
    assert drawn.std() == pytest.approx(0.04224, abs=1e-4)
    assert drawn[0, 0, 0, 0] == pytest.approx(0.48691, abs=1e-4)
    assert drawn[-1, -1, -1, -1] == pytest.approx(0.51901, abs=1e-4)


def test_folding_the_normalisation_changes_nothing(filled_network: Wav2LipNetwork, drawn: NDArray[np.float32]) -> None:
    with torch.device("meta"):
        fused = Wav2LipNetwork()
    fused.load_state_dict(filled_network.state_dict(), assign=True)
    with torch.inference_mode():
        again = fused.fuse()(8 * wave("mel", (2, 1, 80, 16)) - 4, wave("faces", (2, 6, 96, 96))).numpy()
    assert np.abs(again - drawn).max() < 1e-5


# --- checkpoints -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, filled_network: Wav2LipNetwork) -> Iterator[Path]:
    """Holds wav2lip.pth as the authors saved theirs: wrapped for several GPUs, with the optimiser beside it."""
    folder = tmp_path_factory.mktemp("wav2lip")
    state = {f"module.{name}": value for name, value in filled_network.state_dict().items()}
    held = {"state_dict": state, "optimizer": {"state": {}, "param_groups": [{"lr": 1e-4}]}, "global_step": 7}
    torch.save(held, folder / "wav2lip.pth")
    yield folder
    shutil.rmtree(folder)  # a third of a gigabyte


def settings(path: Path) -> Settings:
    return Settings(profile="embedded", rendering={"wav2lip": path})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def true_face(folder: Path) -> Wav2LipFace:
    chosen = settings(folder / "wav2lip.pth").model_copy(update={"profile": "auto"})
    assert choose("renderer", RENDERERS, "wav2lip", chosen).name == "wav2lip"
    return make("renderer", RENDERERS, "wav2lip", chosen).open(TIAN)


def test_a_checkpoint_is_converted_once_and_draws_lips(folder: Path, true_face: Wav2LipFace) -> None:
    converted = folder / "wav2lip.safetensors"
    written = converted.stat().st_mtime_ns
    open_network(folder / "wav2lip.pth")
    assert converted.stat().st_mtime_ns == written
    assert sorted(p.name for p in folder.iterdir()) == ["wav2lip.pth", "wav2lip.safetensors"]
    moves = motion(3)
    frames = true_face.draw(moves, under(chirps(1.0), 0, 3))
    still = true_face.draw(moves)
    assert frames.shape == (3, true_face.height_px, true_face.width_px, 3)
    changed = np.abs(frames.astype(int) - still).max(axis=(0, 3)) > 8
    rows = np.flatnonzero(changed.any(axis=1))
    assert changed.sum() > 1_000
    assert 240 < rows.min() < rows.max() < 370  # below the eyes, above the neck


def test_a_converted_network_is_the_one_that_was_saved(
    folder: Path, true_face: Wav2LipFace, drawn: NDArray[np.float32]
) -> None:
    network = open_network(folder / "wav2lip.safetensors").eval()
    with torch.inference_mode():
        again = network(8 * wave("mel", (2, 1, 80, 16)) - 4, wave("faces", (2, 6, 96, 96))).numpy()
    assert np.array_equal(again, drawn)


def test_a_painter_hides_the_lower_half_and_speaks_blue_green_red(
    folder: Path, true_face: Wav2LipFace, filled_network: Wav2LipNetwork
) -> None:
    faces = np.random.default_rng(2).integers(0, 256, (2, 96, 96, 3)).astype(np.uint8)
    mel = 8 * wave("mel", (2, 1, 80, 16)) - 4
    blue_first = torch.from_numpy(faces[..., ::-1] / np.float32(255)).permute(0, 3, 1, 2)
    hidden = blue_first * (torch.arange(96) < 48)[:, None]
    with torch.inference_mode():
        wanted = filled_network(mel, torch.cat([hidden, blue_first], 1)).permute(0, 2, 3, 1).numpy()[..., ::-1]
    painted = LipPainter.open(folder / "wav2lip.safetensors", use_gpu=False).paint(faces, mel[:, 0].numpy())
    # bfloat16, where the processor knows it, and weights that no training gave: single pixels may differ by more.
    assert np.abs(painted - 255 * wanted).mean() < 1.5
    assert np.abs(painted[..., ::-1] - 255 * wanted).mean() > 3


class Malicious:
    """Leaves a file behind where it is unpickled as pickles are."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def refusal(path: Path) -> str:
    with pytest.raises(MediaError) as caught:
        open_network(path)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(path.parent.glob("*.part"))
    return str(caught.value)


def test_a_pickle_that_holds_more_than_tensors_is_refused_unopened(tmp_path: Path) -> None:
    evil = Malicious(tmp_path / "trace")
    for held in (evil, {"state_dict": {"a": torch.zeros(1)}, "more": evil}, Path("harmless")):
        for zipped in (True, False):
            torch.save(held, tmp_path / "evil.pth", _use_new_zipfile_serialization=zipped)
            assert "could run code" in refusal(tmp_path / "evil.pth")
        for protocol in (0, 2, 5):
            (tmp_path / "plain.pth").write_bytes(pickle.dumps(held, protocol))
            refusal(tmp_path / "plain.pth")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04 cut off", bytes(range(256)) * 9])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    (tmp_path / f"wrong{suffix}").write_bytes(content)
    refusal(tmp_path / f"wrong{suffix}")


def test_noise_never_passes_as_a_checkpoint_or_breaks_the_reader(tmp_path: Path) -> None:
    noise = np.random.default_rng(5)
    for i in range(60):
        head = (b"", b"\x80\x02", b"\x80\x02}q\x00(", b"PK\x03\x04")[i % 4]
        (tmp_path / "noise.pth").write_bytes(head + noise.bytes(int(noise.integers(1, 400))))
        refusal(tmp_path / "noise.pth")


@pytest.mark.parametrize("held", [[torch.zeros(2)], torch.zeros(3), {"state_dict": [1, 2]}, {"epoch": 3}])
def test_a_checkpoint_without_parameters_says_so(tmp_path: Path, held: object) -> None:
    torch.save(held, tmp_path / "other.pth")
    assert "no table of parameters" in refusal(tmp_path / "other.pth")


def test_what_is_missing_unknown_or_of_another_shape_is_named(tmp_path: Path) -> None:
    with torch.device("meta"):
        shapes = {name: tuple(t.shape) for name, t in Wav2LipNetwork().state_dict().items()}
    # Expanded zeros: one number in memory and on the disk, however large the shape.
    state = {name: torch.zeros(()).expand(shape) for name, shape in shapes.items()}
    path = tmp_path / "changed.pth"

    torch.save({k: v for k, v in state.items() if k != "output_block.1.bias"}, path)
    assert "missing: output_block.1.bias" in refusal(path)
    torch.save({**state, "face_encoder_blocks.7.0.conv_block.0.weight": torch.zeros(2)}, path)
    assert "unknown: face_encoder_blocks.7.0.conv_block.0.weight" in refusal(path)
    torch.save({**state, "output_block.1.weight": torch.zeros(3, 32, 3, 3)}, path)
    assert "output_block.1.weight is (3, 32, 3, 3), in Wav2Lip it is (3, 32, 1, 1)" in refusal(path)
    torch.save({**state, "output_block.1.bias": torch.full((3,), torch.nan)}, path)
    assert "output_block.1.bias holds NaN" in refusal(path)
    torch.save({"face_encoder.0.weight": torch.zeros(2)}, path)
    assert "missing: face_encoder_blocks.0.0.conv_block.0.weight" in refusal(path)
    assert "more; unknown: face_encoder.0.weight" in refusal(path)


def test_the_engine_says_how_to_get_it_going(tmp_path: Path) -> None:
    with pytest.raises(MissingExtra, match=r"set rendering\.wav2lip"):
        choose("renderer", RENDERERS, "wav2lip", Settings())
    with pytest.raises(MissingExtra, match="not there"):
        choose("renderer", RENDERERS, "wav2lip", settings(tmp_path / "absent.pth"))
    with pytest.raises(MissingExtra, match=r"\.onnx"):
        choose("renderer", RENDERERS, "wav2lip", settings(tmp_path / "lips.onnx"))
