"""Which terms bind Coqui's weights. The package itself is under the MPL 2.0; the weights have licences of their own."""

from dataclasses import dataclass
from typing import Final

from tiangong.core.config import Settings
from tiangong.voice.coqui.hub import HubModel

ACCEPT_SETTING: Final = "TIANGONG_VOICE__ACCEPTED_LICENCES"


@dataclass(frozen=True)
class Licence:
    """Of one model's weights."""

    name: str  # as `voice.accepted_licences` names it
    terms: str  # in a few words
    to_accept: bool = False  # it forbids some uses: a person has to accept it first

    @property
    def in_words(self) -> str:
        return f"{self.name} ({self.terms})" if self.terms else self.name


CPML: Final = Licence("CPML", "Coqui Public Model License, non-commercial use only, https://coqui.ai/cpml", True)
_YOUR_TTS: Final = Licence("CC-BY-NC-ND-4.0", "non-commercial use only, no changed copies", True)
_MIT: Final = Licence("MIT", "")
_UNSTATED: Final = Licence("unstated", "this folder does not tell; ask those who made the model")
# The terms of the weights that Coqui and the authors of the nets published, by the "model" of config.json.
_BY_NET: Final = {"xtts": CPML, "vits": _UNSTATED, "freevc": _MIT, "openvoice": _MIT, "knnvc": _MIT}
_BY_HUB_NAME: Final = {"xtts_v2": CPML, "xtts_v1.1": CPML, "your_tts": _YOUR_TTS}


def licence_of_hub(model: HubModel) -> Licence:
    """Of a model in Coqui's list, which states it."""
    known = _BY_HUB_NAME.get(model.name.rpartition("/")[2])
    return known or Licence(model.licence or "unstated", "as Coqui's list of models states it", model.asks_consent)


def licence_of_net(net: str) -> Licence:
    """Of a folder whose config.json has this "model": XTTS weights stay under the CPML wherever they are copied to."""
    return _BY_NET.get(net, _UNSTATED)


def why_not_accepted(licence: Licence, settings: Settings) -> str | None:
    """A sentence that says how to accept, or None where nothing has to be, or it was."""
    if not licence.to_accept or licence.name in settings.voice.accepted_licences:
        return None
    return (
        f"its weights are under the {licence.in_words}; if you accept that, set {ACCEPT_SETTING}='[\"{licence.name}\"]'"
    )
