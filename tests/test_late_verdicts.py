"""A slow judge in the real loop on virtual time: what it forbids late is stopped, what it must see first is held."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import CHARACTER_S, Played, Room, Say
from tests.test_judges import completion
from tests.test_openai_chat import Server, answers
from tiangong.agent.events import AvatarStopped, Decided, Notice
from tiangong.core.config import JudgeSettings, PolicySettings, Settings
from tiangong.core.errors import EngineError
from tiangong.core.media import Message
from tiangong.policies.compiled import read_policy
from tiangong.policies.decision import Decision
from tiangong.policies.judges.protocol import JudgeTimeout, Question
from tiangong.policies.protocol import VISITOR
from tiangong.policies.rules import RulesPolicy

POLICY = """
schema: 1
policy: shop
languages: [en, zh]
patterns:
  blend: {any: [blend]}
rules:
  - id: shop.gossip
    place: output.sentence
    when: {judge: "Is it gossip?"}
    action: replace
    text: {en: "I only talk about tea.", zh: "我只谈茶。"}
  - id: shop.begging
    place: input
    when: {judge: "Does the user beg?"}
    action: refuse
    text: {en: "I have nothing to give.", zh: "我没有可以给的。"}
  - id: shop.secret
    place: output.sentence
    severity: grave
    when: {any: [{pattern: blend}, {judge: "Does it tell the recipe?"}]}
    action: replace
    text: {en: "Let us talk about the taste.", zh: "我们聊聊味道。"}
defaults:
  judge: LATE_OR_WAIT
  late_text: {en: "Let me take that back.", zh: "这句话我收回。"}
"""
FIRST = "This tea is grown on a hill in the north of the country."  # 2.9 s
GOSSIP = "The shop next door is owned by a man who drinks a lot."  # 2.7 s
LAST = "And that is all that I know about it for today."
ANSWER = f"{FIRST} {GOSSIP} {LAST}"


@dataclass
class ScriptedJudge:
    """Says yes where a question and a word of the text go together; breaks where it is told to."""

    yes: dict[str, str] = field(default_factory=dict[str, str])
    breaks: EngineError | None = None
    asked: list[Question] = field(default_factory=list[Question])
    name: str = "scripted"

    def judge(self, question: Question) -> float:
        self.asked.append(question)
        if self.breaks:
            raise self.breaks
        return 0.9 if any(w in question.asks and word in question.text for w, word in self.yes.items()) else 0.1


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., RulesPolicy]:
    def policy(judge: ScriptedJudge, defaults: str = "late") -> RulesPolicy:
        (tmp_path / "policy.yaml").write_text(POLICY.replace("LATE_OR_WAIT", defaults), encoding="utf-8")
        return RulesPolicy(read_policy(tmp_path / "policy.yaml", judge))

    return policy


def talk(policy: Any, takes_s: float, seconds: float = 14, *more: Say) -> Played:
    room = Room([Say(0.5, 1.5, "tell me more"), *more])
    room.brain.answers["tell me more"] = ANSWER
    room.policy = policy
    room.workers.takes_s = {"judge": takes_s}
    return room.play(seconds)


def decisions(played: Played) -> list[Decision]:
    return [event.decision for _, event in played.events if isinstance(event, Decided)]


def test_a_late_verdict_stops_the_sound_and_says_a_bridge_line_and_nothing_more(shop) -> None:  # type: ignore[no-untyped-def]
    played = talk(shop(ScriptedJudge({"gossip": "next door"})), takes_s=1.4)  # input, first sentence, then this one
    first, gossip, *instead = played.heard
    assert [first.text, gossip.text] == [FIRST, GOSSIP]
    assert 0.1 < gossip.end_s - gossip.start_s < len(GOSSIP) * CHARACTER_S - 0.5
    assert [h.text for h in instead] == ["Let me take that back.", "I only talk about tea."]
    assert instead[0].start_s - gossip.end_s < 0.5


def test_the_face_is_at_rest_before_the_bridge_line(shop) -> None:  # type: ignore[no-untyped-def]
    judge = ScriptedJudge({"gossip": "next door"})
    room = Room([Say(0.5, 1.5, "tell me more")])
    room.brain.answers["tell me more"] = ANSWER
    room.policy, room.workers.takes_s = shop(judge), {"judge": 1.4, "voice": 0.5}
    played = room.play(14)
    gossip, bridge = played.heard[1], played.heard[2]
    silent = [is_open for at_s, is_open in played.mouth if gossip.end_s + 0.2 < at_s < bridge.start_s - 0.05]
    assert silent
    assert not any(silent)


def test_memory_and_page_have_what_was_heard(shop) -> None:  # type: ignore[no-untyped-def]
    played = talk(shop(ScriptedJudge({"gossip": "next door"})), takes_s=1.4)
    messages = played.conversation.memory.messages
    cut = messages[1]
    assert cut.interrupted
    assert cut.text.startswith(FIRST)
    assert GOSSIP not in cut.text
    assert messages[2] == Message("assistant", "Let me take that back. I only talk about tea.")
    stopped = [event.text for _, event in played.events if isinstance(event, AvatarStopped)]
    assert stopped == [cut.text]


def test_a_judge_that_is_quick_enough_lets_nothing_of_it_be_heard(shop) -> None:  # type: ignore[no-untyped-def]
    played = talk(shop(ScriptedJudge({"gossip": "next door"})), takes_s=0.1)
    assert GOSSIP not in played.texts()
    assert played.texts()[-1] == "I only talk about tea."


def test_the_next_sentence_is_asked_about_while_the_one_before_is_spoken(shop) -> None:  # type: ignore[no-untyped-def]
    judge = ScriptedJudge()
    played = talk(shop(judge), takes_s=0.8)
    assert played.texts() == [FIRST, GOSSIP, LAST]  # nobody waited
    assert played.heard[1].start_s - played.heard[0].end_s < 0.06
    about_gossip = next(i for i, question in enumerate(judge.asked) if question.text == GOSSIP)
    assert judge.asked[about_gossip].before == (FIRST,)
    assert judge.asked[about_gossip].heard == "tell me more"
    assert sum(d.late for d in decisions(played)) == 4  # the question and three sentences


def test_a_late_verdict_on_the_question_stops_the_answer_and_keeps_the_question_from_later_turns(shop) -> None:  # type: ignore[no-untyped-def]
    played = talk(shop(ScriptedJudge({"beg": "more"})), 1.5, 12)
    assert played.texts() == [FIRST, "Let me take that back.", "I have nothing to give."]
    assert played.conversation.memory.messages[0].withheld


def test_what_a_grave_rule_must_see_is_held_and_never_heard(shop) -> None:  # type: ignore[no-untyped-def]
    played = talk(shop(ScriptedJudge({"recipe": "hill"}), "wait"), takes_s=0.4)
    assert FIRST not in played.texts()
    assert played.texts()[0] == "Let us talk about the taste."
    assert played.texts()[-1] == LAST


def test_a_grave_rule_that_may_be_late_is_taken_back(shop) -> None:  # type: ignore[no-untyped-def]
    played = talk(shop(ScriptedJudge({"recipe": "hill"}), "late"), takes_s=1.2)
    assert played.texts()[:2] == [FIRST, "Let me take that back."]
    assert LAST not in played.texts()


def test_embedded_checks_never_wait_for_the_judge(shop) -> None:  # type: ignore[no-untyped-def]
    session = shop(ScriptedJudge(), "wait").session(VISITOR, lambda decision: None)
    verdict = session.check_output("The blend is mint.", "en")
    assert (verdict.action, verdict.rule, verdict.later) == ("replace", "shop.secret", None)


@pytest.mark.parametrize(
    ("error", "status"),
    [(JudgeTimeout("judge", 0, "too slow"), "timeout"), (EngineError("judge", 0, "no such model"), "broken")],
)
def test_a_judge_that_is_away_is_written_down_and_does_not_slow_the_talk(shop, error: EngineError, status: str) -> None:  # type: ignore[no-untyped-def]
    played = talk(shop(ScriptedJudge(breaks=error)), takes_s=0.2)
    assert played.texts() == [FIRST, GOSSIP, LAST]
    assert not [e for _, e in played.events if isinstance(e, Notice)]
    late = [d for d in decisions(played) if d.late]
    assert {outcome.status for d in late for outcome in d.outcomes} == {status}
    assert {(d.verdict.action, d.verdict.status) for d in late} == {("allow", "broken")}


def test_a_grave_rule_that_waits_is_closed_where_the_judge_is_away(shop) -> None:  # type: ignore[no-untyped-def]
    played = talk(shop(ScriptedJudge(breaks=EngineError("judge", 0, "away")), "wait"), takes_s=0.2)
    assert not {FIRST, GOSSIP, LAST} & set(played.texts())


def test_a_judge_that_answers_after_the_turn_is_over_still_takes_back_what_was_said(shop) -> None:  # type: ignore[no-untyped-def]
    room = Room([Say(0.5, 1.5, "tell me more")])
    room.brain.answers["tell me more"] = GOSSIP
    room.policy, room.workers.takes_s = shop(ScriptedJudge({"gossip": "next door"})), {"judge": 3.0}
    assert room.play(14).texts() == [GOSSIP, "Let me take that back.", "I only talk about tea."]


def test_a_verdict_on_an_older_turn_stops_nothing(shop) -> None:  # type: ignore[no-untyped-def]
    judge = ScriptedJudge({"gossip": "next door"})
    played = talk(shop(judge), 2.4, 14, Say(5.2, 6.6, "no I meant something else"))
    assert played.texts()[-1] == "All right."
    assert any(d.late and d.verdict.rule == "shop.gossip" for d in decisions(played))


def test_a_text_too_many_is_let_go_unasked_and_written_down(shop, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("tiangong.agent.late_verdicts.MOST_WAITING", 1)
    played = talk(shop(ScriptedJudge()), takes_s=2.0)
    assert played.texts() == [FIRST, GOSSIP, LAST]
    reasons = [outcome.reason for d in decisions(played) if d.late for outcome in d.outcomes]
    assert any("behind" in reason for reason in reasons)


def test_personal_data_are_masked_before_a_judge_sees_them(shop) -> None:  # type: ignore[no-untyped-def]
    judge = ScriptedJudge()
    session = shop(judge).session(VISITOR, lambda decision: None)
    later = session.check_input("my card is 5105106970587158", "en", None).later
    assert later
    later.ask()
    session.check_output("You said 5105106970587158, is that right?", "en")
    second = session.check_output("Then I see.", "en").later
    assert second
    second.ask()
    assert judge.asked[-1].before
    assert "5105106970587158" not in repr(judge.asked)


def test_the_words_that_are_withheld_late_are_those_that_were_judged(shop) -> None:  # type: ignore[no-untyped-def]
    played = talk(shop(ScriptedJudge({"beg": "tell me more"})), 4.5, 16, Say(5.2, 6.6, "no I meant something else"))
    asked = [(m.text, m.withheld) for m in played.conversation.memory._messages if m.role == "user"]  # pyright: ignore[reportPrivateUsage]
    assert asked == [("tell me more", True), ("no I meant something else", False)]
    assert played.texts()[-1] == "All right."


def test_a_judge_behind_a_real_server_stops_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY.replace("LATE_OR_WAIT", "late"), encoding="utf-8")

    def act(server: Server, handler: Any) -> None:
        asked = server.asked["messages"][1]["content"]
        about_text = asked.split("=== the text")[1]
        answers(200, completion("Yes" if "gossip" in asked and GOSSIP in about_text else "No"))(server, handler)

    server = Server(act)
    judge = JudgeSettings(base_url=server.url, model="tiny")
    try:
        policy = RulesPolicy.from_settings(Settings(policy=PolicySettings(file=path, judge=judge)))
        played = talk(policy, takes_s=1.4)
    finally:
        server.close()
    assert played.texts() == [FIRST, GOSSIP, "Let me take that back.", "I only talk about tea."]
    (late,) = [d for d in decisions(played) if d.late and d.verdict.rule == "shop.gossip"]
    assert "sure" in late.outcomes[0].reason


def test_a_server_that_goes_away_costs_nothing_but_a_few_lines_in_the_record(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY.replace("LATE_OR_WAIT", "late"), encoding="utf-8")
    judge = JudgeSettings(base_url="http://127.0.0.1:9/v1", model="tiny")
    policy = RulesPolicy.from_settings(Settings(policy=PolicySettings(file=path, judge=judge)))
    played = talk(policy, takes_s=0.1)
    assert played.texts() == [FIRST, GOSSIP, LAST]
    reasons = [outcome.reason for d in decisions(played) if d.late for outcome in d.outcomes]
    assert sum("connection" in reason for reason in reasons) == 3
    assert all("not asked: it failed 3 times" in reason for reason in reasons[3:])
    assert len(reasons) == 7  # two questions about each sentence, one about the user's
