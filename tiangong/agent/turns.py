"""Who has the floor: pure functions on the audio clock, no sound and no waiting in here.

`step` takes the state and what one 32 ms chunk brought, and gives the next state and at most one event. The rules follow
conversation analysis: a turn ends by silence, sooner where the words sound complete (Sacks, Schegloff and Jefferson 1974);
short "continuers" (Yngve 1970, back-channels) do not claim the floor. How long a silence it takes is decided in `patience`.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

from tiangong.agent.floor_words import asks_for_floor


class TurnEvent(Enum):
    STARTED = auto()  # the user began to speak while the avatar was quiet
    OVERLAPPED = auto()  # the user began while the avatar speaks: soften, but go on
    BARGED_IN = auto()  # the user wants the floor: stop
    PAUSED = auto()  # a short silence inside the user's turn: a listener nods here
    ENDED = auto()  # the user has finished, or fell quiet


@dataclass(frozen=True)
class TurnRules:
    """When to decide what."""

    start_probability: float = 0.5  # voice activity that begins speech
    stop_probability: float = 0.35  # and that ends it: lower, so that a soft syllable does not split a word
    start_voiced_s: float = 0.09  # three chunks: a click or a cough's edge is shorter
    pause_s: float = 0.16
    barge_in_voiced_s: float = (
        0.45  # so much voice over the avatar is no back-channel any more: those last 0.2 to 0.4 s
    )
    barge_in_word_s: float = 0.25  # with words that ask for the floor
    longest_turn_s: float = 60.0


@dataclass(frozen=True)
class Heard:
    """What one chunk of the microphone brought."""

    start_s: float
    end_s: float
    voice_probability: float
    text: str = ""  # the recogniser's words so far, "" where it has none yet
    end_silence_s: float = 0.7  # so much silence ends the turn after these words
    avatar_speaking: bool = False


@dataclass(frozen=True)
class TurnState:
    speaking: bool = False  # the user's utterance has begun and not ended
    over_avatar: bool = False  # it began while the avatar spoke
    barged_in: bool = False
    paused: bool = False
    onset_s: float = 0.0  # first voiced chunk
    last_voiced_s: float = 0.0  # end of the last voiced chunk
    voiced_s: float = 0.0  # voice so far, pauses left out


def step(state: TurnState, heard: Heard, rules: TurnRules) -> tuple[TurnState, TurnEvent | None]:
    """Advance by one chunk."""
    threshold = rules.stop_probability if state.voiced_s else rules.start_probability
    if heard.voice_probability >= threshold:
        return _voiced(state, heard, rules)
    return _quiet(state, heard, rules)


def _voiced(state: TurnState, heard: Heard, rules: TurnRules) -> tuple[TurnState, TurnEvent | None]:
    state = replace(
        state,
        onset_s=state.onset_s if state.voiced_s else heard.start_s,
        voiced_s=state.voiced_s + heard.end_s - heard.start_s,
        last_voiced_s=heard.end_s,
        paused=False,
    )
    if not state.speaking:
        if state.voiced_s < rules.start_voiced_s:
            return state, None
        began = replace(state, speaking=True, over_avatar=heard.avatar_speaking)
        return began, TurnEvent.OVERLAPPED if heard.avatar_speaking else TurnEvent.STARTED
    if _claims_floor(state, heard, rules):
        return replace(state, barged_in=True), TurnEvent.BARGED_IN
    if heard.end_s - state.onset_s >= rules.longest_turn_s:
        return TurnState(), TurnEvent.ENDED
    return state, None


def _quiet(state: TurnState, heard: Heard, rules: TurnRules) -> tuple[TurnState, TurnEvent | None]:
    if not state.speaking:
        # Too short to have been speech; one quiet chunk between two voiced ones is allowed.
        gone = state.voiced_s and heard.end_s - state.last_voiced_s > rules.start_voiced_s
        return (TurnState() if gone else state), None
    silence_s = heard.end_s - state.last_voiced_s + 1e-6
    if silence_s >= heard.end_silence_s:
        return TurnState(), TurnEvent.ENDED
    if silence_s >= rules.pause_s and not state.paused:
        return replace(state, paused=True), TurnEvent.PAUSED
    return state, None


def _claims_floor(state: TurnState, heard: Heard, rules: TurnRules) -> bool:
    if not state.over_avatar or state.barged_in:
        return False
    if state.voiced_s >= rules.barge_in_voiced_s:
        return True
    return state.voiced_s >= rules.barge_in_word_s and asks_for_floor(heard.text)
