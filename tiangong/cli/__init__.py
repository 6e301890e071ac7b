"""The command line. Heavy imports are late: `tiangong --help` answers at once."""

import sys
from collections.abc import Sequence

import typer

from tiangong.cli import avatar, bench, doctor, policy, senses, serve, talk, voice
from tiangong.core.errors import TiangongError

app = typer.Typer(
    name="tiangong",
    help="天工 Tiangong: talk with a digital human. It listens, thinks under a policy, and answers with a face and a voice.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("chat")(talk.chat)
app.command("say")(talk.say)
app.command("hear")(senses.hear)
app.command("look")(senses.look)
app.command("doctor")(doctor.doctor)
app.add_typer(avatar.app, name="avatar")
app.add_typer(voice.app, name="voice")
app.add_typer(policy.app, name="policy")
app.add_typer(bench.app, name="bench")


def main(arguments: Sequence[str] | None = None) -> None:
    """Exit codes: 0 done, 1 the answer is no, 2 bad input or usage (one line on stderr: what is wrong, and the mend)."""
    try:
        app(args=list(arguments) if arguments is not None else None)
    except TiangongError as error:
        print(f"tiangong: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
