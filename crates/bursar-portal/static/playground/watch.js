// What is watched: the requests as they were sent, and the journal as it is written.

import { $, credits, el, plain, readable, second, toast } from "./dom.js";
import { curl } from "./api.js";

const REQUESTS = 120;
const EVENTS = 200;

/** Shows a request with its reply on top. Returns what shows it. */
export function addCall(exchange) {
  const list = $("calls");
  const first = list.firstElementChild;
  const row = call(exchange);
  if (exchange.merge && first?.dataset.merge === exchange.merge) {
    row.open = first.open;
    first.replaceWith(row);
  } else {
    list.prepend(row);
  }
  while (list.children.length > REQUESTS) list.lastElementChild.remove();
  return row;
}

function call(exchange) {
  const { method, path, status, took_ms: took, about } = exchange;
  const tone = status >= 500 || status === 0 ? "bad" : status >= 400 ? "warn" : "good";
  const row = el("details", { class: "call", data: { merge: exchange.merge ?? "" } },
    el("summary", {},
      el("span", { class: `method ${method.toLowerCase()}` }, method),
      el("span", { class: "path", title: path }, shortened(path)),
      el("span", { class: `status ${tone}` }, status || "—")));
  // Made when it is looked at: most never are.
  row.addEventListener("toggle", () => {
    if (row.open && row.children.length === 1) row.append(callBody(exchange, about, took));
  });
  return row;
}

function callBody(exchange, about, took) {
  const copy = el("button", {
    type: "button", class: "quiet small",
    click: async () => {
      try {
        await navigator.clipboard.writeText(curl(exchange));
        toast("Copied. BURSAR_KEY is the test key that the server printed.");
      } catch {
        toast("The browser doesn't let this page copy.");
      }
    },
  }, "Copy as curl");
  const head = [`${exchange.method} ${exchange.path}`, ...exchange.headers.map(([name, value]) => `${name}: ${value}`)].join("\n");
  const reply = [`${exchange.status}`, ...exchange.reply_headers.map(([name, value]) => `${name}: ${value}`)].join("\n");
  return el("div", { class: "call-body" },
    el("p", { class: "about" }, about || "Asked by the page."),
    el("div", { class: "label" }, el("b", {}, "Request"), copy),
    el("pre", { tabindex: 0, role: "group", "aria-label": "Request" }, head, "\n", exchange.body !== null && el("span", { class: "json" }, "\n", json(exchange.body)),
      exchange.file_bytes !== null && `\n‹ ${credits(exchange.file_bytes)} bytes ›`),
    el("div", { class: "label" }, el("b", {}, "Reply"), el("span", { class: "soft" }, `${took} ms`)),
    el("pre", { tabindex: 0, role: "group", "aria-label": "Reply" }, reply, "\n", exchange.reply !== null && el("span", { class: "json" }, "\n", json(exchange.reply))));
}

/** Without the version, and with long ids cut: where a path ends says most. */
const shortened = (path) => path.replace("/v1/", "").replace(/^accounts\/[^/]+\//, "…/").replace(/\/accounts\/[^/]+\//, "/…/").replace(/((?:hold|inv|pay|asset|ast)_[0-9a-z]{4})[0-9a-z]{6,}/g, "$1…");

const json = (value) => JSON.stringify(value, null, 2);

/** Opens a request and shows it. */
export function reveal(row) {
  if (!row?.isConnected) return;
  row.open = true;
  row.scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
  row.querySelector("summary").focus({ preventScroll: true });
  row.classList.add("flash");
  setTimeout(() => row.classList.remove("flash"), 1200);
}

/** Does this reader want nothing to move? */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Starts the journal over. */
export function startJournal(rows) {
  $("journal").replaceChildren(...rows.map(entry).reverse());
}

/** Shows an event on top. */
export function addEvent(row) {
  const list = $("journal");
  const node = entry(row);
  node.classList.add("new");
  list.prepend(node);
  while (list.children.length > EVENTS) list.lastElementChild.remove();
}

const COLORS = {
  hold: "held", charged: "spent", charge: "spent", lot: "lot", allowance: "lot", credits: "lot",
  payment: "paid", invoice: "paid", credit: "paid", refund: "paid", revenue: "paid",
  asset: "kept", assets: "kept", upload: "kept", vault: "kept", purge: "kept",
  subscription: "plan", plan: "plan", change: "plan", cancellation: "plan", renewal: "plan", clock: "time",
};

function entry(row) {
  const lines = [...row.credits.map((line) => posting(line, "")), ...row.money.map((line) => posting(line, "money"))];
  const moves = row.credits.length > 0;
  return el("article", { class: `event ${COLORS[row.kind.split("_")[0]] ?? ""}` },
    el("header", {},
      el("b", {}, plain(row.kind)),
      el("time", { datetime: row.at, class: "soft" }, second(row.at))),
    el("p", {}, readable(row.summary), row.by === "time" && el("span", { class: "by" }, " by time")),
    lines.length > 0 && el("table", { class: "postings" },
      el("caption", { class: "unseen" }, "Postings, which sum to zero"),
      el("tbody", {}, lines)),
    moves && el("p", { class: "after soft" }, `available ${credits(row.available)}`, Number(row.held) !== 0 && ` · held ${credits(row.held)}`));
}

function posting({ book, amount }, kind) {
  const negative = amount.startsWith("-");
  const shown = kind === "money" ? amount.replace("-", "−") : `${negative ? "−" : "+"}${credits(amount.replace("-", ""))}`;
  return el("tr", { class: negative ? "minus" : "plus" },
    el("th", { scope: "row" }, book.replaceAll("_", " ").replace(":", " · ")),
    el("td", {}, kind === "money" && !negative ? `+${shown}` : shown));
}
