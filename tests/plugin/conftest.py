"""One real WordPress for all tests of the plugin."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.plugin.shop import PACKAGES, WordPress, installed, missing
from tests.support.shop import Shop
from tests.support.system import System


def required() -> None:
    """In CI everything runs; elsewhere a machine without PHP skips what needs it."""
    if lacking := missing():
        told = f"needs {', '.join(lacking)}: apt-get install --no-install-recommends {PACKAGES}"
        if os.environ.get("CI"):
            pytest.fail(told, pytrace=False)
        pytest.skip(told)


@pytest.fixture(scope="session")
def packages() -> None:
    required()


@pytest_asyncio.fixture(scope="session")
async def site(packages: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WordPress]:
    folder: Path = tmp_path_factory.mktemp("wordpress")
    async with installed(folder) as shop:
        yield shop
        assert shop.complaints() == []


@pytest_asyncio.fixture
async def wordpress(site: WordPress, system: System, shop: Shop) -> WordPress:
    """The shop with nothing in it, connected to a store of its own."""
    await site.act("""
        global $wpdb;
        foreach ( get_posts( array( 'post_type' => array( 'product', 'product_variation' ), 'post_status' => 'any,trash,auto-draft', 'numberposts' => -1, 'fields' => 'ids' ) ) as $id ) {
            wp_delete_post( $id, true );
        }
        Pilito_PS_Changes::flush();
        $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() );
        foreach ( array( 'state', 'bulk', 'lock', 'waiter', 'service', 'log', 'mail', 'quiet' ) as $name ) {
            delete_option( 'pilito_ps_' . $name );
        }
        update_option( 'WPLANG', '' );
        as_unschedule_all_actions( 'pilito_ps_run_soon' );
        Pilito_PS_Background::stop();
        return true;""")
    await site.connect(str(system.http.base_url), shop.secret)
    return site
