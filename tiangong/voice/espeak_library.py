"""The C library of espeak-ng, through ctypes: text in; samples and phones out.

espeak-ng keeps voice, rate and pitch in globals, so one process has one `EspeakLibrary`, and everything that touches it
holds its lock. The shared library and its data ride in the wheel of `espeakng-loader`.
Reference: espeak-ng, src/include/espeak-ng/speak_lib.h, API revision 12.
"""

import ctypes
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError, MissingExtra

_OUTPUT_SYNCHRONOUS: Final = 2  # espeak_Synth returns when the last sample was handed to the callback
_PHONEME_EVENTS: Final = 0x0001
_PHONEME_IPA: Final = 0x0002
_DONT_EXIT: Final = 0x8000  # missing data returns an error instead of ending the process
_CHARS_UTF8: Final = 1
_IPA_WITH_SEPARATORS: Final = 0x02 | ord("|") << 8  # the mode of espeak_TextToPhonemes: "h|ə|l|ˈoʊ"
_EVENT_END_OF_LIST: Final = 0
_EVENT_PHONEME: Final = 7
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4  # espeak_PARAMETER
_SAMPLE_SCALE: Final = 1 / 32_768
_MARK: Final = re.compile(r"([.,:;?!。，、：；？！…—])[\s\"'”’)\]」』）]*$")
_LANGUAGE_NOTE: Final = re.compile(r"\([^)]*\)")  # "(en)" where a voice lends a word to another one
# espeak-ng copies the folder of its data into a buffer of 160 bytes and cuts what is longer without a word.
_LONGEST_DATA_PATH_BYTES: Final = 140
SLOWEST_WPM, FASTEST_WPM = 80, 450  # what espeak-ng accepts


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]  # noqa: RUF012


class _Event(ctypes.Structure):
    _fields_ = [  # noqa: RUF012
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class Delivery:
    """How espeak-ng is to speak: a voice name such as "en-us+f3", and its own scales."""

    voice: str
    rate_wpm: int  # 80 to 450
    pitch: int  # 0 to 100, 50 is the voice's own
    pitch_range: int  # 0 to 100, 0 is monotone, 50 the voice's own
    volume: int = 100  # 0 to 200


@dataclass(frozen=True)
class RawSpeech:
    """What came out: sound, and where each phone begins."""

    pcm: NDArray[np.float32]  # (samples,) in [-1, 1]
    rate_hz: int
    symbols: tuple[str, ...]  # IPA; empty for a pause
    starts: tuple[int, ...]  # samples from the start of `pcm`, in step with `symbols`, never falling


@dataclass(frozen=True)
class Clause:
    """What is said in one breath, without its sound."""

    phones: tuple[
        str, ...
    ]  # IPA as espeak-ng writes it, stress before its vowel, a tone's figure behind; " " between words
    mark: str  # what it ends with, as it was written: "," or "。"; empty where there is none


class EspeakLibrary:
    """One per process: take it from `espeak_library()`."""

    def __init__(self, library: Path, data: Path) -> None:
        """Raises MissingExtra where the library or its data cannot be loaded."""
        reason = _unusable(library, data)
        if reason:
            raise MissingExtra("espeak", reason, "pip install --force-reinstall espeakng-loader")
        self._lock = threading.Lock()
        self._variants = {file.name for file in (data / "voices" / "!v").iterdir()}
        self._samples: list[bytes] = []
        self._phones: list[tuple[int, str]] = []
        self._c: Any = ctypes.CDLL(str(library))
        self._c.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        self._c.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.POINTER(ctypes.c_uint), ctypes.c_void_p,
        ]  # fmt: skip
        self._c.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        self._c.espeak_TextToPhonemes.restype = ctypes.c_char_p
        options = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        self.rate_hz: int = self._c.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, str(data).encode(), options)
        if self.rate_hz <= 0:
            raise MissingExtra("espeak", f"readable data in {data}", "pip install --force-reinstall espeakng-loader")
        self._callback = _Callback(self._receive)  # kept: ctypes does not keep it alive
        self._c.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, delivery: Delivery) -> RawSpeech:
        """Speak `text` (no NUL characters) at once; thread-safe.

        Raises MediaError for a voice that the data does not hold, or where espeak-ng refuses the text.
        """
        encoded = text.encode("utf-8", "ignore")
        with self._lock:
            self._set(delivery)
            self._samples, self._phones = [], []
            status = self._c.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _CHARS_UTF8, None, None)
            samples, phones = self._samples, self._phones
        if status != 0:
            raise MediaError(f"espeak-ng cannot speak this text (status {status})")
        pcm = np.frombuffer(b"".join(samples), np.int16).astype(np.float32) * np.float32(_SAMPLE_SCALE)
        # Events come in order of text; where a phone is empty two may name one sample, but none may run backwards.
        starts = np.maximum.accumulate([at for at, _ in phones]) if phones else np.zeros(0, int)
        clipped = tuple(int(s) for s in np.clip(starts, 0, len(pcm)))
        return RawSpeech(pcm, self.rate_hz, tuple(symbol for _, symbol in phones), clipped)

    def phonemes(self, text: str, voice: str) -> tuple[Clause, ...]:
        """How `voice` ("en-us", "cmn") would say `text` (no NUL characters), nothing being spoken; thread-safe.

        Raises MediaError for a voice that the data does not hold.
        """
        held = ctypes.create_string_buffer(text.encode("utf-8", "ignore"))
        start = ctypes.addressof(held)
        at: Any = ctypes.c_void_p(start)  # where espeak-ng reads on; its value is None at the end of the text
        clauses: list[Clause] = []
        with self._lock:
            if self._c.espeak_SetVoiceByName(voice.encode()) != 0:
                raise MediaError(f"espeak-ng has no voice '{voice}'")
            while at.value is not None:
                begun = at.value
                said = self._c.espeak_TextToPhonemes(ctypes.byref(at), _CHARS_UTF8, _IPA_WITH_SEPARATORS) or b""
                read = held.raw[begun - start : None if at.value is None else at.value - start].rstrip(b"\0").decode()
                # espeak-ng looks one character ahead of the mark that ends a clause.
                mark = _MARK.search(read if at.value is None else read[:-1])
                clauses.append(Clause(_separate(said.decode()), mark[1] if mark else ""))
                if at.value == begun:
                    break
            # Setting a voice puts a command into the queue of its synthesiser, which only speaking empties; once it is full
            # the next sentence loses its first phones. A blank empties it within microseconds.
            self._c.espeak_Synth(b" ", 2, 0, 1, 0, _CHARS_UTF8, None, None)
            self._samples, self._phones = [], []
        return tuple(clause for clause in clauses if clause.phones)

    def _set(self, delivery: Delivery) -> None:
        # espeak-ng passes over a variant that it does not know, and takes the plain voice.
        variant = delivery.voice.partition("+")[2]
        if (variant and variant not in self._variants) or self._c.espeak_SetVoiceByName(delivery.voice.encode()) != 0:
            raise MediaError(f"espeak-ng has no voice '{delivery.voice}'")
        for parameter, value in (
            (_RATE, delivery.rate_wpm),
            (_VOLUME, delivery.volume),
            (_PITCH, delivery.pitch),
            (_RANGE, delivery.pitch_range),
        ):
            self._c.espeak_SetParameter(parameter, value, 0)

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        """Called by the library for every 60 ms or so of sound; 0 means go on."""
        if samples and count > 0:
            self._samples.append(ctypes.string_at(samples, count * 2))
        i = 0
        while events[i].type != _EVENT_END_OF_LIST:
            event = events[i]
            if event.type == _EVENT_PHONEME:
                # Eight bytes of UTF-8, perhaps cut inside a character: what is left of it carries nothing.
                self._phones.append((event.sample, event.id.string.decode("utf-8", "ignore")))
            i += 1
        return 0


def _separate(said: str) -> tuple[str, ...]:
    """ "h|ə ð|ˈɛɹ" -> "h", "ə", " ", "ð", "ˈɛɹ"."""
    words = (_LANGUAGE_NOTE.sub("", word).split("|") for word in said.split())
    phones = [phone for word in words for phone in (" ", *(part for part in word if part))]
    return tuple(phones[1:])


def _unusable(library: Path, data: Path) -> str | None:
    if not library.is_file():
        return f"the library {library.name}, which the wheel of this platform does not hold"
    if not (data / "phontab").is_file():
        return "the voice data, which is not beside the library"
    if len(str(data).encode()) > _LONGEST_DATA_PATH_BYTES:
        return f"a shorter path to its data than {data} (espeak-ng reads at most {_LONGEST_DATA_PATH_BYTES} bytes)"
    return None


def why_unusable() -> str | None:
    """The reason why espeak-ng cannot be loaded here, or None; looks at files only, loads nothing."""
    try:
        import espeakng_loader
    except ImportError:
        return "the package 'espeakng-loader' is not installed"
    reason = _unusable(Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path()))
    return None if reason is None else f"it needs {reason}"


@lru_cache(maxsize=1)
def espeak_library() -> EspeakLibrary:
    """The process's one espeak-ng, loaded at the first call. Raises MissingExtra where that fails."""
    try:
        import espeakng_loader
    except ImportError as error:
        raise MissingExtra("espeak", "the package 'espeakng-loader'", "pip install espeakng-loader") from error
    return EspeakLibrary(Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path()))
