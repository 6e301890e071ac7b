"""The page: Gradio Blocks around one `gr.HTML` that holds the live call, mounted in the HTTP application."""

import json
from importlib.resources import files
from typing import Any, Final

import gradio as gr
from fastapi import FastAPI
from gradio.themes import Soft

from tiangong.agent.persona import read_persona
from tiangong.service.assembly import Engines
from tiangong.studio.bundle import PERSONA, find_bundles

# Fonts that the reader's machine has: the theme's own would be fetched from elsewhere.
_FONTS: Final = ["system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]


def _asset(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _config(engines: Engines) -> str:
    """What the page's script must know, as JSON."""
    bundles = find_bundles(engines.settings.avatars)
    config = {
        "avatar": engines.settings.avatar,
        "avatars": [{"id": n, "name": read_persona(f / PERSONA).persona.name} for n, f in bundles.items()],
        "language": engines.settings.language,
        "iceServers": [{"urls": url} for url in engines.settings.serve.ice_servers if "@" not in url],
    }
    return json.dumps(config, ensure_ascii=False).replace("'", "&#39;")


def _engine_rows(engines: Engines) -> list[list[str]]:
    return [[stage.replace("_", " "), choice.name, choice.reason] for stage, choice in engines.choices.items()]


def build_page(engines: Engines) -> gr.Blocks:
    with gr.Blocks(title="天工 Tiangong") as page:
        gr.Markdown("# 天工 Tiangong\nTalk with a digital human. 与数字人对话。")
        with gr.Tabs():
            with gr.Tab("Talk · 对话"):
                _part(
                    engines, "page.html", "page.css", ("asking.js", "words.js", "call.js", "view.js"), "tiangong-call"
                )
            if engines.settings.serve.policy_page:
                with gr.Tab("Policy · 规则", elem_id="tiangong-policy-tab"):
                    _part(engines, "policy.html", "policy.css", ("asking.js", "policy.js"), "tiangong-policy")
        with gr.Accordion("Engines · 引擎", open=False):
            gr.Dataframe(_engine_rows(engines), headers=["stage", "engine", "why"], interactive=False, wrap=True)
    return page


def _part(engines: Engines, html: str, css: str, scripts: tuple[str, ...], name: str) -> None:
    gr.HTML(
        html_template=_asset(html).replace("__CONFIG__", _config(engines)),
        css_template=_asset(css),
        js_on_load="\n".join(_asset(script) for script in scripts),
        apply_default_css=False,
        elem_id=name,
    )


def mount_page(app: FastAPI, engines: Engines) -> FastAPI:
    options: dict[str, Any] = {
        "theme": Soft(primary_hue="cyan", font=_FONTS, font_mono=["monospace"]),
        "footer_links": [],
    }
    return gr.mount_gradio_app(app, build_page(engines), path="/", **options)
