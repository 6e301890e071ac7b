"""Memory that avatars take, in a process of its own: `python -m tiangong.bench.memory FOLDER...` prints JSON.

A process that has worked before has freed memory to hand out again, and would show less.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

DRAWN_FRAMES: Final = 25


def grown_mb(folders: Sequence[Path]) -> list[float]:
    """MB (2**20 bytes) by which a fresh process grew with each avatar, opened and drawn with, one after another."""
    command = [sys.executable, "-m", "tiangong.bench.memory", *map(str, folders)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"measuring memory failed:\n{ran.stderr}")
    return [float(mb) for mb in json.loads(ran.stdout)]


def _grown_here_mb(folders: Sequence[Path]) -> list[float]:
    import psutil

    from tiangong.bench.drawing import BLOCK, spoken_motion
    from tiangong.rendering.gan import GanRenderer
    from tiangong.rendering.protocol import Face

    motion = spoken_motion(DRAWN_FRAMES)
    process, renderer = psutil.Process(), GanRenderer()
    faces: list[Face] = []  # kept: all of them are loaded
    sizes = [process.memory_info().rss]
    for folder in folders:
        faces.append(renderer.open(folder))
        for start in range(0, len(motion), BLOCK):
            faces[-1].draw(motion.at(slice(start, start + BLOCK)))
        sizes.append(process.memory_info().rss)
    return [(after - before) / 2**20 for before, after in zip(sizes, sizes[1:], strict=False)]


if __name__ == "__main__":
    print(json.dumps(_grown_here_mb([Path(folder) for folder in sys.argv[1:]])))
