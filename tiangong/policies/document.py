"""What may stand in a policy file. `policy.schema.json` is made from these models."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tiangong.core.face import EmotionLabel
from tiangong.core.media import Action

SCHEMA_VERSION = 1
Place = Literal["input", "output.sentence", "output.final", "session", "media", "tool"]
Severity = Literal["grave", "serious", "minor"]
Asker = Literal["visitor", "operator", "owner"]
Consent = Literal["valid", "missing", "expired", "revoked"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*$", max_length=80)]
Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, (str, dict)) else value


Texts = Annotated[
    list[Text],
    BeforeValidator(_listed, json_schema_input_type=Text | list[Text]),
    Field(min_length=1, max_length=1_000),
]
ByLanguage = dict[Annotated[str, Field(pattern=r"^([a-z]{2}|any)$")], Texts]


class Section(BaseModel):
    """A table of the file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class EmotionIs(Section):
    """The user's feeling is one of these, so surely at least."""

    feelings: Annotated[
        list[EmotionLabel],
        BeforeValidator(_listed, json_schema_input_type=EmotionLabel | list[EmotionLabel]),
        Field(alias="is", min_length=1),
    ]
    at_least: Share = 0.5


class CounterIs(Section):
    """Something was counted so often in this session."""

    name: Name
    at_least: int = Field(ge=1, le=1_000)


class TopicIs(Section):
    """The text lies outside of what the avatar talks about, or inside of what it must not talk about."""

    out_of: Literal["scope"] | None = None
    in_: Name | None = Field(default=None, alias="in")
    at_least: Share = 0.5


class Condition(Section):
    """One test. Several keys in one table must all hold (`at_least` belongs to `intent` and `judge`)."""

    any: "list[Condition] | None" = None
    all: "list[Condition] | None" = None
    not_: "Condition | None" = Field(default=None, alias="not")
    pattern: Name | None = None
    words: Name | None = None
    personal_data: Annotated[list[str], BeforeValidator(_listed, json_schema_input_type=str | list[str])] | None = None
    intent: Name | None = None
    judge: Text | None = None  # a question that a judge model answers with yes or no
    at_least: Share = 0.5
    counter: CounterIs | None = None
    emotion: EmotionIs | None = None
    asker: Annotated[list[Asker], BeforeValidator(_listed, json_schema_input_type=Asker | list[Asker])] | None = None
    consent: (
        Annotated[list[Consent], BeforeValidator(_listed, json_schema_input_type=Consent | list[Consent])] | None
    ) = None
    topic: TopicIs | None = None
    turn: int | None = Field(default=None, ge=0)  # how many turns of the user came before; 0: the opening
    tool: Annotated[list[str], BeforeValidator(_listed, json_schema_input_type=str | list[str])] | None = (
        None  # the tool's name, at place `tool`
    )

    @model_validator(mode="after")
    def _tests_something(self) -> "Condition":
        if not self.model_fields_set - {"at_least"}:
            raise ValueError("an empty condition; name a test such as 'pattern' or 'intent'")
        return self


class Limits(Section):
    at_least: float = Field(default=0.0, ge=0, le=4)
    at_most: float = Field(default=4.0, ge=0, le=4)


class FaceStyle(Section):
    show: EmotionLabel | None = None
    never: Annotated[
        list[EmotionLabel], BeforeValidator(_listed, json_schema_input_type=EmotionLabel | list[EmotionLabel])
    ] = []
    at_most: Share = 1.0  # how strongly a feeling may show


class Style(Section):
    """Constraints on the reply's face and voice; 1.0 is the voice's own way."""

    face: FaceStyle = FaceStyle()
    rate: Limits = Limits()
    pitch: Limits = Limits()
    energy: Limits = Limits()


class Samples(Section):
    """Texts that the rule must act on, and texts that it must let pass."""

    hit: ByLanguage = {}
    miss: ByLanguage = {}


class Rule(Section):
    id: RuleId
    place: Place
    severity: Severity = "serious"
    about: ByLanguage = {}  # what it is for, in plain words
    when: Condition
    unless: list[Condition] = []
    action: Action
    text: ByLanguage = {}
    style: Style = Style()
    count: Name | None = None  # a counter of the session that goes up when the rule acts
    samples: Samples = Samples()


class Choice(Section):
    """A way on from a step, by what the user answers."""

    when: Condition
    go: Name


class Step(Section):
    """One step of a flow: ask for a slot, let the user confirm, act, say something, or hand off."""

    id: Name
    ask: Name | None = None  # the slot that the answer fills
    named: ByLanguage = {}  # RE2 patterns by which the user names the slot, to change it: "the date"
    accept: ByLanguage = {}  # RE2 patterns; the first group, or else the whole match, is the slot's value
    confirm: bool = False  # the answer is yes or no; no goes back to the slot that the user names, or else to the first
    act: Name | None = None  # a tool to be called with the slots
    hand_off: bool = False
    text: ByLanguage = {}  # may hold {slot}
    again: ByLanguage = {}  # when an answer was not understood
    tries: int = Field(default=3, ge=1, le=10)  # then the flow hands off
    choices: list[Choice] = []
    go: Name | None = None  # the next step; otherwise the one that follows


class Flow(Section):
    id: Name
    about: ByLanguage = {}
    start: Condition
    steps: list[Step] = Field(min_length=1, max_length=50)
    cancelled: ByLanguage = {}  # said when the user changes their mind


class Pack(Section):
    """A set of rules that ships, or that a deployer keeps for several policies."""

    pack: Name
    about: ByLanguage = {}
    pieces: dict[Name, Text] = {}  # parts of patterns by name; a piece may hold {pieces} that stand before it
    patterns: dict[Name, ByLanguage] = {}  # RE2, with {pieces}
    words: dict[Name, ByLanguage] = {}
    rules: list[Rule] = []
    flows: list[Flow] = []


class Persona(Section):
    """What the avatar is, and what it never claims to be. Human, doctor and lawyer it never is: pack honesty."""

    name: dict[str, Text] = {}  # where the avatar itself has none
    is_ai: Literal[True] = True  # an avatar that denies it cannot be configured
    never_claims: ByLanguage = {}  # titles and names besides: "Confucius", "a judge"


class Topics(Section):
    """Topics by examples: a text is out of scope when it resembles no example of `inside` (nor any of the knowledge)."""

    inside: ByLanguage = {}
    outside: dict[Name, ByLanguage] = {}


class Defaults(Section):
    """What happens when a check itself cannot answer."""

    broken: dict[Severity, Literal["closed", "open"]] = {"grave": "closed", "serious": "closed", "minor": "open"}
    broken_text: ByLanguage = {}
    # Rules that need a judge model: `late` speaks meanwhile and stops where the judge forbids it, which is the way of all rules
    # that are not grave; `wait` lets nothing be heard before the judge of a grave rule has answered.
    judge: Literal["wait", "late"] = "wait"
    late_text: ByLanguage = {}  # said where a late verdict stops the avatar; then come the rule's own words
    unverified: Literal["clarify", "refuse", "hand_off"] = "clarify"  # a language that a rule does not cover
    unverified_text: ByLanguage = {}


class Budget(Section):
    """How much harmless talk the policy may stop, measured by `policy test`."""

    over_blocking: Share = 0.01


class PolicyFile(Section):
    """A whole policy."""

    version: Literal[1] = Field(alias="schema")
    policy: Name
    about: ByLanguage = {}
    languages: list[Annotated[str, Field(pattern=r"^[a-z]{2}$")]] = Field(min_length=1)
    packs: list[Name] = []
    persona: Persona = Persona()
    topics: Topics = Topics()
    pieces: dict[Name, Text] = {}
    patterns: dict[Name, ByLanguage] = {}
    words: dict[Name, ByLanguage] = {}
    rules: list[Rule] = []
    without: list[RuleId] = []  # rules of packs that do not apply here; grave ones stay
    flows: list[Flow] = []
    defaults: Defaults = Defaults()
    budget: Budget = Budget()


Condition.model_rebuild()
