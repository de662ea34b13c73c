"""The command that serves the catalogue."""

from __future__ import annotations

import click

from cxresearch.cli.session import Session, reported


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.pass_obj
@reported
def serve(session: Session, host: str, port: int) -> None:
    """Serve the catalogue of this workspace to a browser, read-only.

    Only what lies under reports/ is served. On another address than loopback everybody who can
    reach it can read the reports.

    Example: cxresearch serve --port 8000
    """
    from cxresearch.catalogue import catalogue_server, write_index

    reports = session.workspace / "reports"
    if reports.is_dir():
        write_index(reports)
    server = catalogue_server(reports, host=host, port=port)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"http://{shown}:{server.server_port}/  (Ctrl-C ends it)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("\nended", err=True)
    finally:
        server.server_close()
