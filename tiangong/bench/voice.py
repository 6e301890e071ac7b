"""`tiangong bench voice`: the embedded voice and its clones: likeness, words, speed, sound and spoken forms.

Definitions stand in voice_likeness.py, voice_words.py, voice_timing.py, voice_sound.py and voice_edges.py. Times are of this
machine as it was: others may have used it too.
"""

import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from tiangong.bench.report import Report, machine, versions
from tiangong.bench.spoken_forms import measure_spoken_forms
from tiangong.bench.stock import Outcome
from tiangong.bench.voice_edges import measure_edges
from tiangong.bench.voice_likeness import Cloned, learn_from_first, measure_likeness, resemblyzer_in, speakers_in
from tiangong.bench.voice_sound import measure_sound
from tiangong.bench.voice_timing import measure_learning, measure_timing
from tiangong.bench.voice_words import measure_words, sentences
from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.face import EMOTIONS
from tiangong.core.media import SpeechStyle
from tiangong.studio.voices import base_of
from tiangong.voice.espeak import CLONE_BASES, EspeakVoice
from tiangong.voice.protocol import Speaker, Voice

PARTS: Final = ("likeness", "words", "timing", "sound", "phones", "forms")
CHINESE: Final = (
    "今天天气很好，我们去公园走走吧。",
    "请把门关上，外面有点冷。",
    "他每天早上七点起床。",
    "这本书我已经看过两遍了。",
    "你知道车站在哪儿吗？",
    "妈妈在厨房里做饭。",
    "我想喝一杯热茶。",
    "明天下午我们开会。",
    "孩子们在院子里玩。",
    "谢谢你，再见！",
)


@dataclass(frozen=True)
class VoiceWishes:
    """What is to be measured."""

    speakers: Path | None = None  # a folder of folders of sound, or a JSON; None: plain voices only
    resemblyzer: Path | None = None  # an interpreter that has it
    sentences: int = 50  # said for the words and the times
    voices: int = 4  # clones whose words, times and sound are measured
    parts: tuple[str, ...] = PARTS

    def __post_init__(self) -> None:
        for part in self.parts:
            if part not in PARTS:
                raise ConfigError(f"bench voice has no part '{part}'; there are: {', '.join(PARTS)}")
        if self.speakers and not self.speakers.exists():
            raise MediaError(f"{self.speakers}: no such folder or file")
        if self.resemblyzer and not self.resemblyzer.is_file():
            raise ConfigError(f"{self.resemblyzer}: no such interpreter")


class _Bench:
    def __init__(self, wishes: VoiceWishes, workplace: Path) -> None:
        self._wishes = wishes
        self._workplace = workplace
        self._espeak = EspeakVoice()
        self._texts = sentences()[: wishes.sentences]
        self.notes: list[str] = []

    @cached_property
    def _clones(self) -> list[Cloned]:
        """Of every speaker that can be learnt; the others are named in the notes."""
        clones: list[Cloned] = []
        for i, speaker in enumerate(speakers_in(self._wishes.speakers) if self._wishes.speakers else []):
            folder = self._workplace / "clones" / str(i)
            try:
                clones.append(Cloned(speaker.name, folder, learn_from_first(self._espeak, speaker, folder)))
            except MediaError as error:
                self.notes.append(f"left out: {speaker.name}: {error}")
        return clones

    def _some(self) -> list[tuple[str, Speaker]]:
        plain = [(f"plain {base}", Speaker(base)) for base in CLONE_BASES]
        chosen = self._clones[: self._wishes.voices]
        return plain + [(f"clone {clone.name}", Speaker(folder=clone.folder)) for clone in chosen]

    def _voices(self) -> list[tuple[str, Voice]]:
        return [(label, self._espeak.for_speaker(speaker)) for label, speaker in self._some()]

    def likeness(self) -> Outcome:
        if not (self._wishes.speakers and self._wishes.resemblyzer):
            return Outcome(notes=["likeness is not measured: it needs --speakers and --resemblyzer-python"])
        clones = [(clone, self._espeak.for_speaker(Speaker(folder=clone.folder))) for clone in self._clones]
        plain = [self._espeak.for_speaker(Speaker(base)) for base in CLONE_BASES]
        embed = resemblyzer_in(self._wishes.resemblyzer)
        return measure_likeness(clones, plain, self._texts[:5], embed, self._workplace)

    def words(self) -> Outcome:
        chosen = self._clones[: self._wishes.voices]
        made_from = {f"clone {clone.name}": f"plain {base_of(clone.folder)}" for clone in chosen}
        return measure_words(self._voices(), self._texts, made_from)

    def timing(self) -> Outcome:
        outcome = Outcome()
        for label, speaker in self._some():
            outcome.figures += measure_timing(speaker, label, self._texts, "en").figures
            outcome.figures += measure_timing(speaker, label, CHINESE[: self._wishes.sentences], "zh").figures
        folders = [clone.folder for clone in self._clones[: self._wishes.voices]]
        outcome.figures += measure_learning(folders).figures if folders else []
        return outcome

    def phones(self) -> Outcome:
        outcome = Outcome()
        for label, voice in self._voices():
            for language, texts in (("en", self._texts), ("zh", CHINESE)):
                outcome.figures += measure_edges(voice, label, texts, language).figures
        return outcome

    def sound(self) -> Outcome:
        outcome = Outcome()
        styles = [SpeechStyle("en", emotion=emotion) for emotion in EMOTIONS]
        for label, voice in self._voices():
            outcome.figures += measure_sound(voice, label, self._texts[:10], styles).figures
        return outcome


def measure_voice(wishes: VoiceWishes) -> Report:
    """Raises MediaError for speakers that cannot be read, ConfigError where resemblyzer does not work."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="tiangong-bench-") as workplace:
        bench = _Bench(wishes, Path(workplace))
        measures: dict[str, Callable[[], Outcome]] = {
            "likeness": bench.likeness,
            "words": bench.words,
            "timing": bench.timing,
            "sound": bench.sound,
            "phones": bench.phones,
            "forms": measure_spoken_forms,
        }
        for part in PARTS:
            if part in wishes.parts:
                found = measures[part]()
                outcome.figures += found.figures
                outcome.notes += found.notes
        outcome.notes += bench.notes
    names = {"voice": EspeakVoice.name}
    return Report("voice", machine(), platform.python_version(), versions(), names, outcome.figures, outcome.notes)
