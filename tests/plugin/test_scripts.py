"""How the plugin's scripts send actions to WordPress."""

import json
import os
import shutil
import subprocess

import pytest

from plugin_zip import SOURCE

SCRIPTS = SOURCE / "admin/js"
PROGRAM = """
const { createServer } = require( 'node:http' );
const { readFileSync } = require( 'node:fs' );
globalThis.window = globalThis;
const answers = [
    JSON.stringify( { success: true, data: { more: false } } ),
    JSON.stringify( { success: false, data: { code: 'not_offered', message: 'سرویس قدیمی است.' } } ),
    JSON.stringify( { success: false } ), '<p>Fatal error</p>', 'null', '0',
];
const received = [];
const server = createServer( async ( request, response ) => {
    const form = await new Response( request, { headers: request.headers } ).formData();
    received.push( Object.fromEntries( form ) );
    response.end( answers[ received.length - 1 ] );
} );
server.listen( 0, '127.0.0.1', async () => {
    globalThis.pilitoPS_ask = { url: `http://127.0.0.1:${ server.address().port }/`, nonce: 'n1', lost: 'LOST' };
    ( 0, eval )( readFileSync( process.argv[ 1 ], 'utf8' ) );
    const form = new FormData();
    form.set( 'token', 'tok' );
    const asked = [ [ 'states', { ids: '7,8' } ], [ 'test', form ], [ 'status' ], [ 'run' ], [ 'run' ], [ 'run' ] ];
    const said = [];
    const outcome = ( promise ) => promise.then( ( data ) => ( { data } ), ( error ) => ( { code: error.code, message: error.message } ) );
    for ( const each of asked ) {
        said.push( await outcome( pilitoPSAsk( ...each ) ) );
    }
    server.closeAllConnections();
    await new Promise( ( closed ) => server.close( closed ) );
    said.push( await outcome( pilitoPSAsk( 'status' ) ) );
    console.log( JSON.stringify( { received, said } ) );
} );
"""


def node() -> str:
    """Returns the path of Node; without it, CI fails and other machines skip."""
    path = shutil.which("node")
    if path is None:
        reason = "needs node: apt-get install --no-install-recommends nodejs"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return path


def test_an_action_is_sent_with_its_fields_and_answered_with_data_or_a_sentence(
    programs: None,
) -> None:
    """A refusal keeps its code and its sentence; all that is no answer of the plugin is named as lost."""
    ran = subprocess.run(
        [node(), "-e", PROGRAM, SCRIPTS / "ask.js"], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    printed = json.loads(ran.stdout)
    assert printed["received"][:3] == [
        {"ids": "7,8", "action": "pilito_ps_states", "nonce": "n1"},
        {"token": "tok", "action": "pilito_ps_test", "nonce": "n1"},
        {"action": "pilito_ps_status", "nonce": "n1"},
    ]
    assert printed["said"] == [
        {"data": {"more": False}},
        {"code": "not_offered", "message": "سرویس قدیمی است."},
        *[{"message": "LOST"}] * 5,
    ]


def test_one_script_sends_for_all_others() -> None:
    """No other script sends a request of its own."""
    assert [file.name for file in sorted(SCRIPTS.glob("*.js")) if "fetch(" in file.read_text("utf-8")] == [
        "ask.js"
    ]
