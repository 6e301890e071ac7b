"""Looks at a film before an avatar is trained on it: what is wrong, and how to film it better."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.rigid import STEADY, fit_rigid
from tiangong.studio.face_track import FaceTrack, OnRead, Sight, read_track
from tiangong.studio.film_reading import FilmHeader, read_header
from tiangong.studio.preflight import (
    BLURRED,
    DARK,
    DARK_BRIGHT,
    DIM,
    LYING,
    LYING_DEG,
    PROFILE_DEG,
    SMALL_SECOND,
    SMALLEST_EYES_PX,
    SMALLEST_SIDE_PX,
    SOFT,
    SOFT_EYES_PX,
    Finding,
    is_covered,
    refuse_stops,
    stop,
    warn,
)

SHORTEST_S, SHORT_S, LONGEST_S = 2.0, 20.0, 300.0
LENIENT_S: Final = 0.05  # of a second: containers round
FEWEST_FPS: Final = 20.0
LOST_STOP, LOST_WARN = 0.2, 0.03  # share of the moments without a face
TURNED_SHARE, COVERED_SHARE, COMPANY_SHARE = 0.5, 0.15, 0.1
DARK_SHARE: Final = 0.5  # of the moments, so that one swing of the camera does not count
# Eye distances: how far eyes and lips move. A noisy video of a photo that is moved about comes to 0.011, an idle person to 0.025.
STILL_MOTION: Final = 0.014
SILENT_GAP: Final = 0.03  # of the mouth's width, between the 5 % and 95 % quantile of the lips' gap: nobody talks
# A cut: from one moment to the next the whole picture changes, and the face jumps, changes or appears with it; or the
# picture changes so much more than ever else that only a cut (or a lamp switched on) can be the reason.
CUT_CHANGE, CUT_BEYOND, SURELY_BEYOND = 15.0, 6.0, 20.0  # 0-255, and times the film's usual change
STEADIEST: Final = 0.3  # 0-255: a camera on a stand before a wall changes no less
JUMP, RESIZED, RESHAPED = 0.3, 0.12, 0.045  # eye distances, share, eye distances
_LIVELY: Final = np.array([13, 14, 61, 291, 0, 17, 159, 145, 386, 374, 105, 334, 152])  # lips, lids, brows, chin


def check_video(path: Path, on_progress: OnRead = lambda share: None) -> tuple[FaceTrack, tuple[Finding, ...]]:
    """Read a film once and judge it; as long as the film on two cores.

    Raises MediaError with one sentence for anything that stops, what a container tells before decoding anything.
    """
    refuse_stops(path.name, judge_header(read_header(path)))
    track = read_track(path, on_progress)
    findings = judge_track(track)
    refuse_stops(path.name, findings)
    return track, tuple(findings)


def judge_header(header: FilmHeader) -> list[Finding]:
    found: list[Finding] = []
    if min(header.width_px, header.height_px) < SMALLEST_SIDE_PX:
        found.append(stop(f"{header.width_px} x {header.height_px} pixels is too small; film with 720 lines or more"))
    if header.duration_s is not None:
        found += _judge_length(header.duration_s)
    if header.fps is not None and header.fps < FEWEST_FPS:
        found.append(
            stop(f"{header.fps:.0f} frames a second are too few to see lips move; film with 25 or more, in good light")
        )
    return found


def _judge_length(duration_s: float) -> list[Finding]:
    if duration_s < SHORTEST_S - LENIENT_S:
        return [stop(f"{duration_s:.1f} s are too short; film yourself talking for 20 s to 5 minutes")]
    if duration_s > LONGEST_S + 1:
        return [stop(f"{duration_s / 60:.1f} minutes are too long; cut it to the best 5 minutes or less")]
    return []


def judge_track(track: FaceTrack) -> list[Finding]:
    """Stops come before warnings, the plainest reason first."""
    seen = [s for s in track.sights if s.landmarks is not None]
    if not seen:
        return [_no_face(track.sights)]
    found = [
        *(_judge_length(track.duration_s) if track.header.duration_s is None else []),
        *_lost(len(seen), len(track.sights)),
        *_cut(track.sights),
        *_company(seen),
        *_turned(seen),
        *_light(seen),
        *_covered(seen),
        *_small(seen),
        *_motion(seen),
    ]
    if track.duration_s < SHORT_S:
        found.append(warn(f"{track.duration_s:.0f} s are short; 20 s to 5 minutes of talking make a better avatar"))
    return sorted(found, key=lambda finding: finding.severity != "stop")


def _no_face(sights: Sequence[Sight]) -> Finding:
    if np.median([s.luma for s in sights]) < DARK:
        return stop("no face found, the video is too dark; light the face from the front, at a window for instance")
    return stop("no face found; film one person's head and shoulders, talking to the camera, sharp and well lit")


def _lost(seen: int, all_moments: int) -> list[Finding]:
    lost = 1 - seen / all_moments
    if lost > LOST_STOP:
        return [stop(f"no face in {lost:.0%} of the video; cut it to where the face is seen, and stay in the picture")]
    if lost > LOST_WARN:
        return [warn(f"the face is lost in {lost:.0%} of the video; those moments are left out")]
    return []


def _cut(sights: Sequence[Sight]) -> list[Finding]:
    changes = np.array([s.changed for s in sights])
    usual = max(float(np.median(changes)), STEADIEST)
    for before, after in zip(sights, sights[1:], strict=False):
        if after.changed < max(CUT_CHANGE, CUT_BEYOND * usual):
            continue
        if after.changed > SURELY_BEYOND * usual or _is_another_face(before, after):
            return [
                stop(
                    f"the video is cut at {after.time_s:.1f} s; film in one take, without cuts or another camera angle"
                )
            ]
    return []


def _is_another_face(before: Sight, after: Sight) -> bool:
    """Whether the face is elsewhere, larger, of other shape, or there at all on one side only."""
    if before.landmarks is None or after.landmarks is None:
        return before.landmarks is not after.landmarks
    a, b = before.landmarks, after.landmarks
    eyes = max(float(np.linalg.norm(a[33] - a[263])), 1.0)
    grown = float(np.linalg.norm(b[33] - b[263])) / eyes
    shapes = [(face - face[168]) / np.linalg.norm(face[33] - face[263]) for face in (a, b)]
    return (
        float(np.linalg.norm(b[168, :2] - a[168, :2])) > JUMP * eyes
        or abs(np.log(grown)) > RESIZED
        or float(np.abs(shapes[0] - shapes[1])[:, :2].mean()) > RESHAPED
    )


def _company(seen: Sequence[Sight]) -> list[Finding]:
    near = float(np.mean([s.second_face >= SMALL_SECOND for s in seen]))
    if near > COMPANY_SHARE:
        return [stop("two faces are in the video; film one person alone")]
    if any(s.second_face for s in seen):
        return [warn("somebody else is seen for moments; film one person alone")]
    return []


def _turned(seen: Sequence[Sight]) -> list[Finding]:
    if np.median([abs(s.look.roll_deg) for s in seen if s.look]) > LYING_DEG:
        return [stop(LYING)]
    aside = float(np.mean([abs(s.look.yaw_deg) > PROFILE_DEG for s in seen if s.look]))
    if aside > TURNED_SHARE:
        return [stop(f"the head is turned aside in {aside:.0%} of the video; look into the camera while you talk")]
    if aside > LOST_STOP:
        return [warn(f"the head is turned aside in {aside:.0%} of the video; look into the camera more")]
    return []


def _light(seen: Sequence[Sight]) -> list[Finding]:
    looks = [s.look for s in seen if s.look]
    if np.mean([look.luma < DARK and look.bright < DARK_BRIGHT for look in looks]) > DARK_SHARE:
        return [stop("the face is too dark; light it from the front, at a window for instance")]
    sharpness = float(np.median([look.sharpness for look in looks]))
    if sharpness < BLURRED:
        return [stop("the face is blurred; fix the camera on a stand, focus on the eyes and wipe the lens")]
    found: list[Finding] = []
    if np.median([look.luma for look in looks]) < DIM:
        found.append(warn("the face is dim; more light from the front makes it livelier"))
    if sharpness < SOFT:
        found.append(warn("the face is a little soft; a sharper video makes a sharper avatar"))
    return found


def _covered(seen: Sequence[Sight]) -> list[Finding]:
    looked = [s for s in seen if s.look and s.cover is not None and s.hand is not None]
    hidden = [s.time_s for s in looked if s.look and is_covered(s.look, s.cover or 0.0, s.hand or 0.0)]
    share = len(hidden) / max(1, len(looked))
    if share > COVERED_SHARE:
        return [
            stop(
                f"something covers the mouth in {share:.0%} of the video; keep hands, masks and microphones off the face"
            )
        ]
    if len(hidden) > 1:
        return [warn(f"a hand or an object covers the mouth at {hidden[0]:.1f} s and other moments")]
    return []


def _small(seen: Sequence[Sight]) -> list[Finding]:
    eyes = float(np.median([s.look.eye_distance_px for s in seen if s.look]))
    if eyes < SMALLEST_EYES_PX:
        return [stop("the face is too small in the picture; come closer, so that head and shoulders fill it")]
    if eyes < SOFT_EYES_PX:
        return [warn(f"the face is small ({eyes:.0f} px between the eyes), so it will be drawn soft")]
    return []


def _motion(seen: Sequence[Sight]) -> list[Finding]:
    if liveliness(seen) < STILL_MOTION:
        return [stop("nothing moves in the face, this is a still picture; film a person who talks, or use --photo")]
    gaps = [s.look.lip_gap for s in seen if s.look]
    if np.ptp(np.quantile(gaps, [0.05, 0.95])) < SILENT_GAP:
        return [warn("the mouth hardly opens; film a person who talks, or lips cannot be learnt")]
    return []


def liveliness(seen: Sequence[Sight]) -> float:
    """How far lips, lids, brows and chin move in a head that is held still, eye distances: median over these points of the
    spread between the 5 % and 95 % quantile."""
    marks = [s.landmarks for s in seen if s.landmarks is not None]
    first = marks[len(marks) // 2]
    eyes = max(float(np.linalg.norm(first[33] - first[263])), 1.0)
    held: list[NDArray[np.float64]] = []
    for face in marks[:: max(1, len(marks) // 250)]:
        undone = fit_rigid(first[STEADY], face[STEADY]).undo(face)
        held.append(np.asarray(undone[_LIVELY, :2] / eyes, np.float64))
    spread = np.ptp(np.quantile(np.stack(held), [0.05, 0.95], axis=0), axis=0)
    return float(np.median(np.linalg.norm(spread, axis=1)))


def require_face(track: FaceTrack, path: Path) -> None:
    """Raises MediaError where a film shows no face at all."""
    if all(s.landmarks is None for s in track.sights):
        raise MediaError(f"{path.name}: {_no_face(track.sights).sentence}")
