// Requests to the API, through this server, which adds the key; each is shown as it was sent.

const key = document.body.dataset.key;
const listeners = [];

/** Hears of every request with its reply. */
export const onExchange = (listener) => listeners.push(listener);

let counter = 0;
/** A key that makes a request take effect once, however often it is sent. */
export function once(what) {
  counter += 1;
  return `${what}-${Date.now().toString(36)}-${counter}${Math.floor(Math.random() * 1e6).toString(36)}`;
}

const SHOWN = ["content-type", "location", "retry-after", "idempotency-replayed", "x-request-id"];

/**
 * Asks the API. `path` is from `/v1` on. Returns `{ ok, status, body }`.
 * `merge` names requests of which only the last is shown.
 */
export async function ask(method, path, body, { about = "", idempotency, merge } = {}) {
  const headers = [["Authorization", `Bearer ${key}`]];
  const sent = { "X-Bursar-Playground": "1" };
  if (idempotency) {
    headers.push(["Idempotency-Key", idempotency]);
    sent["Idempotency-Key"] = idempotency;
  }
  if (body !== undefined) {
    headers.push(["Content-Type", "application/json"]);
    sent["Content-Type"] = "application/json";
  }
  const started = performance.now();
  let status = 0;
  let reply = null;
  let replyHeaders = [];
  try {
    const response = await fetch(path.replace("/v1/", "/playground/api/"), {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    status = response.status;
    replyHeaders = SHOWN.filter((name) => response.headers.has(name)).map((name) => [name, response.headers.get(name)]);
    const text = await response.text();
    reply = text ? JSON.parse(text) : null;
  } catch {
    reply = { detail: "The server can't be reached.", fix: "Is it running? Start it again and go on." };
  }
  const exchange = {
    about, method, path, headers,
    body: body === undefined ? null : body,
    file_bytes: null,
    status,
    reply_headers: replyHeaders,
    reply,
    took_ms: Math.round(performance.now() - started),
    merge,
  };
  for (const listener of listeners) listener(exchange);
  return { ok: status >= 200 && status < 300, status, body: reply ?? {} };
}

/** Asks the studio's own backend, which is not the API. */
export async function studio(method, path, body) {
  try {
    const response = await fetch(`/playground/${path}`, {
      method,
      headers: { "X-Bursar-Playground": "1", "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { ok: response.ok, body: await response.json() };
  } catch {
    return { ok: false, body: { detail: "The server can't be reached." } };
  }
}

/** What is wrong and what would fix it, of a problem. */
export const problem = (body) => [body.detail ?? "Something went wrong.", body.fix].filter(Boolean).join(" ");

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The request as a line for the terminal. */
export function curl(exchange) {
  const parts = [`curl -sS${exchange.method === "GET" ? "" : ` -X ${exchange.method}`} ${quoted(location.origin + exchange.path)}`];
  for (const [name, value] of exchange.headers) {
    parts.push(name === "Authorization" ? `-H "Authorization: Bearer $BURSAR_KEY"` : `-H ${quoted(`${name}: ${value}`)}`);
  }
  if (exchange.body !== null) parts.push(`-d ${quoted(JSON.stringify(exchange.body))}`);
  if (exchange.file_bytes !== null) parts.push(`--data-binary @picture.png`);
  return parts.join(" \\\n  ");
}
