"""What page and server say to each other over the call's data channel: one JSON object a message."""

import json
from dataclasses import asdict, is_dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tiangong.agent.events import Event
from tiangong.core.errors import MediaError


class _FromPage(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Alive(_FromPage):
    """Sent every two seconds; a page that stays silent has left."""

    kind: Literal["alive"]


class Typed(_FromPage):
    kind: Literal["typed"]
    text: str = Field(max_length=200_000)


class Interrupted(_FromPage):
    kind: Literal["interrupt"]


class CameraSwitched(_FromPage):
    kind: Literal["camera"]
    on: bool


class FeelingsSwitched(_FromPage):
    """Whether voice and words may be read for feelings."""

    kind: Literal["feelings"]
    on: bool


class LanguageChosen(_FromPage):
    kind: Literal["language"]
    language: Literal["auto", "en", "zh"]


class HungUp(_FromPage):
    kind: Literal["bye"]


PageMessage = Alive | Typed | Interrupted | CameraSwitched | FeelingsSwitched | LanguageChosen | HungUp
_MESSAGES: TypeAdapter[PageMessage] = TypeAdapter(Annotated[PageMessage, Field(discriminator="kind")])


def read_message(text: str | bytes) -> PageMessage:
    """Raises MediaError for anything that is not one of the messages above."""
    try:
        return _MESSAGES.validate_json(text)
    except ValidationError as error:
        raise MediaError(f"not a message of the page: {error.errors()[0]['msg']}") from error


def write_event(event: Event) -> str:
    """{"kind": "AvatarSaid", ...} with the event's own fields."""
    assert is_dataclass(event)
    fields = {k: str(v) if isinstance(v, StrEnum) else v for k, v in asdict(event).items()}
    return json.dumps({"kind": type(event).__name__, **fields}, ensure_ascii=False)
