"""Arguments of gradio's Blocks(), queue() and launch(), each deliberate one with its reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from sensevoice.access import USER
from sensevoice.ui.i18n import translations
from sensevoice.ui.page_head import PageHead
from sensevoice.ui.preload import Preload
from sensevoice.ui.settings import PageSettings

CACHE_SWEEP_S = 3600
CACHE_AGE_S = 86400
"""gradio goes by age alone, so this is longer than any run; upload_folder.py removes unused files sooner."""

BOOT_JS = Path(__file__).with_name("boot.js")

MAX_PAGES = 200
"""How many pages can follow a job at the same time; each takes a thread, which mostly waits."""

SANS = ("system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif")
MONO = ("ui-monospace", "Consolas", "Noto Sans Mono CJK SC", "monospace")


def blocks_arguments() -> dict[str, Any]:
    """Return the keyword arguments of gr.Blocks."""
    return {
        "title": "SenseVoice",
        "analytics_enabled": False,  # no usage data leaves this machine
        "delete_cache": (CACHE_SWEEP_S, CACHE_AGE_S),
        "fill_width": True,  # layout.css says how wide
    }


def queue_arguments() -> dict[str, Any]:
    """Return the keyword arguments of Blocks.queue."""
    return {
        "max_size": MAX_PAGES,  # jobs wait in the queue of the runner
        "api_open": False,  # no event bypasses the queue
    }


def launch_arguments(
    settings: PageSettings,
    routes: Sequence[BaseRoute] = (),
    guard: Callable[..., Any] | None = None,
    login: bool = False,
) -> dict[str, Any]:
    """Return the keyword arguments of Blocks.launch, except address, port and root path.

    `routes` are answered before gradio's own; `guard` makes the middleware in front of all; with `login`
    it says who sends a request, and gradio answers nobody else.
    """
    app = {
        "routes": list(routes),
        "middleware": [Middleware(Preload), Middleware(PageHead)],
        "lifespan": _outermost(guard),
    }
    return {
        "app_kwargs": app,
        "auth_dependency": (lambda request: request.scope.get(USER)) if login else None,
        "js": BOOT_JS.read_text("utf-8"),
        "max_threads": MAX_PAGES,
        "share": False,  # no public tunnel
        "show_error": False,  # gr.Error still reaches the client; other exceptions would name server paths
        "ssr_mode": False,  # needs node, and a second port that no SSH tunnel forwards
        "mcp_server": False,
        "enable_monitoring": False,  # None, the default, means a public page with usage figures
        "run_history": False,  # the default keeps copies of uploads
        "footer_links": [],
        "quiet": True,  # the program prints its own address
        "allowed_paths": [],  # uploads and downloads live in gradio's cache, nothing else is served
        "strict_cors": True,  # what it still allows, all of localhost, the guard refuses
        "max_file_size": f"{settings.max_upload_mb}mb",
        "state_session_capacity": 500,  # the default keeps the state of 10 000 visitors
        "theme": theme(),
        "css_paths": [Path(__file__).with_name("page.css")],
        "i18n": gr.I18n(**translations(settings)),
    }


def _outermost(guard: Callable[..., Any] | None) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return a lifespan that puts the guard around everything.

    gradio adds its own middleware, CORS among them, around what is given in `app_kwargs`.
    """

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        if guard is not None:
            app.user_middleware.insert(0, Middleware(guard))
            app.middleware_stack = app.build_middleware_stack()
        yield

    return lifespan


def theme() -> gr.themes.Base:
    """Return gradio's default theme with one accent colour and the fonts of the visitor's system."""
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


def close_app(app: gr.Blocks) -> None:
    """Close the page and its server.

    gradio wakes what waits for visitors in its event loop from this thread, which fails when one of them
    comes or leaves at that moment ("deque mutated during iteration"), and leaves its server open.
    """
    try:
        app.close(verbose=False)
    except RuntimeError:
        if app.server:
            app.server.close()  # type: ignore[no-untyped-call]
