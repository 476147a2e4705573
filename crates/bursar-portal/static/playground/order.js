// The order: an operation of the catalog with all that changes its price, and its quote.

import { $, creditWords, credits, el, notice, plain, show, toast } from "./dom.js";
import { ask, problem, studio as backend } from "./api.js";
import { busy } from "./customer.js";

const ICONS = { image: "▣", video: "▶", export: "⤓" };

const ENDINGS = {
  succeed: "hold, work, capture",
  partial: "captures less than it held; the rest comes back",
  fail: "releases its hold; nothing is charged",
  vanish: "tells nobody; the hold times out by itself",
};

/** The form. `studio` knows the account and the results. */
export function order(studio) {
  const { catalog } = studio;
  const chosen = { operation: catalog.operations[0], model: null, quality: null, units: 1, attributes: {}, source: null };
  let quoted = null;
  let waiting;
  let asked = 0;

  const form = $("order");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(event.submitter);
  });
  $("endings").addEventListener("change", showQuote);
  show($("operations"), el("legend", { class: "unseen" }, "Operation"), catalog.operations.map((operation) => el("label", { class: "operation" },
    el("input", { type: "radio", name: "operation", value: operation.key, checked: operation === chosen.operation, change: () => choose(operation) }),
    el("span", {},
      el("i", { "aria-hidden": "true" }, ICONS[operation.asset] ?? "◆"),
      el("b", {}, operation.name),
      el("small", {}, operation.range ? range(operation.range) : "")))));
  choose(chosen.operation);

  function range({ min, max }) {
    return min === max ? creditWords(min) : `${credits(min)}–${credits(max)} credits`;
  }

  function choose(operation, source = null) {
    Object.assign(chosen, {
      operation,
      model: operation.default_model,
      quality: operation.default_quality,
      units: Number(operation.default_units),
      attributes: Object.fromEntries(operation.attributes.map((it) => [it.key, it.default])),
      source,
    });
    const input = form.querySelector(`[name=operation][value="${CSS.escape(operation.key)}"]`);
    if (input) input.checked = true;
    choices();
    soon();
  }

  function choices() {
    const { operation } = chosen;
    const models = unique(operation.rates.map((rate) => rate.model));
    const qualities = unique(operation.rates.filter((rate) => rate.model === chosen.model).map((rate) => rate.quality));
    if (!qualities.includes(chosen.quality)) chosen.quality = qualities[0];
    const features = studio.account?.features ?? {};
    const locked = (model) => operation.rates.find((rate) => rate.model === model)?.feature;
    show($("choices"),
      chips("Model", "model", models, chosen.model, (model) => { chosen.model = model; choices(); },
        (model) => locked(model) && features[locked(model)] !== true && catalog.features.find((it) => it.key === locked(model))?.name),
      qualities.length > 1 && chips("Quality", "quality", qualities, chosen.quality, (quality) => { chosen.quality = quality; }),
      operation.attributes.map((attribute) => chips(plain(attribute.key), `attribute-${attribute.key}`, attribute.values.map((it) => it.key), chosen.attributes[attribute.key],
        (value) => { chosen.attributes[attribute.key] = value; })),
      Number(operation.max_units) > 1 && units(operation),
      sources(operation));
  }

  function chips(title, name, values, value, set, note = () => "") {
    return el("fieldset", { class: "chips" }, el("legend", {}, title), values.map((it) => {
      const why = note(it);
      return el("label", { title: why ? `Needs ${why}` : null },
        el("input", { type: "radio", name, value: it, checked: it === value, change: () => { set(it); refocus(name, it); soon(); } }),
        el("span", {}, it, why && [el("i", { class: "lock", "aria-hidden": "true" }), el("span", { class: "unseen" }, ` needs ${why}`)]));
    }));
  }

  // Choices that change others are drawn anew: the one that was chosen stays the one that has the focus.
  function refocus(name, value) {
    const input = form.querySelector(`[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`);
    if (input && document.activeElement !== input) input.focus();
  }

  function units(operation) {
    const output = el("output", {}, amount(operation));
    return el("label", { class: "units" },
      el("span", { class: "legend" }, `${plain(operation.unit)}s`),
      el("input", { type: "range", min: 1, max: Number(operation.max_units), value: chosen.units, input: (event) => {
        chosen.units = Number(event.target.value);
        output.textContent = amount(operation);
        soon();
      } }),
      output);
  }

  function amount(operation) {
    return `${chosen.units} ${operation.unit}${chosen.units === 1 ? "" : "s"}`;
  }

  /** What a remix, an upscale or an export begins with. */
  function sources(operation) {
    const wants = wantsSource(operation);
    if (!wants) return null;
    const results = studio.results().filter((it) => it.media_type.startsWith(wants === "clip" ? "image/gif" : "image/png")).slice(0, 8);
    if (!chosen.source) chosen.source = results[0] ?? null;
    if (results.length === 0) return el("p", { class: "soft small" }, `Make a ${wants} first, or run it on one that is made up.`);
    return el("fieldset", { class: "chips sources" }, el("legend", {}, "From"), results.map((it) => el("label", { title: it.title },
      el("input", { type: "radio", name: "source", value: it.url, checked: it === chosen.source, change: () => { chosen.source = it; } }),
      el("span", {}, el("img", { src: it.url, alt: it.title, loading: "lazy" })))));
  }

  function usage() {
    return {
      operation: chosen.operation.key,
      model: chosen.model,
      quality: chosen.quality,
      units: chosen.units,
      ...chosen.attributes,
    };
  }

  /** Asks for the quote when nothing has changed for a moment. */
  function soon() {
    clearTimeout(waiting);
    $("quote").classList.add("stale");
    waiting = setTimeout(quote, 160);
  }

  async function quote() {
    if (!studio.id) return;
    asked += 1;
    const turn = asked;
    const reply = await ask("POST", `/v1/accounts/${studio.id}/quotes`, usage(), {
      about: "What does it cost, and may this customer? A quote reserves nothing; it binds the price for a while.",
      merge: "quote",
    });
    if (turn !== asked) return;
    quoted = reply;
    $("quote").classList.remove("stale");
    showQuote();
  }

  function showQuote() {
    if (!quoted) return;
    const { ok, body } = quoted;
    if (!ok) return show($("quote"), notice("bad", null, problem(body)));
    const ending = form.querySelector("[name=ending]:checked").value;
    const partial = form.querySelector("[name=ending][value=partial]");
    partial.disabled = chosen.units < 2;
    if (partial.disabled && ending === "partial") form.querySelector("[name=ending][value=succeed]").checked = true;
    $("ending-says").textContent = ENDINGS[form.querySelector("[name=ending]:checked").value];
    show($("quote"),
      el("div", { class: "price" },
        el("p", { class: "big" }, el("strong", {}, credits(body.credits)), ` ${Number(body.credits) === 1 ? "credit" : "credits"}`),
        el("p", { class: "soft small" }, why(body))),
      body.allowed
        ? el("p", { class: "outlook" }, `${credits(studio.account?.balance.available)} → `, el("b", {}, credits(body.balance_after)), el("span", { class: "soft" }, " left"))
        : refusal(body.reason),
      el("button", { class: body.allowed ? "run" : "run quiet", type: "submit" }, body.allowed ? `Run for ${creditWords(body.credits)}` : "Run it anyway"));
  }

  /** How the price comes about. */
  function why(body) {
    const { operation } = chosen;
    const rate = operation.rates.find((it) => it.model === body.model && it.quality === body.quality);
    if (!rate) return "";
    const factors = operation.attributes.map((attribute) => {
      const value = body.attributes?.[attribute.key];
      const multiplier = Number(attribute.values.find((it) => it.key === value)?.multiplier ?? 1);
      return multiplier === 1 ? null : [multiplier, `${attribute.key} ${value}`];
    }).filter(Boolean);
    const exact = factors.reduce((product, [multiplier]) => product * multiplier, Number(rate.unit_price) * Number(body.units));
    const parts = [`${credits(rate.unit_price)} × ${credits(body.units)} ${operation.unit}${Number(body.units) === 1 ? "" : "s"}`, ...factors.map(([multiplier, name]) => `× ${multiplier} ${name}`)];
    const rounded = Math.abs(exact - Number(body.credits)) > 1e-9;
    return `${parts.join(" ")}${rounded ? ` = ${credits(Math.round(exact * 1e6) / 1e6)}, rounded ${rate.rounding}` : ""}`;
  }

  function refusal(reason) {
    const buttons = [];
    const plan = catalog.plans.find((it) => it.key === reason?.unlocked_by);
    const act = (text, work) => buttons.push(el("button", { type: "button", class: "quiet small", click: (event) => busy(event.currentTarget, work) }, text));
    if (plan) act(`${studio.account?.subscription.plan ? "Upgrade to" : "Subscribe to"} ${plan.name}`, () => studio.choosePlan(plan));
    if (reason?.code === "insufficient_credits") {
      const pack = catalog.packs.find((it) => Number(it.credits) >= Number(reason.short ?? 0)) ?? catalog.packs.at(-1);
      if (pack) act(`Buy ${creditWords(pack.credits)}`, () => studio.buy(pack));
    }
    return notice("warn", reason?.title ?? "Not allowed", [reason?.detail, reason?.fix].filter(Boolean).join(" "), buttons.length > 0 && el("div", { class: "buttons" }, buttons));
  }

  async function run(button) {
    if (!studio.id || !button) return;
    await busy(button, async () => {
      const { source } = chosen;
      const wants = wantsSource(chosen.operation);
      const started = await backend("POST", "jobs", {
        account: studio.id,
        operation: chosen.operation.key,
        model: chosen.model,
        quality: chosen.quality,
        units: chosen.units,
        attributes: chosen.attributes,
        ending: form.querySelector("[name=ending]:checked").value,
        source: wants && source ? { seed: source.seed, model: source.model, tint: source.tint ?? null, width: source.width } : null,
      });
      if (!started.ok) return toast(problem(started.body));
      studio.watch(started.body);
    });
  }

  return {
    refresh: () => { choices(); soon(); },
    quote: soon,
    choose: (key, source) => {
      const operation = catalog.operations.find((it) => it.key === key);
      if (operation) choose(operation, source);
      return Boolean(operation);
    },
    set: (change) => { Object.assign(chosen, change); choices(); soon(); },
    ending: (name) => { form.querySelector(`[name=ending][value=${name}]`).checked = true; showQuote(); },
    button: () => form.querySelector("button.run"),
  };
}

/** What an operation begins with: a picture, a clip, or nothing. */
export function wantsSource(operation) {
  if (operation.asset === "export") return "clip";
  return /remix|edit|upscale/.test(operation.key) ? "picture" : null;
}

const unique = (values) => [...new Set(values)];
