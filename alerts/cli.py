"""The one command, `tocsin`: what can be asked; how it is done is in `alerts.commands`, imported only when asked."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from streams.errors import ExplainedError

if TYPE_CHECKING:
    from streams.settings import Settings

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


class Verbs(click.Group):
    """A group whose verbs tell what people can mend in a line, with status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ExplainedError as error:
            for line in str(error).splitlines():
                click.echo(f"tocsin: {line}", err=True)
            ctx.exit(1)


def verb(group: click.Group, name: str, example: str) -> Callable[[Callable[..., None]], click.Command]:
    """Declare a verb of *group*, with an example under its help."""
    return group.command(name, epilog=f"\b\nExample:\n  {example}", context_settings={"help_option_names": ["-h", "--help"]})


def settings(**changes: Any) -> "Settings":
    """The settings of the environment, with what the command line says instead."""
    import msgspec

    from streams.settings import read_settings

    return msgspec.structs.replace(read_settings(os.environ), **{k: v for k, v in changes.items() if v is not None})


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tocsin", prog_name="tocsin")
def main() -> None:
    """Alerts for watch officers from open-source news.

    \b
    tocsin up                everything on this machine: feeds in, alerts out
    tocsin detect FILE       what one reads in articles
    tocsin replay FILE...    which alerts articles would have raised
    tocsin doctor            what is configured, reachable, and what to do
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread parses best, and numpy reads this when it is imported


@verb(main, "detect", "tocsin detect articles.jsonl")
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--strict", is_flag=True, help="Stop with status 2 at the first line that cannot be read.")
@click.option("--explain", is_flag=True, help="Say, for people, how each article was read, instead of answering.")
def detect(file: IO[bytes], strict: bool, explain: bool) -> None:
    """Read articles (JSON Lines) and answer each with its mentions of military events.

    \b
    A line needs "id" and "text"; "title", "outlet" and "published" help:
    {"id": "1", "text": "Rebels shelled Homs on Monday.", "published": "2016-12-12T10:00:00Z"}
    """
    from alerts.commands import read

    sys.exit((read.explain if explain else read.detect)(file, settings(), strict=strict))


@verb(main, "resolve", "tocsin resolve spans.jsonl")
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--strict", is_flag=True, help="Stop with status 2 at the first line that cannot be read.")
def resolve(file: IO[bytes], strict: bool) -> None:
    """Read texts with spans that are places (JSON Lines) and answer where each is."""
    from alerts.commands import read

    sys.exit(read.resolve_spans(file, settings(), strict=strict))


@verb(main, "replay", "tocsin replay articles.jsonl --rules deploy/rules --out alerts.jsonl")
@click.argument("files", type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True), nargs=-1, required=True)
@click.option("--rules", type=FOLDER, help="Folder of rule files, instead of the configured one.")
@click.option("--out", type=click.File("wb"), default="-", help="Where the alerts go; standard output by default.")
def replay(files: Sequence[Path], rules: Path | None, out: IO[bytes]) -> None:
    """Run articles (JSON Lines) through detection, fusion and rules, and write every alert revision."""
    from alerts.commands import replay as command

    command.replay(files, settings(rules=rules), out)


@verb(main, "up", "tocsin up --sample")
@click.option(
    "--sample/--no-sample", default=False, help="Also tell the sample story, with a webhook receiver and a mailbox on this machine."
)
def up(sample: bool) -> None:
    """Run everything on this machine: poll feeds, detect, fuse, judge, deliver. Ctrl-C stops it."""
    from alerts.commands.up import Up

    sys.exit(Up(settings=settings(), sample=sample, screen=sys.stdout).run())


@verb(main, "poll", "tocsin poll")
def poll() -> None:
    """Poll feeds into Kafka; start as many as you like, they share the feeds. Ctrl-C or SIGTERM stops it."""
    from alerts.commands.poll import Poll

    sys.exit(Poll(settings=settings(), screen=sys.stdout).run())


@verb(main, "work", "tocsin work --stages fuse,select,judge,route")
@click.option("--stages", default="", help="Stages, separated by commas; all by default.")
@click.option("--processes", type=click.IntRange(1, 64), help="Processes that detect; one for each core but one by default.")
def work(stages: str, processes: int | None) -> None:
    """Run some of the stages on Kafka; start as many such workers as it takes."""
    from alerts.commands import work as command

    chosen = command.named([name.strip() for name in stages.split(",") if name.strip()])
    sys.exit(command.Work(settings(), chosen, sys.stdout, processes or command.processes()).run())


@verb(main, "deliver", "tocsin deliver")
def deliver() -> None:
    """Deliver alerts from Kafka to their receivers: plan the attempts, and make them."""
    from alerts.commands import work as command

    sys.exit(command.Work(settings(), command.SENDING, sys.stdout, 1).run())


@verb(main, "trace", "tocsin trace TOC-2026-K7Q3M")
@click.argument("name", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def trace(name: str, as_json: bool) -> None:
    """Tell the way of one article through the river, from its feed to whoever was told, with what came of it at each stage.

    ID is that of an article, a mention, an event, an alert or a delivery, or how it begins; or the number that officers see. It may be
    asked while the river runs.
    """
    from alerts.commands import trace as way

    way.run(settings(), name, as_json=as_json)


@verb(main, "backup", "tocsin backup /backup/tocsin-2026-03-03.db")
@click.argument("to", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
def backup(to: Path) -> None:
    """Copy the state file to FILE, as it is at one moment, while `tocsin up` goes on.

    To go back to it: stop `tocsin up`, remove the state file and those beside it that end in -wal and -shm, put the copy there, and start.
    """
    from streams.runtime.store import back_up

    size = back_up(settings().state, to)
    click.echo(f"{to}: {size:,} bytes, whole")


@verb(main, "migrate", "TOCSIN_KAFKA=kafka-1:9092 tocsin migrate --state run/tocsin.db")
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), help="The state file, instead of the configured one.")
def migrate(state: Path | None) -> None:
    """Carry the state file of `tocsin up`, which is stopped, into a Kafka cluster, where the river goes on.

    The topics are there (`tocsin topics create`) and empty. Run again, it finishes what it began. Afterwards `tocsin up` does not start on
    the file any more: make a copy before (`tocsin backup`).
    """
    from alerts.commands import migrate as command

    sys.exit(command.migrate(settings(state=state), sys.stdout))


@verb(main, "send-test", "tocsin send-test watch-webhook")
@click.argument("receiver")
def send_test(receiver: str) -> None:
    """Send an exercise alert to RECEIVER now, and say how it went."""
    from alerts.commands import check

    sys.exit(check.send_test(settings(), receiver, sys.stdout))


@verb(main, "doctor", "tocsin doctor")
def doctor() -> None:
    """Say what is configured and reachable, and what to do about what is not."""
    from alerts.commands import check

    sys.exit(check.doctor(settings(), sys.stdout))


@main.group(cls=Verbs)
def feeds() -> None:
    """Read and check feeds."""


@verb(feeds, "parse", "tocsin feeds parse feed.xml")
@click.argument("files", type=FILE, nargs=-1, required=True)
def feeds_parse(files: Sequence[Path]) -> None:
    """Read feed documents and answer each with its articles (JSON Lines)."""
    from alerts.commands import check

    check.parse_feeds(files)


@verb(feeds, "check", "tocsin feeds check")
@click.argument("file", type=FILE, required=False)
def feeds_check(file: Path | None) -> None:
    """Check the feeds file, then ask every feed once and say how it answers."""
    from alerts.commands import check

    sys.exit(check.check_feeds(settings(feeds=file), sys.stdout))


@main.group(cls=Verbs)
def rules() -> None:
    """Check rules, run their tests, and try them on news that was."""


@verb(rules, "check", "tocsin rules check deploy/rules")
@click.argument("folder", type=FOLDER, required=False)
def rules_check(folder: Path | None) -> None:
    """Read the rules and the receivers, and tell every mistake with its file and line."""
    from alerts.commands import check

    sys.exit(check.check_rules(settings(rules=folder), sys.stdout))


@verb(rules, "test", "tocsin rules test deploy/rules")
@click.argument("folder", type=FOLDER, required=False)
def rules_test(folder: Path | None) -> None:
    """Run the tests that stand in the rule files."""
    from alerts.commands import rules as command

    sys.exit(command.test_rules(settings(rules=folder), sys.stdout))


@verb(rules, "schema", "tocsin rules schema > rules.schema.json")
def rules_schema() -> None:
    """Print the rule language as JSON Schema, for editors."""
    import json

    from alerts.rules.schema import schema

    click.echo(json.dumps(schema(), indent=1))


ARTICLES = click.argument("files", type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True), nargs=-1, required=True)
RULES = click.option("--rules", "folder", type=FOLDER, help="Folder of rule files, instead of the configured one.")


@verb(rules, "backtest", "tocsin rules backtest articles.jsonl --rules new-rules --against deploy/rules")
@ARTICLES
@RULES
@click.option("--against", type=FOLDER, help="Folder of other rules: say what the rules add to them, and lose.")
@click.option("--save", type=click.File("wb"), help="Keep what was detected in this file: the next run takes it instead of articles.")
@click.option("--json", "as_json", is_flag=True, help="Every alert revision, one JSON object a line, as `tocsin replay` has it.")
def rules_backtest(files: Sequence[Path], folder: Path | None, against: Path | None, save: IO[bytes] | None, as_json: bool) -> None:
    """Say which alerts the rules would have raised over recorded articles, and how many a day."""
    from alerts.commands import rules as command

    sys.exit(command.backtest(settings(rules=folder), files, sys.stdout, against=against, save=save, as_json=as_json))


@verb(rules, "explain", "tocsin rules explain articles.jsonl --event TOC-2016-K7Q3M")
@ARTICLES
@RULES
@click.option("--event", "number", default="", help="Number of an event, as alerts bear it.")
@click.option("--article", default="", help="Id of an article: all events that it tells of.")
def rules_explain(files: Sequence[Path], folder: Path | None, number: str, article: str) -> None:
    """Tell of an event or an article why each rule alerted or did not, clause by clause."""
    from alerts.commands import rules as command

    if bool(number) == bool(article):
        raise click.UsageError("name one event with --event, or one article with --article")
    sys.exit(command.explain_rules(settings(rules=folder), files, sys.stdout, number=number, article=article))


@main.group(cls=Verbs)
def topics() -> None:
    """Make and check the topics of the river in a Kafka cluster."""


@verb(topics, "create", "TOCSIN_KAFKA=kafka-1:9092 tocsin topics create")
def topics_create() -> None:
    """Make the topics that are missing, and say which were there."""
    from alerts.commands import topics

    sys.exit(topics.create(settings(), sys.stdout))


@verb(topics, "check", "TOCSIN_KAFKA=kafka-1:9092 tocsin topics check")
def topics_check() -> None:
    """Compare partitions, copies and retention of the topics with the settings, and say what to do about each difference."""
    from alerts.commands import topics

    sys.exit(topics.check(settings(), sys.stdout))


@verb(topics, "grow", "TOCSIN_KAFKA=kafka-1:9092 tocsin topics grow 24")
@click.argument("partitions", type=click.IntRange(1, 1000))
def topics_grow(partitions: int) -> None:
    """Give the topics that are read by key PARTITIONS partitions, while nobody works on them. Run again, it finishes what it began."""
    from alerts.commands import grow

    sys.exit(grow.grow(settings(), partitions, sys.stdout))


@main.group(cls=Verbs)
def rejected() -> None:
    """See what stages could not take, and have it read again."""


@verb(rejected, "list", "tocsin rejected list --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def rejected_list(as_json: bool) -> None:
    """Say what was set aside and not written again since: id, time, stage, place in its log, reason."""
    from alerts.commands import rejected as command

    sys.exit(command.listed(settings(), sys.stdout, as_json=as_json))


@verb(rejected, "show", "tocsin rejected show 1a2b3c4d5e6f")
@click.argument("name", metavar="ID")
def rejected_show(name: str) -> None:
    """Show all that is known of one record, its bytes and the stack included."""
    from alerts.commands import rejected as command

    sys.exit(command.show(settings(), name, sys.stdout))


@verb(rejected, "retry", "tocsin rejected retry --all --stage fuse")
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that was set aside.")
@click.option("--stage", help="With --all: only what this stage set aside.")
def rejected_retry(names: Sequence[str], everything: bool, stage: str | None) -> None:
    """Write records into their logs again, for their stage to read; without Kafka, while `tocsin up` is stopped."""
    from alerts.commands import rejected as command

    if bool(names) == everything or (stage and not everything):
        raise click.UsageError("name records by their ids, or say --all, with --stage for those of one stage")
    sys.exit(command.retry(settings(), names, stage, sys.stdout))


if __name__ == "__main__":
    main()
