// The customer: who it is, the plan, the card, credits to buy, and the clock.

import { $, bytes, creditWords, credits, day, el, minute, money, notice, plain, readable, second, show, toast } from "./dom.js";
import { ask, once, problem } from "./api.js";

const KEPT = "bursar-playground-customers";
const NAMES = ["Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hana", "Ines", "Jonas", "Kaya", "Liam", "Mei", "Nils", "Olga", "Pablo", "Quinn", "Rosa", "Sami", "Tara", "Uma", "Viktor", "Wanda", "Xenia", "Yuki", "Zoe"];

/** The customers that this browser has made, newest first. */
export function known() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    return Array.isArray(kept) ? kept.filter((it) => typeof it?.id === "string") : [];
  } catch {
    return [];
  }
}

function remember(customers) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(customers.slice(0, 40)));
  } catch {
    // A browser that keeps nothing still works until the page is left.
  }
}

/** Puts a customer on top of those that are known. */
export function prefer({ id, name }) {
  remember([{ id, name }, ...known().filter((it) => it.id !== id)]);
}

export function forget(id) {
  remember(known().filter((it) => it.id !== id));
}

/** Makes a customer at one of the starting points. Returns its id, or nothing. */
export async function make(start, catalog) {
  const taken = new Set(known().map((it) => it.name));
  const name = NAMES.find((it) => !taken.has(it)) ?? NAMES[Math.floor(Math.random() * NAMES.length)];
  const created = await ask("POST", "/v1/accounts", { id: `${name.toLowerCase()}-${Math.random().toString(36).slice(2, 6).padEnd(4, "0")}`, name }, {
    about: "A customer of your app, under your own id for it. Without one, Bursar makes one.",
    idempotency: once("customer"),
  });
  if (!created.ok) {
    toast(problem(created.body));
    return null;
  }
  const { id } = created.body;
  prefer({ id, name });
  if (start === "fresh") return id;
  await ask("POST", `/v1/accounts/${id}/payment_methods`, { token: "pm_card_visa" }, {
    about: "What it pays with. In live mode the token comes from the provider's form; a card number never gets here.",
    idempotency: once("card"),
  });
  const plan = catalog.plans.find((it) => !it.retired);
  if (!plan) return id;
  const subscribed = await ask("POST", `/v1/accounts/${id}/subscription`, { plan: plan.key, interval: "month" }, {
    about: "Subscribes and pays in one step. The credits are there when the payment is.",
    idempotency: once("subscribe"),
  });
  if (start === "low" && subscribed.ok) {
    const left = Math.min(12, plan.allowance);
    await ask("POST", `/v1/accounts/${id}/credits`, { credits: left - plan.allowance, class: "plan", reason: "As if they had been used" }, {
      about: "Support takes and gives credits with a reason. Here so that they run out soon.",
      idempotency: once("adjust"),
    });
  }
  return id;
}

/** What the rail shows, of an account. */
export function customer(studio) {
  const { catalog } = studio;
  let preview = null;

  $("customers").addEventListener("change", (event) => studio.open(event.target.value));
  for (const button of document.querySelectorAll("[data-start]")) {
    button.addEventListener("click", () => busy(button, async () => {
      const id = await make(button.dataset.start, catalog);
      $("newcomer").open = false;
      if (id) studio.open(id);
    }));
  }
  $("open-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const id = $("open-id").value.trim();
    if (!/^[\w\-.:@]{1,64}$/.test(id)) return toast("An id is 1 to 64 letters, digits, - _ . : @");
    const found = await ask("GET", `/v1/accounts/${id}`, undefined, { about: "An account with all that is in force." });
    if (!found.ok) return toast(problem(found.body));
    prefer({ id, name: found.body.name ?? id });
    $("newcomer").open = false;
    studio.open(id);
  });
  for (const button of document.querySelectorAll("[data-by]")) {
    button.addEventListener("click", () => busy(button, () => advance({ by: button.dataset.by }, button.textContent.replace("+", "").trim())));
  }
  $("next-event").addEventListener("click", () => {
    const due = studio.account?.next_due_at;
    if (due) busy($("next-event"), () => advance({ to: due }, "To the next event"));
  });
  for (const input of document.querySelectorAll("[name=interval]")) input.addEventListener("change", plans);
  $("card").addEventListener("change", cardToken);
  $("card-form").addEventListener("submit", (event) => {
    event.preventDefault();
    busy(event.submitter, useCard);
  });
  $("billing").addEventListener("click", openBilling);
  cardToken();
  packs();

  async function advance(to, words) {
    const before = studio.account?.now;
    const moved = await ask("POST", `/v1/test_clock/accounts/${studio.id}/advance`, to, {
      about: "Moves this account's clock ahead. Everything that falls due on the way happens in order, at its time.",
      idempotency: once("clock"),
    });
    if (!moved.ok) return show($("happened"), notice("bad", null, problem(moved.body)));
    const events = moved.body.events ?? [];
    studio.did("clock", { by: to.by, from: before });
    const list = events.map((event) => el("li", {},
      el("time", { datetime: event.at }, second(event.at)),
      el("span", {}, el("b", {}, plain(event.kind)), " ", readable(event.summary))));
    show($("happened"),
      el("p", { class: "small soft" }, `${words}: ${events.length === 0 ? "nothing fell due." : `${events.length} ${events.length === 1 ? "thing" : "things"} happened.`}`),
      events.length > 0 && el("ol", { tabindex: 0, "aria-label": "What happened" }, list));
  }

  async function useCard() {
    const token = $("card").value;
    const added = await ask("POST", `/v1/accounts/${studio.id}/payment_methods`, { token }, {
      about: "Attaches a card at the payment provider. Bursar keeps its brand and last four digits.",
      idempotency: once("card"),
    });
    if (!added.ok) return show($("card-say"), notice("bad", "Not added", problem(added.body)));
    if (!added.body.default) {
      await ask("POST", `/v1/accounts/${studio.id}/payment_methods/${added.body.id}/default`, {}, {
        about: "From now on it pays with this one. What is unpaid is tried again at once.",
        idempotency: once("default"),
      });
    }
    show($("card-say"), notice("good", null, `Payments now use the card ending in ${added.body.card?.last4 ?? ""}.`));
    studio.did("card", { token });
  }

  function cardToken() {
    $("card-token").textContent = $("card").value;
  }

  function packs() {
    show($("packs"), catalog.packs.map((pack) => el("button", {
      type: "button", class: "quiet pack", click: (event) => busy(event.currentTarget, () => buy(pack)),
    }, el("b", {}, credits(pack.credits)), el("small", {}, money(pack.price)))));
  }

  async function buy(pack) {
    const bought = await ask("POST", `/v1/accounts/${studio.id}/topups`, { pack: pack.key }, {
      about: "Buys a pack. The credits are there as soon as the payment succeeds, and never expire.",
      idempotency: once("topup"),
    });
    show($("packs-say"), told(bought, `${creditWords(pack.credits)} bought.`));
    if (bought.ok && bought.body.status === "succeeded") studio.did("topup");
  }

  function plans() {
    const { subscription } = studio.account ?? {};
    if (!subscription) return;
    const interval = chosenInterval();
    preview = null;
    const rows = catalog.plans.filter((plan) => !plan.retired || plan.key === subscription.plan).map((plan) => {
      const current = subscription.plan === plan.key && subscription.interval === interval && subscription.state !== "retention";
      const price = interval === "year" ? plan.prices.year : plan.prices.month;
      return el("li", { class: current ? "current" : "" },
        el("span", { class: "grow" }, el("b", {}, plan.name), el("small", { class: "soft" }, `${money(price)} a ${interval} · ${credits(plan.allowance)} credits a month`)),
        current
          ? el("span", { class: "tag" }, subscription.state === "canceling" ? "Ends" : "Current")
          : el("button", { type: "button", class: "quiet small", "aria-label": `Choose ${plan.name}`, click: (event) => busy(event.currentTarget, () => look(plan, interval)) }, "Choose"));
    });
    show($("plans"), rows);
  }

  async function look(plan, interval) {
    const seen = await ask("POST", `/v1/accounts/${studio.id}/subscription/preview`, { plan: plan.key, interval }, {
      about: "What exactly would happen: every line of the bill, what is due now, and a token that confirms just this.",
    });
    if (!seen.ok) return show($("plan-say"), notice("bad", null, problem(seen.body)));
    preview = seen.body;
    const { lines = [], due_now: due, effective_at: at, gained = [], lost = [], next_charge: next, next_charge_at: nextAt } = preview;
    const now = due?.amount > 0;
    const scheduled = preview.scheduled || preview.kind === "downgrade";
    show($("plan-say"), el("div", { class: "preview" },
      el("b", {}, `${plain(preview.kind ?? "change")}: ${plan.name}, by the ${interval}`),
      lines.length > 0 && el("table", {}, el("tbody", {}, lines.map((line) => el("tr", {},
        el("th", { scope: "row" }, line.description), el("td", {}, money(line.amount)))))),
      el("p", { class: "small" }, scheduled ? `Happens on ${day(at)}.` : "Happens now.",
        preview.allowance_change ? ` ${preview.allowance_change > 0 ? "+" : ""}${creditWords(preview.allowance_change)}.` : "",
        next && nextAt ? ` Next charge ${money(next)} on ${day(nextAt)}.` : ""),
      gained.length > 0 && el("p", { class: "small good-text" }, `Gains ${gained.map(named).join(", ")}`),
      lost.length > 0 && el("p", { class: "small bad-text" }, `Loses ${lost.map(named).join(", ")}`),
      el("button", { type: "button", class: "wide", click: (event) => busy(event.currentTarget, () => change(plan, interval)) },
        now ? `Pay ${money(due)}` : scheduled ? "Schedule it" : "Confirm")));
  }

  const named = (feature) => typeof feature === "string"
    ? catalog.features.find((it) => it.key === feature)?.name ?? feature
    : feature?.name ?? feature?.key ?? "";

  async function change(plan, interval) {
    const changed = await ask("POST", `/v1/accounts/${studio.id}/subscription`, { plan: plan.key, interval, preview: preview?.preview }, {
      about: "Confirms the preview. If anything changed since, it is refused as stale.",
      idempotency: once("plan"),
    });
    show($("plan-say"), told(changed, changed.body.scheduled ? `${plan.name} from ${day(changed.body.effective_at)}.` : `On ${plan.name} now.`));
    if (changed.ok && changed.body.kind === "upgrade") studio.did("upgrade");
  }

  /** What came of a purchase: done, waiting for the customer, or failed with a way on. */
  function told({ ok, body }, done) {
    if (!ok) return notice("bad", body.title, problem(body));
    const failure = body.payment?.failure;
    switch (body.status) {
      case "requires_action":
        return notice("warn", "The bank asks the customer", "No money has moved. Open the page and answer as the customer would.",
          body.payment?.action_url && el("a", { class: "button small", href: body.payment.action_url, target: "_blank", rel: "noopener" }, "Open 3-D Secure ↗"));
      case "processing":
        return notice("warn", "On its way", "The provider tells the result later: watch the journal.");
      case "failed":
        studio.did("declined");
        return notice("bad", "Declined", [failure?.message ?? failure?.detail ?? "The payment failed.", failure?.fix].filter(Boolean).join(" "));
      default:
        return notice("good", null, done);
    }
  }

  async function simple(method, what, about, button) {
    await busy(button, async () => {
      const done = await ask(method, `/v1/accounts/${studio.id}/subscription/${what}`, method === "DELETE" ? undefined : {}, { about, idempotency: once(what) });
      show($("plan-say"), done.ok ? null : notice("bad", null, problem(done.body)));
    });
  }

  async function openBilling() {
    // Opened in the click, so that no browser takes it for a pop-up.
    const tab = window.open("about:blank", "_blank");
    const session = await ask("POST", "/v1/portal_sessions", { account: studio.id, return_url: location.href }, {
      about: "A link into the customer's own billing pages: a code that works once, exchanged for a cookie.",
      idempotency: once("portal"),
    });
    if (session.ok && session.body.url && tab) {
      tab.opener = null;
      tab.location = session.body.url;
    } else {
      tab?.close();
      toast(session.ok ? "The browser opens no new tab for this page." : problem(session.body));
    }
  }

  const chosenInterval = () => document.querySelector("[name=interval]:checked").value;

  /** Shows the account as it is now. */
  function update(account) {
    const { subscription, balance, storage } = account;
    const name = account.name ?? account.id;
    prefer({ id: account.id, name });
    show($("customers"), known().map((it) => el("option", { value: it.id, selected: it.id === account.id }, it.name ?? it.id)));
    $("customers").value = account.id;
    $("face").textContent = name.slice(0, 1).toUpperCase();
    $("state").textContent = stateWords(subscription);
    $("billing").hidden = false;
    $("have").hidden = false;
    show($("have"), el("b", {}, credits(balance.available)), ` ${Number(balance.available) === 1 ? "credit" : "credits"}`, Number(balance.held) > 0 && el("span", { class: "soft" }, ` · ${credits(balance.held)} held`));
    show($("credits"), balanceOf(balance, subscription));
    show($("storage"), storageOf(storage));
    clock(account);
    const card = account.payment_method?.card;
    $("card-now").textContent = card ? `${plain(card.brand)} ·· ${card.last4}` : "none yet";
    const kept = `${subscription.state}/${subscription.plan}/${subscription.interval}/${subscription.scheduled_change?.plan}`;
    if ($("plans").dataset.kept !== kept) {
      $("plans").dataset.kept = kept;
      if (subscription.interval) document.querySelector(`[name=interval][value=${subscription.interval}]`).checked = true;
      plans();
    }
    actions(subscription);
  }

  function clock(account) {
    const now = account.now ?? new Date().toISOString();
    const ahead = Math.round((new Date(now) - Date.now()) / 86_400_000);
    $("now").textContent = minute(now);
    $("ahead").textContent = ahead > 0 ? `${credits(ahead)} ${ahead === 1 ? "day" : "days"} ahead` : "real time";
    const due = account.next_due_at;
    $("next-event").disabled = !due;
    show($("next-event"), due ? [el("span", {}, "To the next event"), el("small", {}, minute(due))] : el("span", {}, "Nothing is due"));
  }

  function actions(subscription) {
    const buttons = [];
    const button = (text, method, what, about) => buttons.push(el("button", { type: "button", class: "quiet small", click: (event) => simple(method, what, about, event.currentTarget) }, text));
    if (subscription.scheduled_change) button("Undo the scheduled change", "DELETE", "scheduled_change", "The plan stays as it is.");
    if (["active", "past_due"].includes(subscription.state)) button("Cancel", "POST", "cancel", "Ends with the paid period; everything stays until then.");
    if (subscription.state === "canceling") button("Resume", "POST", "resume", "As if it had not been cancelled.");
    show($("plan-actions"), buttons);
  }

  return { update, reset: () => ["happened", "plan-say", "card-say", "packs-say"].forEach((it) => show($(it))), look, buy };
}

function stateWords(subscription) {
  const { state, plan_name: plan, cancel_at: until, past_due: due, scheduled_change: change, retention } = subscription;
  switch (state) {
    case "none": return "No plan";
    case "incomplete": return `${plan ?? ""} · first payment outstanding`;
    case "past_due": return `${plan} · past due${due?.next_attempt_at ? `, tried again ${day(due.next_attempt_at)}` : ""}`;
    case "canceling": return `${plan} · ends ${until ? day(until) : ""}`;
    case "retention": return `Ended · data kept${retention?.purge_at ? ` until ${day(retention.purge_at)}` : ""}`;
    case "purged": return "Ended · data deleted";
    default: return change ? `${plan} · ${change.plan_name ?? plain(change.plan)} from ${day(change.effective_at ?? change.at)}` : `${plan}`;
  }
}

const CLASSES = { plan: "Monthly", promo: "Promo", topup: "Top-up" };

function balanceOf(balance, subscription) {
  const { available, held, by_class: classes } = balance;
  const parts = Object.entries(classes).map(([name, of]) => [name, Number(of.remaining) - Number(of.held)]).filter(([, amount]) => amount > 0);
  const bar = el("div", { class: "bar", "aria-hidden": "true" },
    parts.map(([name, amount]) => share(el("i", { class: name }), amount)),
    Number(held) > 0 && share(el("i", { class: "held" }), held));
  const legend = [...parts.map(([name, amount]) => [name, CLASSES[name], amount]), ...(Number(held) > 0 ? [["held", "Held", held]] : [])];
  return [
    el("p", { class: "amount" }, el("strong", {}, credits(available)), ` ${Number(available) === 1 ? "credit" : "credits"}`),
    bar,
    el("ul", { class: "legend" }, legend.map(([name, words, amount]) => el("li", {}, el("i", { class: name, "aria-hidden": "true" }), `${words} ${credits(amount)}`))),
    subscription.next_refresh_at && el("p", { class: "soft small" }, `Refreshes ${day(subscription.next_refresh_at)}`),
  ];
}

function storageOf({ used_bytes: used, reserved_bytes: reserved, quota_bytes: quota, full }) {
  if (!quota) return [];
  const taken = used + reserved;
  return [
    el("div", { class: `bar thin${full ? " full" : ""}`, "aria-hidden": "true" }, share(el("i", { class: "topup" }), Math.max(taken, quota / 200)), share(el("i", { class: "free" }), Math.max(0, quota - taken))),
    el("p", { class: "soft small" }, `${bytes(taken)} of ${bytes(quota)} stored${full ? ": full" : ""}`),
  ];
}

function share(node, amount) {
  node.style.flexGrow = String(amount);
  return node;
}

/** Does something with a button that can't be pressed again meanwhile. */
export async function busy(button, work) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}
