"""A WooCommerce shop of so many products, as a process of its own: `python -m bench.rest_shop 20000`.

It prints its address. At SIGUSR1 it edits one product in a hundred, at SIGUSR2 it tells how often it was
asked since the last time.
"""

import signal
import sys
from datetime import UTC, datetime, timedelta

from fakes.woocommerce import ShopServer

SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2}
EDITED_EVERY = 100


def main() -> None:
    count = int(sys.argv[1])
    with ShopServer() as shop:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        shop.clock = lambda: yesterday
        ids = [shop.add(name=f"کالای شماره {number}", sku=f"SKU-{number}") for number in range(count)]
        shop.clock = lambda: datetime.now(UTC)
        print(shop.base_url, flush=True)
        edits = 0
        while True:
            match signal.sigwait(SIGNALS):
                case signal.SIGUSR1:
                    edits += 1
                    for id_ in ids[::EDITED_EVERY]:
                        shop.change(id_, name=f"کالای {id_}، ویرایش {edits}")
                    print("edited", flush=True)
                case signal.SIGUSR2:
                    print(len(shop.seen), flush=True)
                    shop.seen.clear()
                case _:
                    return


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    main()
