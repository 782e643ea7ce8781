"""Face landmarks over HTTP: a picture is posted, its faces come back as JSON.

    python examples/server/app.py cnn67_300w --port 8000
    curl --data-binary @photo.jpg http://127.0.0.1:8000/faces

One localizer serves all threads. How many pictures are worked on, how many wait, their
size and the time until an answer are limited; what is over a limit is refused.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

import wingkeras
from wingkeras.imaging import BrokenFileError, read_image
from wingkeras.inference import YuNetDetector


@dataclass(frozen=True)
class Limits:
    """What the server takes on.

    Attributes:
        threads: pictures that are worked on at once.
        max_waiting: more pictures that may wait for a thread.
        max_bytes: of a request's body.
        max_pixels: of a picture; its size is looked at before it is decoded.
        max_seconds: from the request to the answer.
    """

    threads: int = os.cpu_count() or 1
    max_waiting: int = 16
    max_bytes: int = 20_000_000
    max_pixels: int = 100_000_000
    max_seconds: float = 10.0

    def __post_init__(self):
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"Expected {name} above 0, received {value}.")


def create_app(
    localizer: wingkeras.Localizer, model: str, limits: Limits | None = None
) -> FastAPI:
    """The application, for any ASGI server.

    Args:
        localizer: shared by all threads.
        model: its name, for `/health`.
        limits: see there.
    """
    limits = limits or Limits()
    pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="localizer")
    places = BoundedSemaphore(limits.threads + limits.max_waiting)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        pool.shutdown(cancel_futures=True)

    app = FastAPI(
        title="Face landmarks", version=wingkeras.__version__, lifespan=lifespan
    )

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"model": model, "version": wingkeras.__version__}

    @app.post("/faces", openapi_extra={"requestBody": _PICTURE})
    async def find_faces(request: Request) -> dict[str, Any]:
        """The faces of the picture that is the body; see `Faces.to_dict`."""
        if request.headers.get("content-type", "").startswith("multipart/"):
            raise HTTPException(
                415, "Expected the picture itself as the body; received a form."
            )
        # Before the body is read, so that few are in memory.
        if not places.acquire(blocking=False):
            raise HTTPException(
                503, "Too many pictures are waiting; try later.", {"Retry-After": "1"}
            )
        deadline = time.monotonic() + limits.max_seconds
        job = None
        try:
            async with asyncio.timeout(limits.max_seconds):
                data = await _read_body(request, limits.max_bytes)
                job = pool.submit(_find, localizer, data, limits, deadline)
                # A thread cannot be stopped: it is busy until its work is done, even
                # if nobody waits for the answer any more.
                job.add_done_callback(lambda _: places.release())
                return await asyncio.shield(asyncio.wrap_future(job))
        except TimeoutError:
            sentence = f"There is no answer after {limits.max_seconds:g} seconds."
            raise HTTPException(504, sentence, _CLOSE) from None
        finally:
            if job is None:
                places.release()

    @app.exception_handler(BrokenFileError)
    async def refuse_picture(request: Request, error: BrokenFileError) -> JSONResponse:
        # Not the whole message, which has the path on this machine.
        sentence = f"The picture cannot be used: {error.reason}."
        return JSONResponse({"detail": sentence}, 422)

    @app.exception_handler(Exception)
    async def fail(request: Request, error: Exception) -> JSONResponse:
        sentence = "The server failed; its log says why."
        return JSONResponse({"detail": sentence}, 500, _CLOSE)

    return app


# Where a body is left unread, which would be received and thrown away otherwise; and
# after a failure, when uvicorn closes the connection.
_CLOSE = {"Connection": "close"}

_PICTURE = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
    },
}


async def _read_body(request: Request, max_bytes: int) -> bytes:
    """The body, refused as soon as it is known to be too large."""
    sentence = f"Expected a picture of at most {max_bytes:,} bytes."
    too_large = HTTPException(413, sentence, _CLOSE)
    if int(request.headers.get("content-length", 0)) > max_bytes:
        raise too_large
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > max_bytes:
                raise too_large
    except ClientDisconnect:
        raise HTTPException(400, "The body ends early.") from None
    return bytes(data)


def _find(
    localizer: wingkeras.Localizer, data: bytes, limits: Limits, deadline: float
) -> dict[str, Any]:
    """The answer to one picture, in a thread of the pool."""
    if time.monotonic() > deadline:
        return {}  # it waited too long, and so did its client
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        path.write_bytes(data)
        image = read_image(path, upright=True, max_pixels=limits.max_pixels)
    return localizer.detect(image).to_dict()


def main() -> None:
    """Load a model and serve it until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("model", nargs="?", default="cnn67_300w", help="name in the zoo, or a folder")
    add("--runtime", default="onnx", help="onnx, openvino, litert, keras or fastest")
    add("--min-face", type=float, default=40.0, help="side of the smallest, px")
    add("--min-score", type=float, default=0.7, help="least score of a face")
    for name, value in vars(Limits()).items():
        option = f"--{name.replace('_', '-')}"
        add(option, type=type(value), default=value, help=f"by default {value:,}")
    add("--host", default="127.0.0.1", help="by default for this machine alone")
    add("--port", type=int, default=8000)
    options = parser.parse_args()
    try:
        limits = Limits(**{name: getattr(options, name) for name in vars(Limits())})
        localizer = _load(options)
    except (ValueError, OSError, ImportError) as error:
        parser.error(str(error))
    # The last part: a folder's path is nobody else's business.
    app = create_app(localizer, Path(options.model).name, limits)
    uvicorn.run(app, host=options.host, port=options.port)


def _load(options: argparse.Namespace) -> wingkeras.Localizer:
    localizer = wingkeras.zoo.load(options.model, runtime=options.runtime)
    if not isinstance(localizer.detector, YuNetDetector):
        raise ValueError(f"Expected a model of faces, received {options.model}.")
    detector = YuNetDetector(
        calibration=localizer.detector.calibration,
        min_face=options.min_face,
        min_score=options.min_score,
    )
    return localizer.replace(detector=detector)


if __name__ == "__main__":
    main()
