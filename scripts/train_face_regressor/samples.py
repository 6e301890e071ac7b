"""Faces whose rights are clear, read by the mesh and by the teacher.

Photographs: Face Research Lab London Set (CC BY 4.0) and the class A portraits. Video: six GRID clips (CC BY 4.0). Drawn:
the neutral London faces with expressions that `WarpFace` gives them, because people who pose for a photograph neither
frown nor pucker.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.face_mesh import FaceMesh
from tiangong.core.media import FaceMotion, SpeechStyle, VideoFrame
from tiangong.core.pictures import read_picture, read_video, write_picture
from tiangong.perception.head_pose import take_pose
from tiangong.perception.landmarker import LandmarkerReader
from tiangong.rendering.visemes import VisemeMotion
from tiangong.rendering.warp import WarpRenderer

Floats = NDArray[np.float32]
LONDON, PORTRAITS, CLIPS = "expressions/debruine_webmorphR.stim", "portraits", "talking_video/rizkiarm_LipNet"
SPOKEN = (
    ("Good morning, how can I help you today?", "en", "happy"),
    ("No, that is not what I meant at all!", "en", "angry"),
    ("Oh, what a wonderful surprise, who would have thought so?", "en", "surprised"),
    ("I am afraid that we must leave, people are coming.", "en", "fearful"),
    ("Put your big boots away, move them, please.", "en", "sad"),
    ("您好，请问有什么可以帮您？我们马上出发。", "zh", "neutral"),
    ("That smells horrible, take it out of here.", "en", "disgusted"),
)
HEAD_SPREAD_RAD, HEAD_MOST_RAD = (0.12, 0.08, 0.06), 0.3
UNDRAWN = ("tongueOut", "jawForward", "cheekPuff")  # have no landmark, or none that moves in a flat picture
TOGETHER = {"eyeLookIn": ("eyeLookInLeft", "eyeLookOutRight"), "eyeLookOut": ("eyeLookOutLeft", "eyeLookInRight")}


@dataclass(frozen=True, eq=False)
class Samples:
    points: Floats  # (n, 478, 3) turned to the front
    teacher: Floats  # (n, 52)
    person: NDArray[np.str_]  # (n,)
    kind: NDArray[np.str_]  # (n,) "neutral", "photo", "clip", "drawn"

    def save(self, path: Path) -> None:
        np.savez(path, points=self.points, teacher=self.teacher, person=self.person, kind=self.kind)

    @classmethod
    def load(cls, path: Path) -> "Samples":
        with np.load(path, allow_pickle=False) as box:
            return cls(box["points"], box["teacher"], box["person"], box["kind"])


def collect(media: Path, task: Path, drawn_each: int, seed: int) -> Samples:
    """Look at everything; some four minutes for 40 drawn faces a person."""
    rows: list[tuple[Floats, Floats, str, str]] = []
    with FaceMesh(tracking=False, most_faces=1) as mesh:
        teacher = LandmarkerReader(task).session(tracking=False)
        for image, person, kind in (*_photographs(media), *_drawn(media, drawn_each, seed)):
            rows += _looked_at(mesh, teacher, VideoFrame(image), person, kind)
        teacher.close()
    for clip in sorted((media / CLIPS).glob("*.mpg")):
        teacher = LandmarkerReader(task).session(tracking=True)
        with FaceMesh(tracking=True, most_faces=1) as mesh:
            for frame in read_video(clip):
                rows += _looked_at(mesh, teacher, frame, clip.stem, "clip")
        teacher.close()
    points, shapes, people, kinds = zip(*rows, strict=True)
    return Samples(np.stack(points), np.stack(shapes), np.array(people), np.array(kinds))


def _looked_at(mesh: FaceMesh, teacher: Any, frame: VideoFrame, person: str, kind: str) -> list[Any]:
    """One row, or none where either sees no face."""
    seen, taught = mesh.find(frame.image), teacher.observe(frame)
    return [(take_pose(seen[0]).points, taught.expression, person, kind)] if seen and taught else []


def _photographs(media: Path) -> Iterator[tuple[NDArray[np.uint8], str, str]]:
    for file in sorted((media / LONDON).glob("*.jpg")):
        yield read_picture(file).image, f"london{file.name[:3]}", "neutral" if "neutral" in file.name else "photo"
    for file in sorted(f for f in (media / PORTRAITS).rglob("*") if f.suffix in {".jpg", ".png"}):
        number = re.match(r"(\d{3})_", file.name)  # the same people as above
        person = f"london{number[1]}" if number else file.parent.name + file.stem[:4]
        yield read_picture(file).image, person, "photo"


def _drawn(media: Path, each: int, seed: int) -> Iterator[tuple[NDArray[np.uint8], str, str]]:
    rng, spoken = np.random.default_rng(seed), _spoken_faces()
    for file in sorted((media / LONDON).glob("*_neutral.jpg")):
        folder = Path(tempfile.mkdtemp())
        try:
            write_picture(read_picture(file).image, folder / "portrait.png")
            face = WarpRenderer().open(folder)
        finally:
            shutil.rmtree(folder)
        expressions = np.stack([_made_face(rng, spoken) for _ in range(each)])
        heads = rng.normal(0, HEAD_SPREAD_RAD, (each, 3)).clip(-HEAD_MOST_RAD, HEAD_MOST_RAD).astype(np.float32)
        for image in face.draw(FaceMotion(expressions, heads, 25)):
            yield image, f"london{file.name[:3]}", "drawn"


def _spoken_faces() -> Floats:
    from tiangong.voice.espeak import EspeakVoice

    voice, faces = EspeakVoice(), []
    for i, (text, language, emotion) in enumerate(SPOKEN):
        style = SpeechStyle(language=language, emotion=emotion, intensity=0.8)
        faces += [
            VisemeMotion().session(i).speak(speech, 3.0 * i).expression for speech in voice.synthesize(text, style)
        ]
    return np.concatenate(faces)


def _made_face(rng: np.random.Generator, spoken: Floats) -> Floats:
    """(52,) a speaking or a resting face with up to four shapes more."""
    face = spoken[rng.integers(len(spoken))].copy() if rng.uniform() < 0.4 else np.zeros(52, np.float32)
    names = sorted({name.removesuffix("Left").removesuffix("Right") for name in ARKIT_BLEND_SHAPES} - set(UNDRAWN))
    for name in rng.choice(names, int(rng.integers(0, 5))):
        weight = rng.uniform(0.1, 1.0)
        sides = TOGETHER.get(name) or [s for s in (name, name + "Left", name + "Right") if s in BLEND_SHAPE_INDEX]
        lopsided = rng.uniform() < 0.25 and name not in TOGETHER
        for i, side in enumerate(sides):
            share = rng.uniform(0.2, 0.6) if lopsided and i == 0 else 1.0
            face[BLEND_SHAPE_INDEX[side]] = max(face[BLEND_SHAPE_INDEX[side]], share * weight)
        if name == "mouthClose":  # lips can be held together only over an open jaw
            face[BLEND_SHAPE_INDEX["jawOpen"]] = max(face[BLEND_SHAPE_INDEX["jawOpen"]], weight)
    return np.clip(face, 0, 1)
