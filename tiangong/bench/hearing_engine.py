"""Error rates of whatever recogniser the settings take, on recordings: words in English, characters in Chinese."""

import time
from pathlib import Path

from tiangong.bench.hearing_words import Heard, Tally, recordings_in
from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome
from tiangong.core.sound import read_audio
from tiangong.perception.protocol import HEARING_RATE_HZ, SpeechToText
from tiangong.perception.turn_end import tokens


def measure_engine(transcripts: Path, engine: SpeechToText) -> Outcome:
    """For each language that the engine knows: the rate over all recordings, of each of them, and the real-time factor.

    The table is that of `hearing_words.measure_recordings`. Raises MediaError for another kind of table.
    """
    outcome = Outcome()
    engine.warm_up()
    for language, unit in (("en", "word"), ("zh", "character")):
        tally = Tally()
        for row in recordings_in(transcripts, language) if language in engine.languages else []:
            sound = read_audio(transcripts.parent / row["file"], HEARING_RATE_HZ)
            began_s = time.perf_counter()
            session = engine.session(language)
            session.accept(sound)
            heard = tokens(session.finish().text)
            tally.add(tokens(row["text"]), Heard(heard, sound.duration_s, time.perf_counter() - began_s))
        if tally.rates:
            factor = tally.work_s / tally.sound_s
            outcome.figures += [
                Figure.single(f"{engine.name}, {unit} error rate, {language}", "share", tally.rate, len(tally.rates)),
                Figure.of(f"{engine.name}, {unit} error rate of each, {language}", "share", tally.rates),
                Figure.single(f"{engine.name}, real-time factor, {language}", "x", factor, len(tally.rates)),
            ]
    return outcome
