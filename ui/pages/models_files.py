"""Models that leave by the browser: written, opened again to prove it, fetched once.

    export_model ─▶ a work that ends with {"file": key, "name", "size"}
    POST /models/export/{file} ─▶ the file, for whoever had it written; then it is removed

A file waits in a folder of the home that nobody else can read, ten minutes at most.
"""

import asyncio
import re
import shutil
import time
import uuid
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.background import BackgroundTask

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, NotFound
from chatbot.views import Person
from ui.guard import admit, caller

Json = dict[str, Any]
Form = Literal["folder", "merged", "gguf"]

KEPT = 600.0
"""Seconds in which a file must be fetched."""
ROLES = ("admin",)
_KEY = re.compile(r"[0-9a-f]{32}")
_OURS = re.compile(r".+-[0-9a-f]{32}")
"""Names of our folders: what people take of their own data waits beside them, for longer."""


def make(product: Product, person: Person, model: str, form: Form) -> Json:
    """Write a model, and pack a folder into one file. Raises what `Promotion.export` does."""
    home = _home(product)
    _forget(home)
    key = uuid.uuid4().hex
    folder = home / f"{person.public_id}-{key}"
    for each in (home, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        name = product.registry.resolve(model).label
        out = folder / (f"{name}.gguf" if form == "gguf" else name)
        written = product.promotion.export(person, model, out, form)
        path = written.path if form == "gguf" else _packed(written.path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return {"file": key, "name": path.name, "size": path.stat().st_size}


def waiting(product: Product, person: Person, key: str) -> Path:
    """The file that was written for somebody under a key. Raises NotFound."""
    home = _home(product)
    _forget(home)
    folder = home / f"{person.public_id}-{key}"
    found = sorted(folder.iterdir()) if _KEY.fullmatch(key) and folder.is_dir() else []
    if len(found) != 1 or not found[0].is_file():
        raise NotFound("The file is not here any more. Export the model again.")
    return found[0]


def _home(product: Product) -> Path:
    return product.settings.home_folder / "exports"


def _forget(home: Path) -> None:
    """Remove what nobody fetched; what is still being written is younger than that."""
    late = time.time() - KEPT
    for folder in home.iterdir() if home.is_dir() else ():
        if _OURS.fullmatch(folder.name) and _touched(folder) < late:
            shutil.rmtree(folder, ignore_errors=True)


def _touched(folder: Path) -> float:
    """When something in a folder was last written."""
    times = [0.0]
    for path in (folder, *folder.rglob("*")):
        with suppress(OSError):  # somebody fetches or removes it just now
            times.append(path.stat().st_mtime)
    return max(times)


def _packed(folder: Path) -> Path:
    """The folder as one file, not squeezed: weights are as small as they get."""
    path = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, Path(folder.name) / file.relative_to(folder))
    shutil.rmtree(folder)
    return path


def add(app: FastAPI, product: Product) -> None:
    """Add the route to an application."""

    async def fetch(request: Request, file: str) -> Response:
        """A model that was written for the caller."""
        try:
            person = await asyncio.to_thread(caller, product, request)
            admit(person, ROLES)
            path = await asyncio.to_thread(waiting, product, person, file)
        except ChatbotError as error:
            return JSONResponse({"error": str(error), "code": error.code}, error.status)
        done = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
        headers = {"cache-control": "no-store"}
        return FileResponse(
            path, filename=path.name.replace("@", "-"), headers=headers, background=done
        )

    app.add_api_route("/models/export/{file}", fetch, methods=["POST"], include_in_schema=False)
