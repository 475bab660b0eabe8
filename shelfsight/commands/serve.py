"""``shelfsight serve``: the search API over HTTP."""

import socket
from typing import Annotated

import typer

from mappings.errors import InputError, PortTaken, StackError


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port; 0 for any that is free.", min=0, max=65535)
    ] = 8000,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A web origin whose pages may ask from a browser; may be repeated."),
    ] = None,
    attached: Annotated[
        list[str] | None,
        typer.Option(
            envvar="SHELFSIGHT_ATTACHED",
            help="An index that is attached: POST /augment is served for it; may be repeated.",
        ),
    ] = None,
) -> None:
    """Serve the search API over HTTP until interrupted; models load while it already answers."""
    listener = listen(host, port)
    import uvicorn

    from encoders.speech.registry import load_transcriber
    from serve.app import create_app
    from serve.connections import server_config
    from serve.limits import Limits
    from shelfsight.attaching import open_augmenter
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_engine

    settings, limits = read_settings(), Limits()
    app = create_app(
        lambda: open_engine(settings),
        limits=limits,
        allow_origins=tuple(origin or ()),
        transcriber_source=lambda: load_transcriber(settings.transcriber),
        augmenter_source=lambda name: open_augmenter(settings, name),
        attached=tuple(attached or ()),
    )
    shown, bound = listener.getsockname()[:2]
    typer.echo(f"Search API at http://{f'[{shown}]' if ':' in shown else shown}:{bound}", err=True)
    uvicorn.Server(server_config(app, limits)).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, so that a taken port is told before models are loaded.

    Raises:
        PortTaken: Another process holds the port; it is named where we may see it.
        InputError: The address is none of this machine's.
        StackError: We may not listen there.
    """
    import errno

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            from shelfsight.local.ports import holder

            raise PortTaken(
                f"Port {port}, asked for the search API, is held by {holder(port)}.",
                "End that process, or give another port: `shelfsight serve --port 0`.",
            ) from None
        if error.errno == errno.EACCES:
            raise StackError(
                f"Port {port} may not be listened on by this user.", "Give one from 1024 up."
            ) from None
        raise InputError(
            f"{host!r} is no address of this machine ({error.strerror or error}).",
            "Give 127.0.0.1, or 0.0.0.0 for every network.",
        ) from None
