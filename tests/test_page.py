"""The whole of it, in a real browser: a human voice goes into the microphone, a talking face comes out."""

import base64
import re
import shutil
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.server import running_server
from tests.shared_media import SHARED
from tiangong.core.face_mesh import FaceMesh
from tiangong.core.media import AudioChunk, SpeechStyle
from tiangong.core.sound import read_audio, resample, write_wav
from tiangong.voice.espeak import MALE, EspeakVoice

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium"),
]
MICROPHONE_HZ = 48_000
GREETING_S = 9.0  # the recording is silent while the avatar greets
ANSWER_S = 3.5  # and while it answers, until the interruption
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]

# Keeps hold of the page's connection, for the browser's own statistics.
KEEP_PEER = """window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...options) { super(...options); window.peer = this; }
};"""
RECEIVED = """async () => {
  const video = [...(await window.peer.getStats()).values()].find(s => s.type === 'inbound-rtp' && s.kind === 'video');
  return [video.timestamp, video.framesReceived];
}"""

# Listens to the call inside the page: loudness every 20 ms, when pictures come, a small picture eight times a second.
WATCH = """() => {
  const video = document.querySelector('.tg-video');
  const sound = new AudioContext();
  const meter = sound.createAnalyser();
  meter.fftSize = 1024;
  sound.createMediaStreamSource(video.srcObject).connect(meter);
  const samples = new Float32Array(1024);
  const seen = window.seen = { levels: [], pictures: [], stills: [] };
  setInterval(() => {
    meter.getFloatTimeDomainData(samples);
    seen.levels.push([performance.now(), Math.max(...samples.map(Math.abs))]);
  }, 20);
  const frame = (now, about) => { seen.pictures.push([now, about.presentedFrames]); video.requestVideoFrameCallback(frame); };
  video.requestVideoFrameCallback(frame);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 384;
  setInterval(() => {
    canvas.getContext('2d').drawImage(video, 0, 0, 384, 384);
    if (seen.stills.length < 120) seen.stills.push([performance.now(), canvas.toDataURL('image/jpeg', 0.9)]);
  }, 125);
}"""


def spoken(text: str) -> np.ndarray:
    pieces = [s.audio.pcm for s in EspeakVoice(MALE).synthesize(text, SpeechStyle("en"))]
    return resample(AudioChunk(np.concatenate(pieces), 24_000), MICROPHONE_HZ).pcm


def recorded_question() -> np.ndarray:
    """A person's voice where the shared recordings are at hand, espeak-ng's otherwise."""
    recording = SHARED / "media/speech/openai_whisper/jfk.flac"
    if not recording.exists():
        return spoken("How do I return a jacket?")
    sound = read_audio(recording, MICROPHONE_HZ)
    return sound.pcm[: round(3.4 * MICROPHONE_HZ)]  # "And so, my fellow Americans"


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    silence = lambda s: np.zeros(round(s * MICROPHONE_HZ), np.float32)  # noqa: E731
    talk = [
        silence(GREETING_S),
        recorded_question(),
        silence(ANSWER_S),
        spoken("Stop, wait a moment please."),
        silence(60),
    ]
    path = tmp_path_factory.mktemp("microphone") / "talk.wav"
    write_wav(AudioChunk(np.concatenate(talk), MICROPHONE_HZ), path)
    return path


@pytest.fixture(scope="module")
def address() -> Generator[str]:
    with running_server("--profile", "embedded") as address:
        yield address


@pytest.fixture
def browser(microphone: Path) -> Generator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[
                *QUIET,
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}%noloop",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        yield chromium
        chromium.close()


def open_page(browser: Browser, address: str, **options: Any) -> Page:
    page = browser.new_context(permissions=["microphone", "camera"], **options).new_page()
    page.add_init_script(KEEP_PEER)
    page.goto(address)
    page.wait_for_selector(".tg-call:not(:empty)", timeout=30_000)
    return page


def lip_gaps(stills: list[Any]) -> list[tuple[float, float]]:
    """(time_ms, gap of the lips over the mouth's width) for each still with a face."""
    gaps = []
    with FaceMesh(tracking=False) as mesh:
        for at_ms, address in stills:
            data = np.frombuffer(base64.b64decode(address.partition(",")[2]), np.uint8)
            faces = mesh.find(cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))
            if faces:
                p = faces[0][:, :2]
                gaps.append((at_ms, float(np.linalg.norm(p[13] - p[14]) / np.linalg.norm(p[61] - p[291]))))
    return gaps


def test_a_spoken_question_is_answered_with_sound_and_moving_lips_and_can_be_interrupted(
    browser: Browser, address: str
) -> None:
    page = open_page(browser, address, locale="en-US")
    page.click(".tg-call")
    page.wait_for_function("document.querySelector('.tg-video').srcObject?.getTracks().length === 2", timeout=20_000)
    page.evaluate(WATCH)
    page.wait_for_selector(".tg-line.tg-bot", timeout=15_000)  # the greeting
    began = page.evaluate(RECEIVED)
    page.wait_for_selector(".tg-line.tg-user:not(.tg-partial)", timeout=30_000)
    assert page.inner_text(".tg-line.tg-user").strip()
    page.wait_for_selector(".tg-line.tg-bot >> nth=1", timeout=15_000)  # the answer
    page.wait_for_function(
        "[...document.querySelectorAll('.tg-bot')].some(line => line.textContent.endsWith('—'))", timeout=30_000
    )
    seen, ended = page.evaluate("window.seen"), page.evaluate(RECEIVED)
    page.click(".tg-call")

    levels = np.array(seen["levels"])
    assert levels[:, 1].max() > 0.05, "no sound came back"
    received_per_s = (ended[1] - began[1]) / (ended[0] - began[0]) * 1000
    assert received_per_s == pytest.approx(25, abs=1.5)
    pictures = np.array(seen["pictures"])
    shown_per_s = (pictures[-1, 1] - pictures[0, 1]) / (pictures[-1, 0] - pictures[0, 0]) * 1000
    # Two cores draw, encode, decode and watch here at once: the browser may leave some pictures out.
    assert shown_per_s > 17, f"{shown_per_s:.1f} pictures a second"

    gaps = lip_gaps(seen["stills"])
    loud = lambda at_ms: levels[np.abs(levels[:, 0] - at_ms) < 150, 1].max(initial=0) > 0.03  # noqa: E731
    speaking, silent = [g for t, g in gaps if loud(t)], [g for t, g in gaps if not loud(t)]
    assert len(speaking) > 5
    assert np.percentile(speaking, 90) > 0.08, "the lips do not move"
    assert len(silent) > 5
    assert np.median(silent) < 0.04, "the lips are open in silence"


def test_the_stop_button_stops_the_sound_at_once(browser: Browser, address: str) -> None:
    page = open_page(browser, address, locale="en-US")
    page.click(".tg-mic")  # no microphone: typing only
    page.click(".tg-call")
    page.wait_for_selector(".tg-line.tg-bot", timeout=20_000)
    page.evaluate(WATCH)
    page.fill(".tg-text", "What is Tiangong?")
    page.press(".tg-text", "Enter")
    page.wait_for_selector(".tg-line.tg-bot >> nth=1", timeout=20_000)
    page.wait_for_timeout(1200)
    pressed_ms = page.evaluate("() => { document.querySelector('.tg-stop').click(); return performance.now(); }")
    page.wait_for_timeout(1500)
    levels = np.array(page.evaluate("window.seen.levels"))
    before = levels[(levels[:, 0] > pressed_ms - 1000) & (levels[:, 0] < pressed_ms), 1]
    after = levels[levels[:, 0] > pressed_ms + 400, 1]
    assert before.max() > 0.05
    assert after.max() < 0.01


def type_into(page: Page, text: str) -> None:
    page.fill(".tg-text", text)
    page.press(".tg-text", "Enter")


@pytest.mark.parametrize(
    ("locale", "asked", "told"),
    [
        ("en-US", "Let me talk to a human please, my card is 5105105105105100", "Nobody has joined yet"),
        ("zh-CN", "转人工，我的手机号是13812345678", "目前还没有人接入"),
    ],
)
def test_a_wish_for_a_colleague_is_shown_with_what_they_are_told_and_the_talk_goes_on(
    browser: Browser, address: str, locale: str, asked: str, told: str
) -> None:
    page = open_page(browser, address, locale=locale)
    page.click(".tg-mic")
    page.click(".tg-call")
    page.wait_for_selector(".tg-line.tg-bot", timeout=20_000)
    type_into(page, asked)
    page.wait_for_selector(".tg-hand-off", timeout=20_000)
    shown = page.inner_text(".tg-hand-off")
    assert told in shown
    assert not {"5105105105105100", "13812345678"} & set(re.findall(r"[0-9]+", shown))
    answers = page.locator(".tg-line.tg-bot").count()
    type_into(page, "Who are you?" if locale == "en-US" else "你是谁？")
    page.wait_for_function(f"document.querySelectorAll('.tg-line.tg-bot').length > {answers}", timeout=20_000)
    type_into(page, asked)
    page.wait_for_selector(".tg-line:last-child.tg-hand-off, .tg-hand-off + .tg-bot:last-child", timeout=20_000)
    assert page.locator(".tg-hand-off").count() == 1, "one banner a talk"


def test_a_talk_that_the_policy_ends_is_over_in_the_page_and_can_be_begun_anew(browser: Browser, address: str) -> None:
    page = open_page(browser, address, locale="en-US")
    page.click(".tg-call")
    page.wait_for_selector(".tg-line.tg-bot", timeout=20_000)
    for turn in range(3):
        type_into(page, "you stupid idiot")
        page.wait_for_function(f"document.querySelectorAll('.tg-line.tg-bot').length > {turn + 1}", timeout=20_000)
    ended = page.locator(".tg-line.tg-note", has_text="has ended this talk")
    ended.wait_for(timeout=20_000)
    assert page.inner_text(".tg-call") == "Call"
    assert page.inner_text(".tg-state") == "Not in a call"
    page.wait_for_function("window.peer.connectionState === 'closed'", timeout=5_000)
    assert page.evaluate("window.peer.getSenders().every(s => !s.track || s.track.readyState === 'ended')")
    page.click(".tg-call")
    page.wait_for_function("document.querySelectorAll('.tg-line.tg-bot').length > 4", timeout=20_000)
    assert page.inner_text(".tg-call") == "Hang up"


def test_without_webrtc_a_typed_message_is_answered_with_a_clip(browser: Browser, address: str) -> None:
    page = open_page(browser, address, locale="zh-CN")
    assert page.inner_text(".tg-call") == "开始通话"  # the page follows the browser's language
    page.evaluate("() => { window.RTCPeerConnection = function () { throw new Error('blocked'); }; }")
    page.click(".tg-call")
    page.wait_for_selector(".tg-line.tg-note", timeout=10_000)
    page.fill(".tg-text", "怎么退货？")
    page.press(".tg-text", "Enter")
    page.wait_for_selector(".tg-line.tg-bot", timeout=60_000)
    page.wait_for_function("document.querySelector('.tg-video').src.includes('/api/clips/')")
    page.wait_for_function("document.querySelector('.tg-video').currentTime > 1", timeout=15_000)
    assert page.evaluate("document.querySelector('.tg-video').videoWidth") == 512


def test_the_camera_is_off_until_the_user_has_read_why(browser: Browser, address: str) -> None:
    page = open_page(browser, address, locale="en-US")
    page.evaluate("""() => {
      window.asked = [];
      const devices = navigator.mediaDevices, original = devices.getUserMedia.bind(devices);
      devices.getUserMedia = wanted => { window.asked.push(Object.keys(wanted)[0]); return original(wanted); };
    }""")
    page.click(".tg-call")
    page.wait_for_selector(".tg-line.tg-bot", timeout=20_000)
    assert page.evaluate("window.asked") == ["audio"]
    page.click(".tg-camera")
    assert "never stored" in page.inner_text(".tg-why p")
    page.click(".tg-no")
    assert page.evaluate("window.asked") == ["audio"]
    page.click(".tg-camera")
    page.click(".tg-yes")
    page.wait_for_selector(".tg-self:not([hidden])", timeout=10_000)
    assert page.evaluate("window.asked") == ["audio", "video"]


def test_a_camera_that_stops_leaves_the_conversation_going(browser: Browser, address: str) -> None:
    page = open_page(browser, address, locale="en-US")
    page.click(".tg-call")
    page.wait_for_selector(".tg-line.tg-bot", timeout=20_000)
    page.click(".tg-camera")
    page.click(".tg-yes")
    page.wait_for_selector(".tg-self:not([hidden])", timeout=10_000)
    page.wait_for_timeout(500)
    page.evaluate("document.querySelector('.tg-self').srcObject.getTracks().forEach(track => track.stop())")
    page.fill(".tg-text", "Who are you?")
    page.click(".tg-send")
    page.wait_for_function("document.querySelectorAll('.tg-line.tg-bot').length > 1", timeout=20_000)


def test_feelings_are_not_read_until_the_user_has_read_why(browser: Browser, address: str) -> None:
    page = open_page(browser, address, locale="zh-CN")
    page.click(".tg-call")
    page.wait_for_selector(".tg-line.tg-bot", timeout=20_000)
    assert page.get_attribute(".tg-feelings", "aria-pressed") == "false"
    page.click(".tg-feelings")
    assert "不会保存" in page.inner_text(".tg-why p")
    page.click(".tg-no")
    assert page.get_attribute(".tg-feelings", "aria-pressed") == "false"
    page.click(".tg-feelings")
    page.click(".tg-yes")
    page.wait_for_selector(".tg-feelings[aria-pressed=true]", timeout=5_000)


def test_the_page_fits_a_phone(browser: Browser, address: str) -> None:
    page = open_page(browser, address, locale="en-US", viewport={"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".tg-frame").bounding_box()
    assert box
    assert box["width"] <= 390


def test_a_page_that_vanishes_frees_its_place(browser: Browser, address: str) -> None:
    def open_calls() -> int:
        import httpx

        return int(httpx.get(f"{address}/api/health").json()["open_calls"])

    page = open_page(browser, address, locale="en-US")
    page.click(".tg-call")
    page.wait_for_selector(".tg-line.tg-bot", timeout=20_000)
    assert open_calls() >= 1
    browser.close()  # no "bye"
    until_s = time.monotonic() + 15
    while open_calls() and time.monotonic() < until_s:
        time.sleep(0.5)
    assert open_calls() == 0
