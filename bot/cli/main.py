"""`newsdesk`: the commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from bot.cli import (
    articles,
    ask,
    backups,
    chat,
    check_claims,
    evaluate,
    feeds,
    health,
    ingest,
    jobs,
    move,
    purge,
    run,
    status,
    summaries,
    work,
)

_INTERRUPTED = 130
_UNREAD = 141
_BRINGING_IN = (["ingest"], ["feeds"], ["jobs"])

app = typer.Typer(
    name="newsdesk",
    help="Answers questions about the news and shows where every sentence comes from.\n\n"
    "To see an example, run: newsdesk demo. To add your own articles, run: newsdesk ingest FILE. "
    'Then ask: newsdesk ask "What happened to ...?"',
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich takes longer to import than everything else here
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"newsdesk {version('newsdesk')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the full Python traceback of an error.")
    ] = False,
) -> None:
    """Options of every command."""


app.command()(ingest.ingest)
app.command()(ingest.reindex)
app.command()(ask.search)
app.command()(ask.ask)
app.command()(chat.chat)
app.command()(ask.demo)
app.command()(summaries.summarize)
app.command()(summaries.digest)
app.command()(summaries.timeline)
app.command()(summaries.compare)
app.command()(ingest.extract)
app.command("check-claims")(check_claims.check_claims)
app.command("eval")(evaluate.eval_command)
app.add_typer(feeds.app, name="feeds")
app.add_typer(articles.articles, name="articles")
app.add_typer(articles.stories, name="stories")
app.add_typer(jobs.app, name="jobs")
app.command()(articles.audit)
app.command()(status.status)
app.command()(status.doctor)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(move.move)
app.command()(purge.purge)
app.command()(run.run)
app.command()(work.work)
app.command()(health.health)
app.command()(run.commands)


@app.command(name="help")
def help_(
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(help="A command, such as feeds add.")
    ] = None,
) -> None:
    """Show help for a command, or list all commands.

    Example: newsdesk help feeds add
    """
    at: Any = context.find_root()
    for name in command or ():
        found = at.command.get_command(at, name) if hasattr(at.command, "get_command") else None
        if found is None:
            near = get_close_matches(name, getattr(at.command, "commands", {}), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise typer.BadParameter(f"there is no command {' '.join(command or ())!r}{hint}")
        at = found.make_context(name, [], parent=at, resilient_parsing=True)
    typer.echo(at.get_help())


def main() -> None:
    """Run the command line and end the process.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 141 output no longer read
    (`newsdesk ask ... | head -1`).
    """
    debug = "--debug" in sys.argv[1:]
    sys.argv[1:] = [argument for argument in sys.argv[1:] if argument != "--debug"]
    code = 0
    from bot.ops.event_loop import collect_rarely, end_process

    collect_rarely()
    try:
        code = _run(debug)
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = code or _UNREAD
    end_process(code)


def _run(debug: bool) -> int:
    import logging
    import warnings

    from bot.ops.log_words import PutIntoWords

    warnings.showwarning = _warned
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.ERROR,
        format="%(levelname)s %(name)s: %(message)s" if debug else "newsdesk: %(message)s",
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(PutIntoWords())
    logging.getLogger("aiosqlite").setLevel(logging.INFO)  # logs every statement
    logging.getLogger("httpcore").setLevel(logging.INFO)  # logs every header, secret ones too
    try:
        app(standalone_mode=True, prog_name="newsdesk")
    except SystemExit as ended:  # typer raises it for an interruption and for a closed pipe too
        if _is_unread(ended):
            return _UNREAD
        if ended.code == _INTERRUPTED:
            kept = "; articles already accepted are kept" if sys.argv[1:2] in _BRINGING_IN else ""
            print(f"newsdesk: interrupted{kept}.", file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BrokenPipeError:  # not a failure to report
        raise
    except Exception as error:  # noqa: BLE001 - the last resort, reported in one line
        return _told(error, debug)
    return 0


def _warned(message: Warning | str, *_: object, **__: object) -> None:
    """Print warnings about settings in one line; other warnings are for developers."""
    from bot.config.renamed import RenamedSetting

    if isinstance(message, RenamedSetting):
        from bot.cli.language import for_terminal

        print(f"newsdesk: {for_terminal(message.note)}", file=sys.stderr)


def _is_unread(ended: SystemExit) -> bool:
    """Return whether a command ended because its output is no longer read: typer and rich exit with
    1 then."""
    cause: BaseException | None = ended
    while cause is not None and not isinstance(cause, BrokenPipeError):
        cause = cause.__context__
    return cause is not None


def _told(error: Exception, debug: bool) -> int:
    from retrieval.errors import NewsdeskError

    if debug:
        import traceback

        traceback.print_exc()
    if isinstance(error, NewsdeskError):
        from bot.cli.language import for_terminal

        print(f"newsdesk: {for_terminal(error)}", file=sys.stderr)
    else:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        print(
            f"newsdesk: unexpected error ({reason}); run again with --debug for details.",
            file=sys.stderr,
        )
    return 1
