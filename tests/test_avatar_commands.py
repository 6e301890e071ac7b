"""`tiangong avatar`: what it makes, what it shows, and that nothing half-written ever stays."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.made_faces import drawn_face, drawn_portrait, talking
from tests.made_files import huge_png, write_film
from tiangong.cli import main
from tiangong.core.pictures import read_picture, write_picture
from tiangong.rendering.training import person
from tiangong.studio.bundle import open_bundle

Answer = tuple[int, str, str]
Tiangong = Callable[..., Answer]


@pytest.fixture
def avatars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIANGONG_AVATARS", str(tmp_path / "avatars"))
    return tmp_path / "avatars"


@pytest.fixture
def tiangong(avatars: Path, capsys: pytest.CaptureFixture[str]) -> Tiangong:
    """Exit code, stdout, stderr."""

    def call(*arguments: str | Path) -> Answer:
        code = 0
        try:
            main(["avatar", *map(str, arguments)])
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "me.png"
    write_picture(drawn_portrait(), path)
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    frames = list(drawn_face(folder).draw(talking(52)))
    return write_film(folder / "me.mp4", frames, tone_hz=440)


def left_in(avatars: Path) -> list[Path]:
    return sorted(avatars.rglob("*")) if avatars.exists() else []


def refused(answer: Answer, said: str) -> None:
    code, _, err = answer
    assert (code, err.count("\n")) == (2, 1), err
    assert said in err


def test_a_photo_becomes_an_avatar_that_opens_and_declares_its_consent(
    tiangong: Tiangong, avatars: Path, photo: Path
) -> None:
    code, out, err = tiangong("create", "me", "--photo", photo)
    assert code == 0, err
    assert "You declare that this is your own likeness" in out
    bundle = open_bundle(avatars / "me", "drive")
    assert (bundle.name, bundle.consent.kind) == ("me", "person")
    portrait = read_picture(bundle.portrait).image
    landmarks = np.load(avatars / "me" / "motion.npz")["landmarks"]
    assert landmarks.shape == (478, 3)
    assert (landmarks[:468, :2] > 0).all()
    assert (landmarks[:468, :2] < portrait.shape[0]).all()
    assert {p.name for p in avatars.iterdir()} == {"me"}

    code, out, _ = tiangong("list", "--json")
    listed = {avatar["name"]: avatar for avatar in json.loads(out)}
    assert {"me", "tian", "gong"} <= set(listed)
    assert (listed["me"]["kind"], listed["me"]["state"], listed["me"]["is_starter"]) == ("person", "valid", False)
    assert "person" in tiangong("list")[1]
    shown = json.loads(tiangong("show", "me", "--json")[1])
    assert {"portrait.png", "consent.json"} <= set(shown["manifest"]["files"])
    assert shown["persona"]["name"]["en"] == "me"
    assert "may be used for" in tiangong("show", "me")[1]

    refused(tiangong("create", "me", "--photo", photo), "there is already an avatar 'me'")
    assert tiangong("create", "me", "--photo", photo, "--drawn", "--replace")[0] == 0
    assert open_bundle(avatars / "me").consent.kind == "drawn-character"


def test_bad_wishes_are_one_line_and_leave_nothing(
    tiangong: Tiangong, avatars: Path, photo: Path, tmp_path: Path
) -> None:
    write_picture(np.full((300, 300, 3), 120, np.uint8), tmp_path / "wall.png")
    (tmp_path / "half.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    refused(tiangong("create", "../me", "--photo", photo), "cannot be an avatar's name")
    refused(tiangong("create", "x" * 50, "--photo", photo), "40 at most")
    refused(tiangong("create", "tian", "--photo", photo), "there is already an avatar 'tian'")
    refused(tiangong("create", "me"), "Add --photo")
    refused(tiangong("create", "me", "--photo", photo, "--video", photo), "not both")
    refused(tiangong("create", "me", "--photo", photo, "--speaks-as", "robot"), "no built-in voice 'robot'")
    refused(tiangong("create", "me", "--photo", tmp_path / "none.png"), "no such file")
    refused(tiangong("create", "me", "--photo", tmp_path / "wall.png"), "no face found")
    refused(tiangong("create", "me", "--photo", huge_png(tmp_path / "huge.png")), "60000 x 60000")
    refused(tiangong("create", "me", "--video", tmp_path / "half.mp4"), "copy it again")
    refused(tiangong("train", "tian", "--video", tmp_path / "half.mp4"), "starter avatar")
    refused(tiangong("show", "nobody"), "no avatar 'nobody'; there are: ")
    refused(tiangong("drive", "tian", "--video", photo, "-o", tmp_path / "a.mp4"), "picture, not a video")
    refused(tiangong("drive", "tian", "--video", photo, "-o", tmp_path / "a.gif"), "end the output in .mp4")
    assert left_in(avatars) == []
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), OSError("disk full")], ids=["ctrl-c", "failure"])
def test_a_training_that_stops_leaves_no_avatar_and_goes_on_next_time(
    trouble: BaseException, tiangong: Tiangong, avatars: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def train(
        portrait_folder: Path, frames: Any, landmarks: Any, out: Path, plan: person.TrainingPlan, on_progress: Any
    ) -> None:
        """Writes a checkpoint and stops the first time, goes on from it the second."""
        assert (portrait_folder / "portrait.png").exists()
        assert len(frames) == len(landmarks) > 40
        mark = plan.checkpoint_folder / "step"
        calls.append(int(mark.read_text()) if mark.exists() else 0)
        plan.checkpoint_folder.mkdir(parents=True, exist_ok=True)
        mark.write_text("7")
        (out / "generator.safetensors").write_bytes(b"weights")
        on_progress(person.TrainingProgress(7, 10, {"colour": 0.5}, None))
        if len(calls) == 1:
            raise trouble

    monkeypatch.setattr(person, "train_person", train)
    stopped = tiangong("create", "me", "--video", film, "--minutes", "0.1", "--device", "cpu")
    if isinstance(trouble, KeyboardInterrupt):
        assert stopped[0] == 130
    else:
        refused(stopped, "the avatar could not be written (disk full)")
    assert not (avatars / "me").exists()
    assert {path.name for path in avatars.iterdir()} == {".training"}
    listed = tiangong("list", "--json")[1]
    assert "me" not in {avatar["name"] for avatar in json.loads(listed)}

    code, _, err = tiangong("create", "me", "--video", film, "--minutes", "0.1", "--device", "cpu")
    assert code == 0, err
    assert calls == [0, 7]
    assert "generator.safetensors" in open_bundle(avatars / "me").folder.joinpath("manifest.json").read_text()
    assert {path.name for path in avatars.iterdir()} == {"me"}


def test_a_face_repeats_a_film_at_25_fps_with_its_sound(tiangong: Tiangong, film: Path, tmp_path: Path) -> None:
    code, out, err = tiangong("drive", "tian", "--video", film, "-o", tmp_path / "a.mp4")
    assert code == 0, err
    assert "2.1 s" in out
    with av.open(str(tmp_path / "a.mp4")) as made:
        video, sound = made.streams.video[0], made.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (512, 512, 25)
        pcm = np.concatenate([np.asarray(frame.to_ndarray()).ravel() for frame in made.decode(sound)])
    assert np.abs(pcm).max() > 0.1
    assert read_frames(tmp_path / "a.mp4") == 52


def read_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))
