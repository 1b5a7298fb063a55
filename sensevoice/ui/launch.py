"""What belongs to gradio's Blocks(), queue() and launch(): every deliberate switch, with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from sensevoice.ui.i18n import translations
from sensevoice.ui.preload import Preload
from sensevoice.ui.settings import PageSettings

CACHE_SWEEP_S = 3600
CACHE_AGE_S = 86400
"""gradio goes by age alone, so it must be longer than any run; what no page needs goes sooner (workdir)."""

BOOT_JS = Path(__file__).with_name("boot.js")

MAX_PAGES = 200
"""How many pages can follow a job at the same time; each takes a thread that mostly sleeps."""

SANS = ("system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif")
MONO = ("ui-monospace", "Consolas", "Noto Sans Mono CJK SC", "monospace")


def blocks_arguments() -> dict[str, Any]:
    """Return the keyword arguments of gr.Blocks."""
    return {
        "title": "SenseVoice",
        "analytics_enabled": False,  # the page tells nobody that it was started
        "delete_cache": (CACHE_SWEEP_S, CACHE_AGE_S),
    }


def queue_arguments() -> dict[str, Any]:
    """Return the keyword arguments of Blocks.queue."""
    return {
        "max_size": MAX_PAGES,  # jobs wait in the line of the runner
        "api_open": False,  # nothing goes around the queue
    }


def launch_arguments(
    settings: PageSettings, routes: Sequence[BaseRoute] = (), guard: Callable[..., Any] | None = None
) -> dict[str, Any]:
    """Return the keyword arguments of Blocks.launch, except address, port, login and root path.

    `routes` are answered before gradio's own; `guard` makes the middleware in front of all.
    """
    middleware = [*([] if guard is None else [Middleware(guard)]), Middleware(Preload)]
    return {
        "app_kwargs": {"routes": list(routes), "middleware": middleware},
        "js": BOOT_JS.read_text("utf-8"),
        "max_threads": MAX_PAGES,
        "share": False,  # recordings never leave by a public tunnel
        "show_error": False,  # gr.Error still reaches the client; other exceptions would name server paths
        "ssr_mode": False,  # needs node, and a second port that no SSH tunnel forwards
        "mcp_server": False,
        "enable_monitoring": False,  # None, the default, means a public page with usage figures
        "run_history": False,  # the default keeps a copy of what people upload
        "footer_links": [],
        "quiet": True,  # the program prints its own address
        "allowed_paths": [],  # uploads and downloads live in gradio's cache, nothing else is served
        "strict_cors": True,  # a page of localhost on another port is another site
        "max_file_size": f"{settings.max_upload_mb}mb",
        "state_session_capacity": 500,  # gradio keeps 10 000 visitors' results in memory
        "theme": theme(),
        "css_paths": [Path(__file__).with_name("page.css")],
        "i18n": gr.I18n(**translations(settings)),
    }


def theme() -> gr.themes.Base:
    """Return gradio's default theme with one accent colour and fonts that are on the visitor's machine."""
    look = gr.themes.Default(
        primary_hue="indigo", secondary_hue="indigo", text_size="lg", font=SANS, font_mono=MONO
    )
    return look.set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        body_text_color_subdued="*neutral_600",  # the default, neutral_400, has a contrast of 2.6 on white
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        link_text_color_dark="*secondary_300",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
    )
