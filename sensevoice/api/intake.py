"""Recordings that programs send or name become jobs."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.requests import Request

from sensevoice.access import USER
from sensevoice.access.origins import visitor_address
from sensevoice.errors import OptionError
from sensevoice.jobs import Job, JobRunner
from sensevoice.options import Options
from sensevoice.runtime.file_names import short_name


class Intake:
    """Submits jobs. `uploads` is where files lie until a job has them; `media_dir` is that of --media-dir."""

    def __init__(self, runner: JobRunner, uploads: Path, media_dir: Path | None = None) -> None:
        self._runner = runner
        self._uploads = uploads
        self._media_dir = media_dir

    def upload(self, file: UploadFile, options: Options, owner: str, address: str) -> Job:
        """Submit an uploaded file. Raises what `submit` raises."""
        folder = self._uploads / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        try:
            path = folder / short_name(Path(file.filename or "").name, "audio")
            with path.open("wb") as target:
                shutil.copyfileobj(file.file, target, 1 << 20)
            return self._runner.submit(path, options, owner, address)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def media(self, name: str, options: Options, owner: str, address: str) -> Job:
        """Submit a recording by its path below the media directory. Raises OptionError, and as `submit`."""
        return self._runner.submit(self._found(name), options, owner, address)

    def _found(self, name: str) -> Path:
        """Return the recording, which no link leads out of the directory. Raises OptionError."""
        allowed = "a file below --media-dir / --media-dir 目录中的文件"
        if self._media_dir is not None and not name.startswith("/"):
            root = self._media_dir.resolve()
            try:
                path = (root / name).resolve()
                if path.is_relative_to(root) and path.is_file():
                    return path
            except (OSError, ValueError):  # a name that no file can have
                pass
        raise OptionError(option="media", value=name[:200], allowed=allowed)


def owner_of(request: Request) -> str:
    """Return the login that sends a request, "" without logins."""
    return request.scope.get(USER) or ""


def address_of(request: Request) -> str:
    """Return what tells visitors apart by where they come from."""
    return visitor_address(request.client.host if request.client else None)
