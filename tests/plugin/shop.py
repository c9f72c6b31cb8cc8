"""A real WordPress of this machine's packages, with the plugin as it is shipped."""

import asyncio
import getpass
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from embedded.ports import free_ports
from plugin_zip import build
from tests.support.eventually import eventually
from tests.support.shop import FINAL, Shop

HERE = Path(__file__).parent
WORDPRESS = Path("/usr/share/wordpress")
PACKAGES = "php-cli php-curl php-mbstring php-mysql php-xml phpunit mariadb-server wordpress"
PROGRAMS = ("php", "phpunit", "mariadbd", "mariadb-install-db")
COMPLAINT = re.compile(r"PHP [A-Z].*pilito")
PASSWORD = "a password for tests"

CONFIG = """<?php
define( 'DB_NAME', 'shop' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:{socket}' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'FS_METHOD', 'direct' );
define( 'DISABLE_WP_CRON', true );
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', '{log}' );
$table_prefix = 'wp_';
defined( 'ABSPATH' ) || define( 'ABSPATH', __DIR__ . '/' );
require_once ABSPATH . 'wp-settings.php';
"""


def missing() -> list[str]:
    """What these tests need and this machine lacks."""
    found = [program for program in PROGRAMS if not shutil.which(program, path=search_path())]
    return found + [str(WORDPRESS)] * (not WORDPRESS.is_dir())


def search_path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def program(name: str) -> str:
    found = shutil.which(name, path=search_path())
    assert found, name
    return found


class PhpError(AssertionError):
    """PHP ended with an error."""


@dataclass
class WordPress:
    """An installed shop; each `act` is a PHP process of its own, as a request is."""

    folder: Path
    url: str
    log: Path

    async def act(self, code: str, *, dies: bool = False, installing: bool = False) -> Any:
        """Run PHP inside WordPress; what it returns comes back."""
        process = await asyncio.create_subprocess_exec(
            program("php"),
            str(HERE / "act.php"),
            str(self.folder),
            self.url,
            *(["installing"] if installing else []),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(code.encode())
        if dies:
            assert process.returncode != 0, "this was to die"
            return None
        if process.returncode != 0 or err:
            raise PhpError(f"{err.decode()}\n{out.decode()}\n{self.complaints()}")
        return json.loads(out.decode().strip().splitlines()[-1])

    def complaints(self) -> list[str]:
        """What WordPress and PHP remarked on the plugin."""
        if not self.log.exists():
            return []
        lines = self.log.read_text("utf-8").splitlines()
        return [line for line in lines if COMPLAINT.search(line.replace(str(self.folder), ""))]

    async def install_plugin(self) -> bool:
        """Install and activate the zip next to the site's folder."""
        archive = php(str(self.folder.parent / "pilito-product-sync.zip"))
        done: bool = await self.act(INSTALL_PLUGIN.replace("ARCHIVE", archive))
        return done

    async def send(self) -> int:
        """Let the seconds of quiet pass, and the sender run; answers how many were taken."""
        await self.pass_time(31)
        taken: int = await self.act("return Pilito_PS_Worker::run();")
        return taken

    async def pass_time(self, seconds: int) -> None:
        """As if so much time had passed for all that the plugin keeps."""
        await self.act(f"""
            global $wpdb;
            $wpdb->query( 'UPDATE ' . Pilito_PS_Queue::table() . ' SET due_at = due_at - {seconds}, first_at = first_at - {seconds}' );
            $state = Pilito_PS_State::get();
            Pilito_PS_State::set( array(
                'pause_until' => max( 0, $state['pause_until'] - {seconds} ),
                'probe_at'    => max( 0, $state['probe_at'] - {seconds} ),
            ) );
            $lock = get_option( 'pilito_ps_lock' );
            if ( $lock ) {{
                update_option( 'pilito_ps_lock', ( (int) $lock - {seconds} ) . ':aged' );
            }}
            return true;""")

    async def waiting(self) -> dict[int, dict[str, Any]]:
        """The queue, by product."""
        rows = await self.act(
            "global $wpdb; return $wpdb->get_results( 'SELECT * FROM ' . Pilito_PS_Queue::table() );"
        )
        return {int(row["product_id"]): row for row in rows}

    async def product(self, name: str, **fields: Any) -> int:
        """A new product, saved by a request of its own."""
        post = json.dumps({"post_title": name, "post_content": fields.pop("description", "")})
        made: int = await self.act(
            f"return WC_Product::write( json_decode( {php(post)}, true ), json_decode( {php(json.dumps(fields))}, true ) );"
        )
        return made

    async def connect(self, url: str, token: str, secret: str = "") -> None:
        """As if the owner had saved these settings."""
        await self.act(f"""
            require_once PILITO_PS_DIR . 'admin/class-admin-page.php';
            Pilito_PS_Admin_Page::keep( array( 'api_url' => {php(url)}, 'token' => {php(token)}, 'secret' => {php(secret)}, 'on' => true ) );
            return true;""")

    @asynccontextmanager
    async def browser(self, user: str = "admin") -> AsyncIterator["Browser"]:
        """Returns a client that is signed in."""
        async with httpx2.AsyncClient(base_url=self.url, timeout=60, follow_redirects=True) as http:
            await http.get("/wp-login.php")
            answer = await http.post("/wp-login.php", data={"log": user, "pwd": PASSWORD})
            assert answer.status_code == 200, answer.text
            yield Browser(http)


@dataclass
class Browser:
    http: httpx2.AsyncClient

    async def page(self, path: str = "admin.php?page=pilito-product-sync") -> str:
        answer = await self.http.get(f"/wp-admin/{path}")
        assert answer.status_code == 200, answer.text
        text: str = answer.text
        return text

    async def nonce(self) -> str:
        found = re.search(r'name="nonce" value="(\w+)"', await self.page())
        assert found
        return found[1]

    async def ask(self, action: str, **fields: str) -> httpx2.Response:
        """What a button of the page does."""
        return await self.http.post(
            "/wp-admin/admin-ajax.php", data={"action": f"pilito_ps_{action}", **fields}
        )


async def arrived(shop: Shop, product: int, count: int = 1) -> list[dict[str, Any]]:
    """The events of a product in order, once all of them have ended."""

    async def ended() -> list[dict[str, Any]]:
        rows = await shop.rows(
            "SELECT * FROM events WHERE store_id = :store AND external_id = :id ORDER BY id",
            id=f"woo_{product}",
        )
        return rows if all(row["status"] in FINAL for row in rows) else []

    rows = await eventually(
        ended, lambda rows: len(rows) >= count, what=f"event {count} of product {product}"
    )
    assert len(rows) == count
    return rows


def php(text: str) -> str:
    """A text as PHP spells it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def start_database(folder: Path) -> subprocess.Popen[bytes]:
    """A MariaDB of our own, on a socket; in a shared temporary folder, two delete each other's tables."""
    scratch = folder / "tmp"
    scratch.mkdir(parents=True)
    own = {**os.environ, "TMPDIR": str(scratch)}
    shared = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={getpass.getuser()}"]
    made = subprocess.run(
        [
            program("mariadb-install-db"),
            *shared,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=own,
    )
    assert made.returncode == 0, made.stdout
    quick = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--skip-networking"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [
                *(program("mariadbd"), *shared, *quick),
                *(f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"),
            ],
            stdout=log,
            stderr=log,
            env=own,
        )


@asynccontextmanager
async def database(folder: Path) -> AsyncIterator[Path]:
    """The socket of a MariaDB with an empty database `shop`."""
    server = await asyncio.to_thread(start_database, folder)
    socket = folder / "socket"

    def make() -> bool:
        assert server.poll() is None, (folder / "log").read_text()
        made = subprocess.run(
            [program("mariadb"), "--no-defaults", f"--socket={socket}", "--user=root"],
            input=b"CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4",
            capture_output=True,
            check=False,
        )
        return made.returncode == 0

    try:
        await eventually(lambda: asyncio.to_thread(make), what="MariaDB")
        yield socket
    finally:
        server.terminate()
        await asyncio.to_thread(server.wait, 30)


def start_web_server(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """PHP's own server, several requests at a time."""
    with (folder.parent / "server.log").open("wb") as log:
        return subprocess.Popen(
            [program("php"), "-S", f"127.0.0.1:{port}", "-t", str(folder)],
            stdout=log,
            stderr=log,
            env={**os.environ, "PHP_CLI_SERVER_WORKERS": "3"},
            start_new_session=True,
        )


@asynccontextmanager
async def web_server(folder: Path, port: int) -> AsyncIterator[None]:
    """WordPress on a real socket."""
    server = await asyncio.to_thread(start_web_server, folder, port)
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:

            async def ready() -> bool:
                assert server.poll() is None, (folder.parent / "server.log").read_text()
                try:
                    return (await http.get("/wp-includes/css/buttons.css")).status_code == 200
                except httpx2.TransportError:
                    return False

            await eventually(ready, what="PHP's server")
        yield
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        await asyncio.to_thread(server.wait, 30)


INSTALL = """
    require_once ABSPATH . 'wp-admin/includes/upgrade.php';
    add_filter( 'pre_wp_mail', '__return_true' );
    return wp_install( 'Shop', 'admin', 'admin@example.com', true, '', PASSWORD );"""

ACTIVATE_WOOCOMMERCE = """
    require_once ABSPATH . 'wp-admin/includes/admin.php';
    wp_insert_user( array( 'user_login' => 'reader', 'user_pass' => PASSWORD, 'role' => 'subscriber' ) );
    return null === activate_plugin( 'woocommerce/woocommerce.php' );"""

INSTALL_PLUGIN = """
    require_once ABSPATH . 'wp-admin/includes/admin.php';
    require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';
    $upgrader = new Plugin_Upgrader( new Automatic_Upgrader_Skin() );
    return true === $upgrader->install( ARCHIVE ) && null === activate_plugin( $upgrader->plugin_info() );"""


@asynccontextmanager
async def installed(folder: Path) -> AsyncIterator[WordPress]:
    """WordPress with the stand-in and with the plugin's zip, installed as wp-admin installs one."""
    site = folder / "wordpress"

    def prepare() -> None:
        shutil.copytree(WORDPRESS, site, ignore=shutil.ignore_patterns("wp-config.php", "languages"))
        shutil.copytree(HERE / "woocommerce", site / "wp-content/plugins/woocommerce")
        (site / "wp-content/mu-plugins").mkdir()
        shutil.copy(HERE / "background.php", site / "wp-content/mu-plugins")
        build(folder / "pilito-product-sync.zip")

    await asyncio.to_thread(prepare)
    (port,) = free_ports(1)
    shop = WordPress(site, f"http://127.0.0.1:{port}", folder / "wordpress.log")
    async with database(folder / "mariadb") as socket, web_server(site, port):
        (site / "wp-config.php").write_text(CONFIG.format(socket=socket, log=shop.log))
        await shop.act(INSTALL.replace("PASSWORD", php(PASSWORD)), installing=True)
        assert await shop.act(ACTIVATE_WOOCOMMERCE.replace("PASSWORD", php(PASSWORD)))
        assert await shop.install_plugin()
        yield shop
