// Connects the official TypeScript client to an MCP server, and prints what it was given as JSON.
// Arguments: the address of the server, a token, a question, an id.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [address, token, query, id] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const transport = new StreamableHTTPClientTransport(new URL(address), { requestInit: { headers } });
const client = new Client({ name: "pilito-tests", version: "1" });
await client.connect(transport);
const { tools } = await client.listTools();
const search = await client.callTool({ name: "search_catalog", arguments: { catalog: { query } } });
const product = await client.callTool({ name: "get_product", arguments: { catalog: { id } } });
const wrong = await client.callTool({ name: "search_catalog", arguments: {} });
console.log(
    JSON.stringify({
        server: client.getServerVersion(),
        instructions: client.getInstructions(),
        tools: tools.map((tool) => tool.name),
        search,
        product,
        wrong,
    }),
);
await client.close();
