// One session of the TypeScript SDK's client with the server whose command line follows; prints what it saw as JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [command, ...args] = process.argv.slice(2);
const client = new Client({ name: "sdk-test", version: "1" });
await client.connect(new StdioClientTransport({ command, args, env: process.env }));

const call = async (name, args = {}, options = {}) => {
  const result = await client.callTool({ name, arguments: args }, undefined, options);
  return { text: result.content[0].text, isError: result.isError ?? false };
};

const progress = [];
const seen = {
  server: client.getServerVersion().name,
  tools: (await client.listTools()).tools.map((tool) => tool.name).sort(),
  index: await call("index", {}, { onprogress: (update) => progress.push(update.progress) }),
  search: await call("search", { query: "authentication flow" }),
  stats: await call("stats"),
  config: await call("config"),
  error: await call("search", { query: "x", limits: 3 }),
};

const controller = new AbortController();
const cancelled = call("index", { force: true }, { signal: controller.signal });
controller.abort("enough");
seen.cancelled = await cancelled.then(() => "answered", () => "cancelled");
seen.afterwards = await call("search", { query: "authentication flow" });
await client.ping();
await client.close();

console.log(JSON.stringify({ ...seen, progress }));
