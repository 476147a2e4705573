// The playground. Everything that it does is a request that is shown; everything that it shows of the
// account comes from the live stream.

import { $, el, money, setZone, show, toast } from "./dom.js";
import { ask, onExchange, problem } from "./api.js";
import { customer, forget, known, make } from "./customer.js";
import { order } from "./order.js";
import { stage } from "./stage.js";
import { vault } from "./vault.js";
import { addCall, addEvent, startJournal } from "./watch.js";

const TRIED = "bursar-playground-tried";

const studio = {
  catalog: null,
  id: null,
  account: null,
  open,
  did,
  operation: (key) => studio.catalog.operations.find((it) => it.key === key),
  results: () => parts.stage?.made() ?? [],
  use: (key, result) => {
    parts.order.choose(key, result);
    $("order").scrollIntoView({ block: "start" });
    $("order").querySelector("[name=operation]:checked")?.focus({ preventScroll: true });
  },
  choosePlan: async (plan) => {
    await parts.customer.look(plan, studio.account?.subscription.interval ?? "month");
    $("plan-say").scrollIntoView({ block: "center" });
    $("plan-say").querySelector("button")?.focus({ preventScroll: true });
  },
  watch: (job) => {
    parts.stage.put(job);
    parts.stage.show(job.id);
  },
  buy: (pack) => parts.customer.buy(pack),
};
const parts = {};
let stream = null;

onExchange((exchange) => addCall(exchange));
start();

async function start() {
  $("desk").hidden = false;
  const catalog = await ask("GET", "/v1/catalog", undefined, { about: "What is sold: plans, packs, operations with their rates. The forms on this page are made of it." });
  if (!catalog.ok) {
    return show($("stage"), el("div", { class: "empty" }, el("b", {}, "The catalog can’t be read"), el("p", {}, problem(catalog.body))));
  }
  studio.catalog = catalog.body;
  parts.stage = stage(studio);
  parts.customer = customer(studio);
  parts.order = order(studio);
  parts.vault = vault(studio);
  tour();
  for (const { id } of known()) {
    const found = await ask("GET", `/v1/accounts/${id}`, undefined, { about: "The customer that was open before, with all that is in force." });
    if (found.ok) return open(id);
    // Made on another data directory.
    forget(id);
  }
  const id = await make("subscribed", studio.catalog);
  if (id) open(id);
}

/** Opens an account: everything that is shown is of this one. */
function open(id) {
  stream?.close();
  studio.id = id;
  studio.account = null;
  parts.stage.reset();
  parts.customer.reset();
  parts.vault.reset();
  stream = new EventSource(`/playground/live?account=${encodeURIComponent(id)}`);
  stream.onopen = () => live(true);
  stream.onerror = () => live(false);
  const on = (name, work) => stream.addEventListener(name, (event) => {
    if (studio.id === id) work(JSON.parse(event.data));
  });
  on("start", ({ account, journal }) => {
    startJournal(journal);
    changed(account);
    parts.order.refresh();
    if (account.storage.used_bytes > 0) parts.vault.refresh();
  });
  on("account", (account) => {
    const before = studio.account;
    changed(account);
    // What may be run has changed with the plan; what is left, with the balance.
    if (before?.subscription.plan !== account.subscription.plan || before?.subscription.state !== account.subscription.state) parts.order.refresh();
    else parts.order.quote();
  });
  on("journal", (row) => {
    addEvent(row);
    if (/^(asset_|vault_|account_purged)/.test(row.kind)) parts.vault.refresh();
  });
  on("job", (job) => parts.stage.put(job));
  on("exchange", (told) => parts.stage.said(told, addCall(told.exchange)));
}

function changed(account) {
  setZone(account.time_zone);
  studio.account = account;
  parts.customer.update(account);
}

function live(connected) {
  $("live").textContent = connected ? "live" : "reconnecting";
  $("live").classList.toggle("on", connected);
}

// Things to try, ticked off as they happen.
const TOUR = [
  ["picture", "Run a picture", "Quote, hold, work, capture", () => pick("image", "succeed")],
  ["fails", "Fail a job", "The hold comes back, nothing is charged", () => pick("image", "fail")],
  ["runs-out", "Run out", "Order more than there is, and buy a pack", () => { pick("video", "succeed"); parts.order.set({ units: 60 }); }],
  ["month", "Jump a month", "See the renewal, the invoice, the refresh", () => focus(document.querySelector("[data-by='1mo']"))],
  ["declined", "Break the card", "Use one that is declined, then buy", () => { $("card").value = "pm_card_chargeDeclinedInsufficientFunds"; $("card").dispatchEvent(new Event("change")); focus($("card")); }],
  ["upgrade", "Upgrade", "A preview to the cent, then the same invoice", () => focus($("plans").querySelector("button"))],
];

function tour() {
  const done = tried();
  show($("tour"), TOUR.map(([key, title, words, go]) => el("li", { class: done.has(key) ? "did" : "" },
    el("button", { type: "button", class: "plain", title: words, click: go }, title, done.has(key) && el("span", { class: "unseen" }, " (done)")))));
}

function tried() {
  try {
    return new Set(JSON.parse(localStorage.getItem(TRIED)) ?? []);
  } catch {
    return new Set();
  }
}

/** Something happened that may be one of the things to try. */
function did(what, more = {}) {
  const done = tried();
  const size = done.size;
  if (what === "job" && more.stage === "done") done.add("picture");
  if (what === "job" && more.stage === "failed") done.add("fails");
  if (what === "topup") done.add("runs-out");
  if (what === "clock" && more.by === "1mo") done.add("month");
  if (what === "declined") done.add("declined");
  if (what === "upgrade") done.add("upgrade");
  if (done.size === size) return;
  try {
    localStorage.setItem(TRIED, JSON.stringify([...done]));
  } catch {
    // Ticks are nice to have.
  }
  tour();
}

function pick(operation, ending) {
  if (!parts.order.choose(operation)) parts.order.choose(studio.catalog.operations[0].key);
  parts.order.ending(ending);
  focus(parts.order.button());
}

function focus(node) {
  node?.scrollIntoView({ block: "center" });
  node?.focus({ preventScroll: true });
}
