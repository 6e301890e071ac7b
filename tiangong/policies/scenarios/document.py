"""What may stand in a `*.scenario.yaml`. `scenario.schema.json` is made from these models."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from tiangong.core.face import EmotionLabel
from tiangong.core.media import Action
from tiangong.policies.document import Asker, Consent, Limits, RuleId, Section, Share, Text

Language = Literal["en", "zh"]
Evasion = Literal["full_width", "zero_width", "traditional", "homoglyph", "pinyin", "spaced", "upper"]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Listed = Annotated[list[Text], BeforeValidator(_listed, json_schema_input_type=Text | list[Text])]


class Felt(Section):
    """What the camera shows of the user."""

    feeling: EmotionLabel
    confidence: Share = 0.8


class Given(Section):
    """How things stand when the talk begins."""

    asker: Asker = "visitor"
    consent: Consent = "valid"
    names: dict[str, Text] = {}  # of the avatar, by language


class FaceExpected(Section):
    show: EmotionLabel | None = None
    never: Annotated[
        list[EmotionLabel], BeforeValidator(_listed, json_schema_input_type=EmotionLabel | list[EmotionLabel])
    ] = []
    smile_at_most: Share | None = None  # mean of the smile's blend shapes while it speaks, by the real motion engine


class VoiceExpected(Section):
    rate: Limits | None = None
    pitch: Limits | None = None
    energy: Limits | None = None


class Expect(Section):
    """What must hold after a turn; what is not named is not looked at."""

    action: Annotated[list[Action], BeforeValidator(_listed, json_schema_input_type=Action | list[Action])] | None = (
        None  # of what the user said, or else of a sentence
    )
    rule: RuleId | None = None
    spoken: Listed = []  # each stands in what was said
    not_spoken: Listed = []
    leaked_chars: int | None = None  # characters of `forbidden` that were said
    disclosed: bool | None = None  # it said that it is an AI
    flow: str | None = None  # "returns.confirm", or "none"
    hand_off: bool | None = None
    summary: Listed = []  # each stands in the hand-off's summary
    not_in_summary: Listed = []
    expression: FaceExpected | None = None
    voice: VoiceExpected | None = None
    label: bool | None = None  # the picture bears the AI mark
    ended: bool | None = None
    remembered: Listed = []  # each stands in what reached the language model
    not_remembered: Listed = []
    latency_ms: float | None = Field(default=None, gt=0)  # the slowest check of the turn


class Turn(Section):
    """The user speaks, types or shows a feeling; `model` is what a scripted language model answers."""

    user: Text | None = None  # None: the avatar opens
    sound: str | None = None  # a recording beside the scenario, heard by the real recogniser
    face: Felt | None = None
    model: str = ""
    forbidden: Listed = []  # parts of `model` that must not be heard
    expect: Expect = Expect()


class Vary(Section):
    """The same turns in other clothes."""

    recut: bool = True  # the language model's stream cut at every boundary gives the same verdicts
    evasions: list[Evasion] = []  # of what the user says: the verdicts of all turns stay
    forbidden_evasions: list[Evasion] = []  # of `forbidden` in the model's answers: nothing leaks


class Live(Section):
    """A real language model answers: k of n runs must hold."""

    runs: int = Field(default=5, ge=1, le=100)
    at_least: Share = 0.8


class Scenario(Section):
    scenario: RuleId  # its id
    about: Text
    language: Language
    policy: str | None = None  # a file beside the scenario, or the name of a template; None: the one under test
    covers: list[RuleId] = Field(min_length=1)  # rules and flows that it is about
    kind: Literal["must_stop", "must_allow", "other"]
    given: Given = Given()
    model: Literal["scripted", "recorded", "live"] = "scripted"
    recorded: str | None = None  # a JSON file of answers beside the scenario
    turns: list[Turn] = Field(min_length=1, max_length=40)
    vary: Vary = Vary()
    live: Live = Live()
    marks: list[str] = []

    @model_validator(mode="after")
    def _fits(self) -> "Scenario":
        if self.model == "recorded" and not self.recorded:
            raise ValueError("a recorded scenario names its file under 'recorded'")
        if any(turn.user is None and turn.sound is None for turn in self.turns[1:]):
            raise ValueError("only the first turn may be the avatar's own")
        return self


class ScenarioFile(Section):
    """One or more scenarios in a file."""

    version: Literal[1] = Field(alias="schema")
    scenarios: list[Scenario] = Field(min_length=1, max_length=200)
