// Send one product event, signed by the Standard Webhooks scheme. Needs Node 18 or newer and no package.
//
// WEBHOOK_URL=... WEBHOOK_SECRET=whsec_... node send.mjs event.json

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

/** Returns the headers of a signed delivery. The receiver accepts a timestamp up to 5 minutes old. */
function signedHeaders(secret, eventId, body) {
  const timestamp = Math.floor(Date.now() / 1000).toString();
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${eventId}.${timestamp}.${body}`).digest("base64");
  return {
    "Content-Type": "application/json",
    "webhook-id": eventId,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
  };
}

const body = readFileSync(process.argv[2], "utf8");
const answer = await fetch(process.env.WEBHOOK_URL, {
  method: "POST",
  headers: signedHeaders(process.env.WEBHOOK_SECRET, JSON.parse(body).event_id, body),
  body,
  signal: AbortSignal.timeout(30_000),
});
console.log(answer.status, await answer.text());
process.exitCode = answer.ok ? 0 : 1;
