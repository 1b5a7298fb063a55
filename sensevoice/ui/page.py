"""The layout of the page, and which handler answers which event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from sensevoice.access.origins import visitor_address
from sensevoice.jobs import JobRunner
from sensevoice.ui import markup
from sensevoice.ui.api import delete_abandoned_jobs, make_endpoint
from sensevoice.ui.components import ChoiceArguments, EventArguments, dropdown, radio, t
from sensevoice.ui.handlers import Handlers
from sensevoice.ui.i18n import CHOICES, in_locale, labels_of, locale_of, translate
from sensevoice.ui.launch import blocks_arguments
from sensevoice.ui.samples import Samples
from sensevoice.ui.server_files import confined_explorer, recordings
from sensevoice.ui.session import PageSession
from sensevoice.ui.settings import PageSettings
from sensevoice.ui.settings_form import SettingsForm
from sensevoice.ui.status import POLL_S, name_only, status_line
from sensevoice.ui.updates import TEXT_PART, changes, updates
from sensevoice.ui.upload_refs import UploadRefs

TRANSCRIPT_LINES = 15
"""Where the window gives no height (page.css), the textbox has this one from the start: nothing moves."""

COPY_JS = Path(__file__).with_name("copy.js")

HIDDEN: EventArguments = {"api_visibility": "private", "show_progress": "hidden"}
"""The page's own events are not part of the API, and the page has its own progress bar."""

AT_ONCE: EventArguments = {**HIDDEN, "queue": False}
"""For events that are answered while a run is in progress."""

CHOICE: ChoiceArguments = {**AT_ONCE, "trigger_mode": "always_last"}
"""For what somebody chooses or types. gradio would drop what is chosen before the last choice is answered."""


def build_app(runner: JobRunner, settings: PageSettings, refs: UploadRefs | None = None) -> gr.Blocks:
    """Return the page and the API of a job runner; queue() and launch() are left to the caller.

    `refs` learns which uploads the open pages need.
    """
    delete_abandoned_jobs(runner)
    cache = Path(get_upload_folder())
    handlers = Handlers(runner, settings)
    app = gr.Blocks(**blocks_arguments())
    with app:
        Page(settings, handlers, cache, refs or UploadRefs()).build(app)
        gr.events.api(
            make_endpoint(runner, settings.options, cache),
            api_name="transcribe",
            concurrency_limit=None,  # the runner orders the jobs of page and API alike
        )
    return app


class Page:
    """The components by name, and the events between them."""

    def __init__(self, settings: PageSettings, handlers: Handlers, cache: Path, refs: UploadRefs) -> None:
        self._settings = settings
        self._handlers = handlers
        self._cache = cache
        self._refs = refs

    def build(self, app: gr.Blocks) -> None:
        self.session = gr.State(PageSession())
        self.kept_labels = gr.BrowserState("", storage_key="sv-label-language", secret="sensevoice")
        self.form = SettingsForm(self._settings.options)
        if self._settings.demo:
            with gr.Row(elem_id="sv-banner"):  # is there before its content: nothing moves
                gr.HTML(t("demo"), elem_id="sv-demo")
        with gr.Row(elem_id="sv-header"):
            gr.HTML(t("header"), elem_id="sv-title")
            named = name_only(self._settings.model(), self._settings.version)
            self.status = gr.HTML(named, elem_id="sv-status", js_on_load=None)
            self.asking = gr.Timer(POLL_S, active=False)
        with gr.Row(elem_id="sv-main"):
            with gr.Column(scale=2, min_width=320, elem_id="sv-left"):
                self._build_left()
            with gr.Column(scale=3, min_width=320, elem_id="sv-right"):
                self._build_right()
        place("sv-dock")
        self.job = gr.HTML(elem_id="sv-job", js_on_load=None)
        self.opened = gr.Textbox(visible="hidden", elem_id="sv-opened")  # written by the workbench
        self._connect(app)

    def _build_left(self) -> None:
        with gr.Tabs(elem_id="sv-source") as self.tabs:
            with gr.Tab(t("source_file"), id="file") as self.file_tab:
                # No file_types: the decoder decides what can be read, by content and not by name.
                self.file = gr.File(label=t("file"), file_count="multiple", height=112, elem_id="sv-file")
            with gr.Tab(t("source_microphone"), id="microphone") as self.microphone_tab:
                self.microphone = gr.Audio(
                    label=t("microphone"),
                    sources=["microphone"],
                    type="filepath",
                    editable=False,
                    buttons=[],
                    elem_id="sv-microphone",
                )
                gr.HTML(t("microphone_help"), elem_classes="sv-help")
            with gr.Tab(t("source_live"), id="live") as self.live_tab:
                place("sv-live")
            self.server_files = None
            if self._settings.media_dir is not None:
                with gr.Tab(t("source_server"), id="server") as self.server_tab:
                    self.server_files = confined_explorer(self._settings.media_dir, t("server_files"))
        self.form.build_visible()
        self.start = gr.Button(t("start"), variant="primary", size="lg", elem_id="sv-start")
        self.cancel = gr.Button(t("cancel"), visible=False, size="lg", elem_id="sv-cancel")
        self.notice = gr.HTML(elem_id="sv-notice", js_on_load=None)
        self.samples = Samples(self._settings, str(self._cache))
        with gr.Accordion(t("settings"), open=False, elem_id="sv-settings"):
            self.form.build()
        place("sv-library")

    def _build_right(self) -> None:
        place("sv-bar")
        with gr.Column(elem_id="sv-text-panel"):
            self._build_text()
        place("sv-panels")

    def _build_text(self) -> None:
        with gr.Row(elem_id="sv-tools"):
            self.view = dropdown("view", "tagged", min_width=120)
            self.labels = radio("labels", "zh")  # that the export menu can change, too
            self.copy = gr.Button(t("copy"), size="md", min_width=90, scale=0, elem_id="sv-copy")
        self.text = gr.Textbox(
            label=t("transcript"),
            placeholder=t("transcript_empty"),
            lines=TRANSCRIPT_LINES,
            max_lines=TRANSCRIPT_LINES,
            interactive=False,
            elem_id="sv-text",
        )
        self.summary = gr.HTML(elem_id="sv-summary", js_on_load=None)

    def _connect(self, app: gr.Blocks) -> None:
        self._connect_runs()
        self._connect_sources()
        self._connect_status(app)
        self._connect_visit(app)

    def _connect_runs(self) -> None:
        """Connect what begins, stops, opens and shows a job."""
        files = [self.file, self.microphone, self.server_files or self.session]
        self.start.click(
            self._run,
            [self.session, *files, *self.form.components],
            self._screen_parts(),
            concurrency_limit=None,  # the runner orders the jobs
            **HIDDEN,
        )
        self.form.connect(CHOICE)
        self.cancel.click(self._cancel, self.session, self.cancel, **AT_ONCE)
        gr.on(
            [self.view.input, self.labels.input],
            self._show,
            [self.session, self.view, self.labels],
            [self.text, self.kept_labels],
            **CHOICE,
        )
        self.opened.change(  # not input, which gradio raises for keys alone
            self._opened,
            [self.session, self.opened],
            self._screen_parts(),
            concurrency_limit=None,
            trigger_mode="multiple",  # while a job is followed, another can be opened
            **HIDDEN,
        )
        self.copy.click(None, self.text, None, js=COPY_JS.read_text("utf-8"), **AT_ONCE)

    def _connect_sources(self) -> None:
        """Connect the tabs, one for each place that recordings come from."""
        self.file_tab.select(lambda session: _choose(session, "file"), self.session, **CHOICE)
        self.microphone_tab.select(lambda session: _choose(session, "microphone"), self.session, **CHOICE)
        self.live_tab.select(lambda session: _choose(session, "live"), self.session, **CHOICE)
        if self.server_files is not None:
            self.server_tab.select(lambda session: _choose(session, "server"), self.session, **CHOICE)
        self.samples.connect(self.session, self.file, self.tabs, CHOICE)

    def _connect_visit(self, app: gr.Blocks) -> None:
        """Connect the begin and the end of a visit, and the files that are chosen in between."""
        chosen = [self.file, self.microphone]
        changed = [self.file.change, self.microphone.change]
        gr.on(changed, self._hold, [self.session, *chosen], self.notice, **CHOICE)
        app.unload(self._release)
        app.load(
            self._load,
            [self.session, self.form.kept, self.kept_labels],
            [self.session, self.labels, *self.form.components, *self.form.preset_parts],
            **AT_ONCE,
        ).then(self._open, self.session, self._screen_parts(), concurrency_limit=None, **HIDDEN)

    def _connect_status(self, app: gr.Blocks) -> None:
        """Poll the state of the models when a page is opened, and then for as long as they are loading."""
        parts = [self.status, self.notice, self.asking, *self.samples.parts]
        app.load(self._ask, None, parts, **AT_ONCE)
        self.asking.tick(self._ask, None, parts, **AT_ONCE)

    def _ask(self, request: gr.Request) -> list[object]:
        status = self._settings.model()
        locale = locale_of(request.headers.get("accept-language"))
        line = status_line(status, self._settings.version, locale)
        error = status.error and in_locale(status.error.message("zh"), status.error.message("en"), locale)
        notice = markup.message(error, "error") if error else gr.skip()
        return [line, notice, gr.Timer(active=status.state == "loading"), *self.samples.updates()]

    def _screen_parts(self) -> list[gr.components.Component]:
        return [self.start, self.cancel, self.notice, self.text, self.summary, self.job]

    def _load(self, request: gr.Request, session: PageSession, kept: object, labels: object) -> list[object]:
        own = labels_of(locale_of(request.headers.get("accept-language")))
        session.label_locale = str(labels) if labels in CHOICES["labels"] else own
        # gradio deletes a state after the visit only if an event has set it
        values = self.form.remembered(kept)
        return [session, session.label_locale, *values, *self.form.shown(values)]

    def _run(
        self,
        request: gr.Request,
        session: PageSession,
        files: list[str] | None,
        microphone: str | None,
        picked: list[str] | None,
        *form: object,
    ) -> Iterator[list[object]]:
        if session.source == "server":
            paths = recordings(picked, self._settings.media_dir)
        elif session.source == "microphone":
            paths = [Path(microphone)] if microphone else []
        else:
            paths = [Path(path) for path in files or ()]
        locale = locale_of(request.headers.get("accept-language"))
        owner = request.username or ""
        address = visitor_address(request.client.host if request.client else None)
        screens = self._handlers.run(session, paths, self.form.named(form), locale, owner, address)
        yield from changes(updates(screen) for screen in screens)

    def _open(self, request: gr.Request, session: PageSession) -> Iterator[list[object]]:
        """Show the job named in the page's address, after a reload or a lost connection."""
        job_id = request.query_params.get("job")
        locale = locale_of(request.headers.get("accept-language"))
        screens = self._handlers.open(session, job_id, locale, request.username or "") if job_id else iter(())
        yield from changes(updates(screen) for screen in screens)

    def _opened(self, request: gr.Request, session: PageSession, opened: str) -> Iterator[list[object]]:
        locale = locale_of(request.headers.get("accept-language"))
        screens = self._handlers.opened(session, opened, locale, request.username or "")
        yield from changes(updates(screen) for screen in screens)

    def _hold(
        self, request: gr.Request, session: PageSession, files: list[str] | None, microphone: str | None
    ) -> object:
        """Keep the uploads of this page; what was said of the last ones is no longer true."""
        self._refs.hold(request.session_hash, [*(files or ()), microphone])
        return gr.skip() if session.busy else ""

    def _release(self, request: gr.Request) -> None:
        self._refs.release(request.session_hash)

    def _cancel(self, request: gr.Request, session: PageSession) -> dict[str, object]:
        self._handlers.cancel(session, request.username or "")
        locale = locale_of(request.headers.get("accept-language"))
        return gr.update(value=translate("cancelling", locale), interactive=False)

    def _show(self, request: gr.Request, session: PageSession, view: str, locale: str) -> list[object]:
        screen = self._handlers.show(session, view, locale, request.username or "")
        return [updates(screen)[TEXT_PART], locale]


def place(name: str) -> None:
    """Create an empty element that the workbench in the browser fills; see workbench/main.js."""
    gr.HTML(f'<div id="{name}"></div>', elem_id=f"{name}-frame", js_on_load=None)


def _choose(session: PageSession, source: str) -> None:
    session.source = source
