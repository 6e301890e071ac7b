"""A sentence in several pieces."""

import numpy as np
import pytest

from tiangong.voice.pieces import PICTURE_SAMPLES, ToldText, whole_pictures


@pytest.mark.parametrize("size", [100, 777, 2_400, 50_000])
def test_no_sample_is_lost_and_every_piece_that_another_follows_ends_with_a_picture(size):
    sound = np.random.default_rng(size).standard_normal(60_123).astype(np.float32)
    pieces = list(whole_pictures(sound[i : i + size] for i in range(0, len(sound), size)))
    np.testing.assert_array_equal(np.concatenate([piece for piece, _ in pieces]), sound)
    assert [last for _, last in pieces] == [False] * (len(pieces) - 1) + [True]
    assert all(len(piece) % PICTURE_SAMPLES == 0 for piece, last in pieces if not last)
    assert all(len(piece) for piece, _ in pieces)


def test_silence_of_no_length_has_no_pieces():
    assert list(whole_pictures([])) == []
    assert list(whole_pictures([np.zeros(0, np.float32)])) == []


@pytest.mark.parametrize(("text", "joint"), [("one two three four five six", " "), ("请把包裹的编号发给我", "")])
def test_words_are_told_in_the_pieces_that_hold_them(text, joint):
    told = ToldText(text, 2.0)
    parts = [told.next(0.5, False), told.next(0.5, False), told.next(0.7, True)]
    assert joint.join(parts) == text
    assert all(parts)


def test_a_guess_that_was_too_short_tells_all_and_then_nothing():
    told = ToldText("one two", 0.5)
    assert [told.next(1.0, False), told.next(1.0, True)] == ["one two", ""]
