"""What `pilito up` prints once everything runs: addresses, a token, and commands to paste."""

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import quote

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from contracts.ids import embedding_label
from contracts.wording.counted import counted
from database import health
from database.chunks import former_models
from database.engine import Database, create_engine
from embedded import embedder
from embedded.bootstrap import Ready, prepare, sample_products, send_sample
from settings import Settings

SECONDS_TO_KNOW = 60.0

REINDEXED = (
    "{} embedded again in the background, 50 a minute, because the embedding model has"
    " changed. Search finds them by their words until then."
)


def greet(environment: Mapping[str, str]) -> None:
    """Prepare the demo shop, wait until its catalogue is indexed, and print what to do next."""
    settings = Settings.model_validate(
        {
            **{
                name.removeprefix("PILITO_").lower(): value
                for name, value in environment.items()
                if name.startswith("PILITO_")
            },
        }
    )
    console = Console()
    ready = asyncio.run(prepare(settings))
    api = f"http://127.0.0.1:{settings.api_port}"
    if environment.get("OPENAI_API_KEY") == embedder.KEY and (count := asyncio.run(_reindex(settings))):
        console.print(
            REINDEXED.format(counted(count, "product is", "products are")), highlight=False, soft_wrap=True
        )
    if send_sample(api, ready.token):
        asyncio.run(_until_known(settings, ready.store_id, console))
    _tell(console, settings, ready, api)


async def _reindex(settings: Settings) -> int:
    """Leave products with vectors of another model to recovery. Returns how many there are."""
    label = embedding_label(
        settings.embedding_model, settings.embedding_dimensions, settings.embedding_variant
    )
    database = Database(create_engine(settings.database_url or "", pool_size=1))
    try:
        async with database.transaction() as connection:
            return await former_models.release(connection, label)
    finally:
        await database.close()


async def _until_known(settings: Settings, store_id: int, console: Console) -> None:
    total = len(sample_products())
    database = Database(create_engine(settings.database_url or "", pool_size=1))
    columns = (TextColumn("Sample catalogue"), BarColumn(), MofNCompleteColumn())
    deadline = time.monotonic() + SECONDS_TO_KNOW
    try:
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("", total=total)
            done = 0
            while done < total and time.monotonic() < deadline:
                async with database.reading() as connection:
                    done = await health.ended_events(connection, store_id)
                progress.update(task, completed=done)
                await asyncio.sleep(0.2)
    finally:
        await database.close()


def _tell(console: Console, settings: Settings, ready: Ready, api: str) -> None:
    def say(line: str = "") -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    say()
    say("Pilito Sync is ready.")
    say(f"  Console       {api}/console/sign-in/?email={quote(ready.email)}")
    if ready.password:
        say(f"  Password      {ready.password}")
        say("                (made for you and shown only now: paste it into the console, and write it down)")
    say(f"  Admin         {ready.email}")
    say(f"  API           {api}  (documentation at {api}/docs)")
    say(f"  Temporal UI   {settings.temporal_ui}")
    say(f"  Demo token    {ready.token}")
    say()
    say("Send a product, then find it by meaning:")
    say()
    say(f"""curl -s {api}/api/integrations/woocommerce/webhook/ \\
  -H 'Authorization: Bearer {ready.token}' -H 'Content-Type: application/json' \\
  -d '{{"event_id": "try-'$(date +%s)'", "event_type": "product.updated", "product": {{"id": 777,
       "name": "چراغ مطالعه رومیزی", "description": "<p>نور گرم و ملایم برای کتاب خواندن شبانه</p>",
       "price": "1250000", "stock_quantity": 3}}}}'
""")
    say(f"""curl -s {api}/api/v1/knowledge/search/ \\
  -H 'Authorization: Bearer {ready.token}' -H 'Content-Type: application/json' \\
  -d '{{"query": "لامپ برای مطالعه", "limit": 3}}'
""")
    say("Ask the sample shop as an assistant does, or add it to Claude Code (others: docs/assistants):")
    say()
    say(f"""curl -s {api}/mcp \\
  -H 'Authorization: Bearer {ready.token}' -H 'Content-Type: application/json' \\
  -d '{{"jsonrpc": "2.0", "id": 1, "method": "tools/call",
       "params": {{"name": "search", "arguments": {{"query": "کفش پیاده‌روی زیر دو میلیون تومان"}}}}}}'

claude mcp add --transport http pilito {api}/mcp --header 'Authorization: Bearer {ready.token}'
""")
    say("Ctrl-C stops everything; the next start keeps the data.")
