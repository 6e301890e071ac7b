"""Training: both networks learn, a resumed run is the unbroken one, and what it leaves behind can be read and drawn."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.made_faces import drawn_face, film_of, portrait_folder, talking
from tiangong.core.errors import BundleError
from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.rendering.follow import follower
from tiangong.rendering.gan import GanRenderer
from tiangong.rendering.generator import GeneratorSize
from tiangong.rendering.training import losses
from tiangong.rendering.training.pairs import Pairs, filmed_pairs
from tiangong.rendering.training.person import TrainingPlan, TrainingProgress, train_person
from tiangong.rendering.training.trainer import Recipe, Trainer
from tiangong.rendering.warp import WarpFace

SMALL = GeneratorSize(4, 8, 8, 8)
RECIPE = Recipe(steps=4, batch=2, adversarial=0.1, opponent_from=0.25, size=SMALL)
JAW = BLEND_SHAPE_INDEX["jawOpen"]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> WarpFace:
    return drawn_face(tmp_path_factory.mktemp("face"))


def noise(count: int = 4) -> Pairs:
    draw_from = np.random.default_rng(0)
    return Pairs(
        draw_from.integers(0, 256, (count, 224, 176, 6), np.uint8),
        draw_from.integers(0, 256, (count, 224, 176, 3), np.uint8),
    )


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    nets = {"g": trainer.generator, "a": trainer.average, "d": trainer.discriminator}
    return {f"{name}.{key}": value.clone() for name, net in nets.items() for key, value in net.state_dict().items()}


def test_two_rounds_move_both_networks_and_name_their_losses() -> None:
    trainer = Trainer(noise(), replace(RECIPE, opponent_from=0.01), CPU)
    before = weights(trainer)
    trainer.step()
    losses_of_both = trainer.step()
    assert set(losses_of_both) == {"opponent", "colour", "structure", "detail", "adversarial", "features"}
    assert all(np.isfinite(value) for value in losses_of_both.values())
    after = weights(trainer)
    for network in ("g", "a", "d"):
        assert any(not torch.equal(before[key], after[key]) for key in before if key.startswith(network)), network


def test_a_resumed_run_is_the_unbroken_one_to_the_bit(tmp_path: Path) -> None:
    unbroken = Trainer(noise(), RECIPE, CPU)
    for _ in range(4):
        unbroken.step()
    first = Trainer(noise(), RECIPE, CPU)
    for _ in range(2):
        first.step()
    first.save(tmp_path)
    second = Trainer(noise(), RECIPE, CPU)
    assert second.resume(tmp_path)
    for _ in range(2):
        second.step()
    expected, found = weights(unbroken), weights(second)
    assert [key for key in expected if not torch.equal(expected[key], found[key])] == []


def test_nothing_to_resume_is_no_error_and_a_damaged_checkpoint_is_one_line(tmp_path: Path) -> None:
    trainer = Trainer(noise(), RECIPE, CPU)
    assert not trainer.resume(tmp_path)
    (tmp_path / "checkpoint.safetensors").write_bytes(b"damaged")
    with pytest.raises(BundleError, match="damaged"):
        trainer.resume(tmp_path)


def test_losses_are_least_for_the_truth() -> None:
    truth = torch.rand(2, 3, 64, 64) * 2 - 1
    other = torch.rand(2, 3, 64, 64) * 2 - 1
    for term in (losses.detail, losses.dissimilarity):
        assert float(term(truth, truth)) == pytest.approx(0, abs=1e-5)
        assert float(term(other, truth)) > 0.1
    assert float(losses.hinge_discriminator(torch.tensor([2.0]), torch.tensor([-2.0]))) == 0
    assert float(losses.hinge_discriminator(torch.tensor([-1.0]), torch.tensor([1.0]))) == 4


def test_a_few_steps_bring_the_picture_nearer_to_the_truth(face: WarpFace) -> None:
    frames, marks = film_of(face, talking(12))
    pairs = filmed_pairs(face, follower(face.warp, marks), [_reddened(frame) for frame in frames], marks)
    trainer = Trainer(pairs, Recipe(steps=30, batch=4, adversarial=0.0), CPU)
    first = trainer.step()["colour"]
    for _ in range(29):
        last = trainer.step()["colour"]
    assert last < 0.6 * first


def test_a_film_of_oneself_is_followed_landmark_by_landmark(face: WarpFace) -> None:
    motion = talking(10)
    frames, marks = film_of(face, motion)
    found = follower(face.warp, marks)
    assert np.allclose(found.neutral, found.own)
    again = found.follow(marks, 25)
    _, reached = face.draw_and_mark(again)
    eyes = np.linalg.norm(marks[0][33, :2] - marks[0][263, :2])
    lips = [13, 14, 61, 291, 0, 17, 78, 308, 82, 87, 312, 317]
    error = [np.linalg.norm(r[lips] - m[lips, :2], axis=1).mean() / eyes for r, m in zip(reached, marks, strict=True)]
    assert max(error) < 0.03
    jaw = again.expression[:, JAW]
    assert np.corrcoef(jaw, motion.expression[:, JAW])[0, 1] > 0.8


def test_another_ones_face_lends_its_motion_not_its_shape(face: WarpFace) -> None:
    _, marks = film_of(face, talking(8))
    centre = marks[0].mean(0)
    wider = [(m - centre) * np.array([1.25, 1.0, 1.0], np.float32) + centre for m in marks]
    found = follower(face.warp, wider)
    assert not np.allclose(found.neutral, found.own)
    _, reached = face.draw_and_mark(found.follow(wider, 25))
    own = face.warp.frame.landmarks
    assert np.ptp(reached[0][[234, 454], 0]) == pytest.approx(np.ptp(own[[234, 454], 0]), rel=0.06)
    gap = np.array([np.linalg.norm(r[13] - r[14]) for r in reached])
    true_gap = np.array([np.linalg.norm(m[13] - m[14]) for m in wider])
    assert np.corrcoef(gap, true_gap)[0, 1] > 0.9


def test_training_a_person_leaves_weights_that_draw_and_a_report(tmp_path: Path) -> None:
    folder = portrait_folder(tmp_path / "avatar")
    frames, marks = film_of(drawn_face(tmp_path / "film"), talking(20))
    told: list[TrainingProgress] = []
    plan = TrainingPlan(
        tmp_path / "checkpoint", steps=4, device="cpu", recipe=replace(RECIPE, steps=0, size=GeneratorSize())
    )
    report = train_person(folder, frames, marks, folder, plan, told.append)
    assert [progress.step for progress in told] == [1, 2, 3, 4]
    assert any(progress.preview is not None for progress in told)
    assert report.held_out_frames == 8
    stored = json.loads((folder / "training" / "report.json").read_text())
    assert stored["generator"]["mouth_psnr_db"] == pytest.approx(report.generator.mouth_psnr_db)
    page = (folder / "training" / "report.html").read_text()
    assert page.count("data:image/png") == 8
    assert GanRenderer().open(folder).draw(talking(2)).shape == (2, 512, 512, 3)


def test_a_stopped_training_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = portrait_folder(tmp_path / "avatar")
    frames, marks = film_of(drawn_face(tmp_path / "film"), talking(20))
    recipe = replace(RECIPE, steps=0, size=GeneratorSize())

    def stop(progress: TrainingProgress) -> None:
        if progress.step == 3:
            raise KeyboardInterrupt

    for name, listener in (("whole", None), ("broken", stop), ("broken", None)):
        plan = TrainingPlan(tmp_path / name, steps=6, device="cpu", recipe=recipe)
        try:
            train_person(folder, frames, marks, tmp_path / f"out_{name}", plan, listener or (lambda progress: None))
        except KeyboardInterrupt:
            assert not (tmp_path / f"out_{name}").exists()
    whole, broken = ((tmp_path / f"out_{name}" / "generator.safetensors").read_bytes() for name in ("whole", "broken"))
    assert whole == broken


def _reddened(frame: np.ndarray) -> np.ndarray:
    return np.clip(frame.astype(int) + [40, 0, 0], 0, 255).astype(np.uint8)
