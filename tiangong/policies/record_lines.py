"""What stands in a file of decision records: one JSON object a line, told apart by `kind`.

`docs/schema/record.schema.json` is made from these models. Personal data are masked in every text.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tiangong.core.language import language_of
from tiangong.policies.decision import Decision
from tiangong.policies.wording import excerpt, without_personal_data


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SessionLine(_Line):
    """A caller has come."""

    kind: Literal["session"] = "session"
    schema_version: Literal[1] = 1
    at: str  # ISO 8601, UTC, as in all lines
    session: str  # a random number of this talk, in all its lines
    avatar: str


class RuleLine(_Line):
    """A rule that did not simply miss."""

    rule: str
    status: str  # hit, broken, timeout, unverified, or pending: a judge model was asked and answers in a later line
    spans: list[tuple[int, int]] = []  # in code points of what was judged
    reason: str = ""


class CheckLine(_Line):
    """One text was judged."""

    kind: Literal["check"] = "check"
    at: str
    session: str
    turn: int  # of the user, from 1; 0: the opening
    place: str  # input, output.sentence, output.final, session, tool
    late: bool  # by a judge model, after the text had been let go on
    text: str  # what was heard, or was about to be said
    language: str
    emotion: str  # how the user seemed to feel, "" where not known
    emotion_confidence: float
    looked: int  # rules that were asked
    rules: list[RuleLine]
    action: str
    rule: str  # that decided; "" for "allow"
    status: str  # checked, unverified or broken
    spans: list[tuple[int, int]]
    ms: float
    said: str  # what goes on to be said, or to the language model; "" for nothing
    summary: str  # for a human colleague, with "hand_off"


class SaidLine(_Line):
    """What was really heard of an answer."""

    kind: Literal["said"] = "said"
    at: str
    session: str
    text: str
    whole: bool  # False: it was cut short, by the user or by the policy


class DroppedLine(_Line):
    """Lines that could not be written down: too many at once, or no room."""

    kind: Literal["dropped"] = "dropped"
    at: str
    lines: int


RecordLine = Annotated[SessionLine | CheckLine | SaidLine | DroppedLine, Field(discriminator="kind")]
RECORD_LINE: TypeAdapter[SessionLine | CheckLine | SaidLine | DroppedLine] = TypeAdapter(RecordLine)


def check_line(decision: Decision, at: str, session: str) -> CheckLine:
    verdict = decision.verdict
    return CheckLine(
        at=at,
        session=session,
        turn=decision.turn,
        place=decision.place,
        late=decision.late,
        text=decision.text,
        language=decision.language,
        emotion=decision.emotion,
        emotion_confidence=round(decision.emotion_confidence, 3),
        looked=decision.looked,
        rules=[RuleLine(rule=o.rule, status=o.status, spans=list(o.spans), reason=o.reason) for o in decision.outcomes],
        action=verdict.action,
        rule=verdict.rule,
        status=verdict.status,
        spans=list(verdict.spans),
        ms=round(verdict.elapsed_ms, 3),
        said=decision.said,
        summary=verdict.summary,
    )


def said_line(text: str, whole: bool, at: str, session: str) -> SaidLine:
    """`text` as it was heard; its personal data are masked here."""
    masked = without_personal_data(excerpt(text), language_of(text))
    return SaidLine(at=at, session=session, text=masked, whole=whole)
