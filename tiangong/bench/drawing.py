"""How fast faces are drawn, and what memory they take."""

import time
from collections.abc import Sequence
from pathlib import Path
from shutil import copy
from typing import Final

import numpy as np

from tiangong.bench.memory import grown_mb
from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome, Stock, tell
from tiangong.core.media import FaceMotion, SpeechStyle
from tiangong.rendering.gan import GanRenderer
from tiangong.rendering.painting import BASE, GENERATOR, GENERATOR_ONNX
from tiangong.rendering.protocol import FPS, FaceRenderer
from tiangong.rendering.visemes import VisemeMotion
from tiangong.rendering.warp import WarpRenderer

BLOCK: Final = 5  # frames that the illustrator asks for at once
SEED: Final = 7
TEXT: Final = "My name is Tian, and I am pleased to meet you. May I help you find a warm jumper for Monday?"
BATCHES: Final = (32, 128)
GPU_AVATARS: Final = 8
GPU_MEASURED_S: Final = 3.0


def spoken_motion(frames: int) -> FaceMotion:
    """As many frames of a face that speaks, as in a call."""
    from tiangong.voice.espeak import EspeakVoice

    speeches = list(EspeakVoice().synthesize(TEXT, SpeechStyle("en")))
    session, parts, count = VisemeMotion().session(SEED), list[FaceMotion](), 0
    while count < frames:
        for speech in speeches:
            parts.append(session.speak(speech, count / FPS))
            count += len(parts[-1])
    expression = np.concatenate([part.expression for part in parts])[:frames]
    return FaceMotion(expression, np.concatenate([part.head_rad for part in parts])[:frames], FPS)


def measure_drawing(folder: Path, frames: int) -> Outcome:
    """The face of one avatar folder, one conversation, pictures of 512 x 512 into memory, by "gan" and by "warp" alone."""
    outcome = Outcome()
    motion = spoken_motion(max(BLOCK, frames // BLOCK * BLOCK))
    for renderer in (GanRenderer(), WarpRenderer()):
        tell(f"drawing {len(motion)} frames with '{renderer.name}'")
        outcome.figures += _timed(renderer, folder, motion)
    return outcome


def _timed(renderer: FaceRenderer, folder: Path, motion: FaceMotion) -> list[Figure]:
    face = renderer.open(folder)
    blocks = [motion.at(slice(start, start + BLOCK)) for start in range(0, len(motion), BLOCK)]
    face.draw(blocks[0])  # patches and threads are made with the first frames
    taken_s: list[float] = []
    processor_s = time.process_time()
    for block in blocks:
        began_s = time.perf_counter()
        face.draw(block)
        taken_s.append(time.perf_counter() - began_s)
    processor_s = time.process_time() - processor_s
    return [
        Figure.of(f"drawing, {renderer.name}: time a frame", "ms", [1000 * s / BLOCK for s in taken_s]),
        Figure.single(f"drawing, {renderer.name}: frames a second", "fps", len(motion) / sum(taken_s), len(motion)),
        Figure.single(
            f"drawing, {renderer.name}: processor time a frame", "ms", 1000 * processor_s / len(motion), len(motion)
        ),
    ]


# --- memory ----------------------------------------------------------------------------------------------------------


def measure_memory(stock: Stock, workplace: Path) -> Outcome:
    """Three photo avatars that share the base generator, and three with a generator of their own, as films give them."""
    tell("measuring the memory of loaded avatars")
    shared = grown_mb(stock.copies(3, workplace / "shared"))
    own = stock.copies(3, workplace / "own")
    for folder in own:
        if not (folder / GENERATOR_ONNX).exists():
            copy(BASE / GENERATOR_ONNX, folder)
    each = grown_mb(own)
    return Outcome([
        Figure.of("memory of a further photo avatar", "MB", shared[1:]),
        Figure.of("memory of a further avatar with its own generator", "MB", each[1:]),
        Figure.of("memory of the first avatar, libraries included", "MB", [shared[0], each[0]]),
    ])  # fmt: skip


# --- a GPU -----------------------------------------------------------------------------------------------------------


def measure_batched(
    folders: Sequence[Path],
    device: str | None = None,
    measured_s: float = GPU_MEASURED_S,
    batches: Sequence[int] = BATCHES,
) -> Outcome:
    """Frames a second over conversations with different avatars, from motion to pictures in the processor's memory.

    `device` None: CUDA, and a note where there is none.
    """
    import torch

    if device is None and not torch.cuda.is_available():
        return Outcome(notes=["drawing batched over conversations: not measured: no CUDA device here"])
    from tiangong.rendering.torch_avatar import TorchAvatar
    from tiangong.rendering.torch_bench import bench_batched
    from tiangong.rendering.weights_io import load_generator

    device = device or "cuda"
    name = torch.cuda.get_device_name() if device == "cuda" else device
    opened = [TorchAvatar.of(WarpRenderer().open(folder), device) for folder in folders]
    avatars = [opened[i % len(opened)] for i in range(min(GPU_AVATARS, max(batches)))]
    one, *others = [load_generator(BASE / GENERATOR).to(device).eval() for _ in avatars]
    outcome = Outcome()
    for batch in batches:
        for what, generators in (("one generator", one), ("a generator each", [one, *others])):
            tell(f"drawing {batch} frames at a time on {name}, {what}")
            fps = bench_batched(device, avatars, batch, generators, measured_s=measured_s)
            label = f"drawing on {name}: batch {batch}, {len(opened)} avatars, {what}"
            outcome.figures.append(Figure.single(label, "fps", fps, batch))
    return outcome
