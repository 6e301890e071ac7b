"""The loop on virtual time, as tables: what is said when goes in, what is heard when comes out."""

from collections.abc import Iterator

import pytest

from tests.fakes import CHARACTER_S, FakeFace, FakeMotion, FakePolicy, FakeVoice, Room, Say
from tiangong.agent.events import Notice, State, StateChanged, TurnDone, UserHeard
from tiangong.agent.mind import APOLOGIES
from tiangong.agent.protocol import Prompt
from tiangong.core.config import Deadlines
from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk, FaceMotion, Message, Speech, SpeechStyle, Verdict
from tiangong.policies.rules import named_policy

LONG = "This is a rather long answer that goes on for quite some time."  # 3.1 s
SORRY = APOLOGIES["en"]


def test_a_question_is_answered_half_a_second_after_it_ends() -> None:
    room = Room([Say(0.5, 1.5, "where is my order")])
    room.brain.answers["where is my order"] = "On its way."
    played = room.play(4)
    (heard,) = played.heard
    assert heard.text == "On its way."
    assert 1.8 < heard.start_s < 2.1  # 0.35 s of silence, one idle clip at most, nothing else
    assert heard.end_s - heard.start_s == pytest.approx(len("On its way.") * CHARACTER_S, abs=0.05)


def test_the_mouth_moves_with_the_sound_and_closes_with_it() -> None:
    played = Room([Say(0.5, 1.5, "where is my order")]).play(4)
    (heard,) = played.heard
    moving = [at for at, is_open in played.mouth if is_open]
    assert abs(moving[0] - heard.start_s) <= 0.04
    assert abs(moving[-1] - heard.end_s) <= 0.2  # released within four pictures


def test_sentences_follow_one_another_without_a_gap() -> None:
    room = Room([Say(0.5, 1.5, "tell me everything")])
    room.brain.answers["tell me everything"] = "First comes this. Then comes that. And this is the end."
    first, second, third = room.play(8).heard
    assert [first.text, second.text, third.text] == ["First comes this.", "Then comes that.", "And this is the end."]
    assert second.start_s - first.end_s < 0.06
    assert third.start_s - second.end_s < 0.06


def test_speaking_over_the_avatar_stops_it_and_memory_keeps_what_was_heard() -> None:
    room = Room([Say(0.5, 1.5, "tell me more"), Say(2.9, 4.2, "no I meant the other one")])
    room.brain.answers["tell me more"] = LONG
    room.brain.answers["no I meant the other one"] = "I see."
    played = room.play(7)
    stopped_s = max(h.end_s for h in played.heard if h.text == LONG)
    assert 2.9 < stopped_s < 2.9 + 0.65
    assert played.texts()[-1] == "I see."
    said = played.conversation.memory.messages[1]
    assert said.interrupted
    assert LONG.startswith(said.text)
    assert 0 < len(said.text) < len(LONG)


def test_an_interruption_is_silent_within_40_ms_of_the_call() -> None:
    room = Room([Say(0.5, 1.5, "tell me more")])
    room.brain.answers["tell me more"] = LONG
    room.at(3.0, lambda conversation: conversation.interrupt())
    (heard,) = room.play(6).heard
    assert 3.0 <= heard.end_s <= 3.04


@pytest.mark.parametrize("noise", ["mm-hm", "嗯", "uh huh", "yeah", "okay", ""])
def test_a_back_channel_softens_the_avatar_and_does_not_stop_it(noise: str) -> None:
    room = Room([Say(0.5, 1.5, "tell me more"), Say(2.9, 3.3, noise)])
    room.brain.answers["tell me more"] = LONG
    played = room.play(8)
    assert {h.text for h in played.heard} == {LONG}
    assert any(h.ducked for h in played.heard)
    assert not played.heard[-1].ducked
    assert played.heard[-1].end_s - played.heard[0].start_s == pytest.approx(len(LONG) * CHARACTER_S, abs=0.1)
    assert played.conversation.memory.messages[-1] == Message("assistant", LONG)


def test_a_word_that_asks_for_the_floor_stops_it_sooner() -> None:
    def stopped_s(words: str) -> float:
        room = Room([Say(0.5, 1.5, "tell me more"), Say(2.9, 3.8, words)])
        room.brain.answers["tell me more"] = LONG
        return max(h.end_s for h in room.play(6).heard if h.text == LONG)

    assert stopped_s("wait wait wait") < stopped_s("bananas and apples") - 0.1


def test_no_stale_sound_after_an_interruption() -> None:
    room = Room([Say(0.5, 1.5, "tell me more"), Say(2.9, 4.0, "stop that and listen please")])
    room.brain.answers["tell me more"] = f"{LONG} {LONG.replace('long', 'late')} {LONG.replace('long', 'later')}"
    room.workers.takes_s = {"voice": 0.3, "face": 0.02}
    played = room.play(9)
    after = [h.text for h in played.heard if h.start_s > 4.0]
    assert after == ["All right."]


def test_going_on_after_a_pause_is_one_question() -> None:
    room = Room([Say(0.5, 1.2, "I bought a red jacket"), Say(1.75, 2.6, "can I return it")])
    room.workers.takes_s = {"brain": 0.5}
    played = room.play(8)
    assert played.conversation.memory.messages[0].text == "I bought a red jacket can I return it"
    assert played.texts() == ["All right."]


def test_a_sentence_that_sounds_unfinished_is_waited_for() -> None:
    room = Room([Say(0.5, 1.2, "I want to return a jacket because"), Say(1.8, 2.6, "it does not fit")])
    played = room.play(6)
    finals = [e.text for _, e in played.events if isinstance(e, UserHeard) and e.final]
    assert finals == ["I want to return a jacket because it does not fit"]


def test_typed_words_are_answered_and_stop_what_is_being_said() -> None:
    room = Room([Say(0.5, 1.5, "tell me more")])
    room.brain.answers["tell me more"] = LONG
    room.at(3.0, lambda conversation: conversation.say("something else"))
    played = room.play(6)
    assert played.texts() == [LONG, "All right."]
    assert played.heard[1].start_s < 3.25


@pytest.mark.parametrize("stage", ["brain", "voice", "policy"])
def test_a_stage_that_stalls_costs_one_apology_and_the_session_lives(stage: str) -> None:
    room = Room([Say(0.5, 1.5, "what is this"), Say(16.0, 17.0, "and what is that")])
    room.workers.deadlines = Deadlines(brain_s=2)
    room.at(0.4, lambda _: room.workers.takes_s.update({stage: 60.0}))
    room.at(12.0, lambda _: room.workers.takes_s.clear())
    played = room.play(20)
    assert played.texts() == [SORRY, "All right."]
    assert [e.text for _, e in played.events if isinstance(e, Notice)] != []


class BrokenFace(FakeFace):
    broken = False

    def draw(self, motion: FaceMotion, sound: AudioChunk | None = None):  # type: ignore[no-untyped-def]
        if self.broken:
            raise RuntimeError("no picture")
        return super().draw(motion, sound)


class BrokenMotion(FakeMotion):
    def speak(self, speech: Speech, start_s: float) -> FaceMotion:
        raise ValueError("no motion")


def test_a_face_that_fails_still_apologizes_with_a_still_picture() -> None:
    room = Room([Say(0.5, 1.5, "what is this"), Say(8.0, 9.0, "and what is that")])
    room.face = BrokenFace()
    room.at(0.4, lambda _: setattr(room.face, "broken", True))
    room.at(7.0, lambda _: setattr(room.face, "broken", False))
    assert room.play(12).texts() == [SORRY, "All right."]


def test_motion_that_fails_still_apologizes() -> None:
    room = Room([Say(0.5, 1.5, "what is this")])
    room.motion = BrokenMotion()
    assert room.play(6).texts() == [SORRY]


class BreakingBrain:
    name = "breaking"

    def reply(self, prompt: Prompt) -> Iterator[str]:
        yield "It begins well. "
        raise ConnectionError("HTTP 500: secret stack trace")


def test_an_error_of_the_brain_is_never_spoken() -> None:
    room = Room([Say(0.5, 1.5, "what is this")])
    room.brain = BreakingBrain()  # type: ignore[assignment]
    played = room.play(8)
    assert played.texts() == ["It begins well.", SORRY]


def test_an_empty_answer_is_an_apology_not_silence() -> None:
    room = Room([Say(0.5, 1.5, "what is this")])
    room.brain.default = " "
    assert room.play(8).texts() == [SORRY]


class BrokenVoice(FakeVoice):
    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        if sentence not in APOLOGIES.values():
            raise OSError("no voice")
        return super().synthesize(sentence, style)


def test_a_voice_that_fails_still_apologizes() -> None:
    room = Room([Say(0.5, 1.5, "what is this")])
    room.voice = BrokenVoice()
    assert room.play(8).texts() == [SORRY]


def test_a_sentence_that_the_policy_forbids_is_never_heard() -> None:
    room = Room([Say(0.5, 1.5, "what is it")])
    room.brain.answers["what is it"] = "It is blue. The secret is blue. That is all."
    played = room.play(8)
    assert played.texts() == ["It is blue.", "Let us not.", "That is all."]
    assert "The secret is blue." not in room.voice.texts  # not even synthesized


def test_input_that_the_policy_refuses_never_reaches_the_brain() -> None:
    room = Room([Say(0.5, 1.5, "the forbidden thing")])
    assert room.play(6).texts() == ["I would rather not."]
    assert room.brain.prompts == []


def test_later_turns_do_not_read_what_was_refused_either() -> None:
    room = Room([Say(0.5, 1.5, "the forbidden thing"), Say(6, 7, "well what then")])
    room.play(12)
    (prompt,) = room.brain.prompts
    assert [m.text for m in prompt.messages] == [
        "(not passed on: against the rules)",
        "I would rather not.",
        "well what then",
    ]


class MaskingPolicy(FakePolicy):
    def check_output(self, sentence: str, language: str) -> Verdict:
        return Verdict("redact", "output", "Call a number.") if "number" in sentence else Verdict("allow")


def test_what_is_masked_in_an_answer_does_not_change_what_the_user_said() -> None:
    room = Room([Say(0.5, 1.5, "whom do I call"), Say(6, 7, "well what then")])
    room.policy = MaskingPolicy()
    room.brain.answers["whom do I call"] = "Call the number 123."
    assert room.play(12).texts()[0] == "Call a number."
    assert room.brain.prompts[1].messages[0].text == "whom do I call"


def test_a_number_is_hidden_from_later_turns_whatever_rule_decides_this_one() -> None:
    room = Room([Say(0.5, 1.5, "my card is 5105105105105100, are you a real person"), Say(6, 7, "what is blue")])
    room.policy = named_policy(None)
    room.play(12)
    (prompt,) = room.brain.prompts  # the first turn was the policy's own
    assert prompt.messages[0].text == "my card is a card number, are you a real person"


class FailingPolicy(FakePolicy):
    def check_output(self, sentence: str, language: str) -> Verdict:
        if sentence not in APOLOGIES.values():
            raise KeyError("broken rule")
        return Verdict("allow")


def test_a_policy_that_fails_is_closed() -> None:
    room = Room([Say(0.5, 1.5, "what is this")])
    room.policy = FailingPolicy()
    assert room.play(6).texts() == [SORRY]


def test_the_avatar_greets_and_then_listens() -> None:
    room = Room()
    room.at(0.1, lambda conversation: conversation.greet())
    played = room.play(4)
    assert played.texts() == ["Hello, I am an AI."]
    states = [e.state for _, e in played.events if isinstance(e, StateChanged)]
    assert states == [State.THINKING, State.IDLE]


def test_a_cough_while_thinking_does_not_lose_the_question() -> None:
    room = Room([Say(0.5, 1.5, "where is my order"), Say(2.0, 2.2, "")])
    room.workers.takes_s = {"brain": 0.5}
    assert room.play(8).texts() == ["All right."]


def test_each_turn_reports_where_its_time_went() -> None:
    room = Room([Say(0.5, 1.5, "where is my order")])
    room.workers.takes_s = {"brain": 0.1}
    (report,) = [e for _, e in room.play(5).events if isinstance(e, TurnDone)]
    assert report.first_sound_s == pytest.approx(
        0.36 + 0.6, abs=0.1
    )  # silence, then search and what the brain says piece by piece
    assert {"hearing", "policy", "brain", "voice"} <= {timing.stage for timing in report.stages}
    assert all(t.started_s <= t.first_output_s <= t.ended_s for t in report.stages)


def test_too_much_text_is_refused_and_nothing_text_is_no_turn() -> None:
    room = Room()
    complaints: list[MediaError] = []

    def type_too_much(conversation) -> None:  # type: ignore[no-untyped-def]
        try:
            conversation.say("x" * 100_000)
        except MediaError as error:
            complaints.append(error)
        conversation.say("\u200b\u200f  ")

    room.at(0.5, type_too_much)
    assert room.play(3).texts() == []
    assert "4,000" in str(complaints[0])


def test_a_feeling_in_the_users_words_reaches_the_answer_only_where_they_agreed() -> None:
    felt: dict[bool, str | None] = {}
    for agreed in (False, True):
        room = Room([Say(0.5, 1.6, "I am really angry about this parcel")])
        room.at(0.1, lambda conversation, agreed=agreed: conversation.mood.listen(agreed))
        room.play(5)
        emotion = room.brain.prompts[-1].emotion
        felt[agreed] = emotion.label if emotion else None
    assert felt == {False: None, True: "angry"}


def test_a_caller_who_goes_on_after_a_wrong_end_is_waited_for_the_next_time() -> None:
    lines = [
        Say(0.5 + 2.2 * i + 1.1 * half, 1.0 + 2.2 * i + 1.1 * half, "the lamp") for i in range(5) for half in (0, 1)
    ]
    ends = [event for _, event in Room(lines).play(16).events if isinstance(event, UserHeard) and event.final]
    assert len(ends) < len(lines)  # at first each half is a turn of its own; later the pause is known
