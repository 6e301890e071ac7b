"""The HTTP door: calls (WebRTC signalling), typed messages answered with a clip, avatars, health."""

import asyncio
import logging
import secrets
import tempfile
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from tiangong import __version__
from tiangong.core.errors import BundleError, ConfigError, ConsentError, EngineError, MediaError, TiangongError
from tiangong.core.language import clean_text
from tiangong.service.assembly import Avatar, Engines
from tiangong.service.calls import BusyError, Calls
from tiangong.service.film import Film
from tiangong.service.notes import Notes
from tiangong.service.policy_api import policy_routes
from tiangong.service.recording import record_answer, record_rest
from tiangong.service.scenario_runs import ScenarioRuns, ScenariosRunning
from tiangong.service.typed_talk import TypedTalk
from tiangong.studio.bundle import find_bundles

log = logging.getLogger(__name__)
_CHATS_KEPT: Final = 200  # conversations by text; the one longest unused is forgotten
_CLIPS_KEPT: Final = 60
_IDLE_S: Final = 6.0
_STATUS: Final[dict[type[TiangongError], int]] = {
    BusyError: 503,
    ScenariosRunning: 409,
    MediaError: 422,
    BundleError: 404,
    ConsentError: 403,
    ConfigError: 422,
    EngineError: 500,
}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Offer(_Body):
    sdp: str = Field(max_length=200_000)
    avatar: str
    language: Literal["auto", "en", "zh"] = "auto"


class Answer(_Body):
    call: str
    sdp: str


class TypedMessage(_Body):
    text: str = Field(max_length=200_000)
    avatar: str
    language: Literal["auto", "en", "zh"] = "auto"
    chat: str | None = None  # from the first answer; None begins a new conversation


class ClipAnswer(_Body):
    chat: str
    text: str
    clip: str  # address of an mp4
    hand_off: str = ""  # a human colleague was asked for: what they are told
    ended: bool = False  # the policy has ended this talk; the next message begins a new one


class Health(_Body):
    version: str
    open_calls: int
    capacity: int
    engines: dict[str, str]
    pictures_late_percent: float  # by more than 40 ms, of all sent in calls since the start
    starved_s: float  # how long sound had to wait for its pictures


class Clips:
    """The newest clips, in a folder that goes with the process."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tiangong-")
        self.folder = Path(self._folder.name)
        self._paths: OrderedDict[str, Path] = OrderedDict()

    def new(self) -> tuple[str, Path]:
        name = secrets.token_urlsafe(16)
        self._paths[name] = self.folder / f"{name}.mp4"
        while len(self._paths) > _CLIPS_KEPT:
            self._paths.popitem(last=False)[1].unlink(missing_ok=True)
        return name, self._paths[name]

    def path(self, name: str) -> Path | None:
        path = self._paths.get(name)
        return path if path and path.is_file() else None

    def close(self) -> None:
        self._folder.cleanup()


class Door:
    """What the routes share."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.calls = Calls(engines)
        self.scenario_runs = ScenarioRuns()
        self.clips = Clips()
        self.chats: OrderedDict[str, TypedTalk] = OrderedDict()
        self._idle: dict[str, Path] = {}
        self._making = asyncio.Lock()  # one clip is drawn at a time: live calls keep their pictures

    def chat(self, wanted: str | None, avatar: Avatar) -> tuple[str, TypedTalk]:
        name = wanted if wanted in self.chats else secrets.token_urlsafe(16)
        assert name
        talk = self.chats.setdefault(
            name, TypedTalk(avatar.mind.policy, Notes(self.engines.decisions, avatar.bundle.name))
        )
        self.chats.move_to_end(name)
        while len(self.chats) > _CHATS_KEPT:
            self.chats.popitem(last=False)
        return name, talk

    async def answer(self, message: TypedMessage) -> ClipAnswer:
        text = clean_text(message.text)
        if not text:
            raise MediaError("the message is empty")
        avatar = await self.calls.avatar(message.avatar)
        chat, talk = self.chat(message.chat, avatar)
        async with self._making:
            name, path = self.clips.new()
            talk.hand_off = ""
            with Film(path) as film:
                said = await record_answer(avatar, self.engines, message.language, talk, text, film.keep)
        if talk.ended:
            del self.chats[chat]
        clip = f"/api/clips/{name}.mp4"
        return ClipAnswer(chat=chat, text=said, clip=clip, hand_off=talk.hand_off, ended=talk.ended)

    async def idle_clip(self, name: str) -> Path:
        """Some seconds of the avatar at rest, made once: its face before a call."""
        avatar = await self.calls.avatar(name)
        async with self._making:
            if name not in self._idle:
                path = self.clips.folder / f"idle-{name}.mp4"
                with Film(path) as film:
                    await record_rest(avatar, self.engines, _IDLE_S, film.keep)
                self._idle[name] = path
        return self._idle[name]

    async def close(self) -> None:
        await self.calls.close()
        await self.scenario_runs.close()
        self.engines.close()
        self.clips.close()


def create_app(engines: Engines) -> FastAPI:
    """The HTTP application without the page (`service.page` mounts that)."""
    door = Door(engines)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        warming = asyncio.create_task(_warm_up(door))
        yield
        warming.cancel()
        await door.close()

    app = FastAPI(title="Tiangong", version=__version__, lifespan=lifespan)
    app.state.door = door
    app.include_router(_routes(door))
    if engines.settings.serve.policy_page:
        app.include_router(policy_routes(engines, door.scenario_runs))
    app.add_exception_handler(TiangongError, _explain)
    app.add_exception_handler(RequestValidationError, _explain)
    return app


async def _warm_up(door: Door) -> None:
    """Open the first avatar, its idle clip and the recogniser while the page is being fetched."""
    try:
        await asyncio.to_thread(
            lambda: door.engines.speech_to_text.warm_up()
        )  # large weights take longer than any deadline
        await door.idle_clip(door.engines.settings.avatar)
    except TiangongError as error:
        log.error("the avatar '%s' cannot be opened: %s", door.engines.settings.avatar, error)


async def _explain(request: Request, error: Exception) -> JSONResponse:
    """One line that says what is wrong."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return JSONResponse({"error": f"{where}: {first['msg']}" if where else str(first["msg"])}, 422)
    status = _STATUS.get(type(error), 500) if isinstance(error, TiangongError) else 500
    return JSONResponse({"error": str(error)}, status)


def _routes(door: Door) -> APIRouter:
    routes = APIRouter(prefix="/api")

    @routes.post("/calls")
    async def begin_call(offer: Offer) -> Answer:
        call, sdp = await door.calls.begin(offer.sdp, offer.avatar, offer.language)
        return Answer(call=call, sdp=sdp)

    @routes.post("/messages")
    async def answer_message(message: TypedMessage) -> ClipAnswer:
        return await door.answer(message)

    @routes.get("/clips/{name}.mp4")
    async def clip(name: str) -> FileResponse:
        path = door.clips.path(name)
        if not path:
            raise HTTPException(404, "this clip is no longer kept")
        return FileResponse(path, media_type="video/mp4")

    @routes.get("/avatars/{name}/portrait.png")
    async def portrait(name: str) -> FileResponse:
        bundles = find_bundles(door.engines.settings.avatars)
        if name not in bundles:
            raise BundleError(f"no avatar '{name}'")
        return FileResponse(bundles[name] / "portrait.png", media_type="image/png")

    @routes.get("/avatars/{name}/idle.mp4")
    async def idle(name: str) -> FileResponse:
        return FileResponse(await door.idle_clip(name), media_type="video/mp4")

    @routes.get("/health")
    async def health() -> Health:
        quality = door.calls.quality()
        return Health(
            version=__version__,
            open_calls=door.calls.open_calls,
            capacity=door.engines.settings.serve.capacity,
            engines={stage: choice.name for stage, choice in door.engines.choices.items()},
            pictures_late_percent=round(100 * quality.late_pictures / max(1, quality.pictures), 3),
            starved_s=round(quality.starved_s, 3),
        )

    _ = (begin_call, answer_message, clip, portrait, idle, health)
    return routes
