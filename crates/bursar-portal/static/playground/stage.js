// The stage: jobs while they run, and what they made.

import { $, bytes, creditWords, el, second, show } from "./dom.js";
import { reveal, still } from "./watch.js";
import { wantsSource } from "./order.js";

const STEPS = [
  ["quoting", "Quote", /\/quotes$/],
  ["holding", "Hold", /\/holds$/],
  ["working", "Work", null],
  ["storing", "Vault", /\/assets(\/|$)/],
  ["capturing", "Capture", /\/capture$/],
];
const RELEASE = ["releasing", "Release", /\/release$/];
const OVER = ["done", "refused", "failed"];

/** The jobs of an account, as cards, newest first. */
export function stage(studio) {
  const jobs = new Map();
  const cards = new Map();
  const calls = new Map();

  function reset() {
    jobs.clear();
    cards.clear();
    show($("stage"), empty());
  }

  function empty() {
    return el("div", { class: "empty" },
      el("b", {}, "Nothing has run yet"),
      el("p", { class: "soft" }, "Choose an operation, look at its price, and run it. The picture is really made here, and each request that pays for it is shown."));
  }

  /** A job as it is now. */
  function put(job) {
    const before = jobs.get(job.id);
    // The reply to the order may come after the first news.
    if (before && before.exchanges === undefined && job.stage === "quoting" && before.stage !== "quoting") return;
    jobs.set(job.id, job);
    for (const [index, exchange] of (job.exchanges ?? []).entries()) said({ job: job.id, index, exchange }, null);
    let card = cards.get(job.id);
    if (!card) {
      $("stage").querySelector(".empty")?.remove();
      card = make(job);
      cards.set(job.id, card);
      $("stage").prepend(card.node);
    }
    draw(card, job, before);
    if (before && !OVER.includes(before.stage) && OVER.includes(job.stage)) studio.did("job", job);
  }

  /** A request of a job: `row` shows it. */
  function said({ job, index, exchange }, row) {
    const all = calls.get(job) ?? [];
    all[index] = { exchange, row: row ?? all[index]?.row };
    calls.set(job, all);
    const card = cards.get(job);
    if (card) steps(card, jobs.get(job));
  }

  function make(job) {
    const parts = {
      title: el("h3", {}),
      tag: el("span", { class: "tag" }),
      steps: el("ol", { class: "steps" }),
      progress: el("progress", { max: 100, value: 0, "aria-label": "Progress of the work" }),
      words: el("p", { class: "words", "aria-live": "polite" }),
      results: el("div", { class: "results" }),
    };
    const what = [job.model, job.quality !== "standard" && job.quality, job.units > 1 && `× ${job.units}`, ...Object.entries(job.attributes ?? {}).filter(([, value]) => !["normal", "off"].includes(value)).map(([name, value]) => `${name} ${value}`)].filter(Boolean).join(" · ");
    show(parts.title, studio.operation(job.operation)?.name ?? job.operation, el("small", { class: "soft" }, ` ${what}`));
    parts.node = el("article", { class: "card job" },
      el("header", {}, parts.title, parts.tag),
      parts.steps, parts.progress, parts.words, parts.results);
    return parts;
  }

  function draw(card, job, before) {
    card.node.dataset.stage = job.stage;
    card.tag.textContent = tag(job);
    card.progress.hidden = !["working", "lost"].includes(job.stage);
    card.progress.value = job.percent;
    const words = job.stage === "lost" && job.hold_expires_at ? `${job.words} At ${second(job.hold_expires_at)}; or move the clock.` : job.words;
    if (card.words.textContent !== words) card.words.textContent = words;
    if (!before || before.stage !== job.stage) steps(card, job);
    results(card, job);
  }

  function tag(job) {
    switch (job.stage) {
      case "done": return job.captured !== null ? creditWords(job.captured) : "done";
      case "refused": return "refused";
      case "failed": return "not charged";
      case "lost": return "worker gone";
      default: return job.credits !== null ? `${creditWords(job.credits)} ${job.hold ? "held" : ""}`.trim() : "…";
    }
  }

  function steps(card, job) {
    const made = (calls.get(job.id) ?? []).filter(Boolean);
    const released = job.stage === "releasing" || made.some((it) => RELEASE[2].test(it.exchange.path));
    const timed = job.ending === "vanish" && job.stage === "failed" && !released;
    const list = timed ? [...STEPS.slice(0, 3), ["timed", "Timed out", null]] : released ? [...STEPS.slice(0, 3), RELEASE] : STEPS;
    const at = list.findIndex(([stage]) => stage === job.stage || (stage === "working" && job.stage === "lost"));
    show(card.steps, list.map(([stage, name, pattern], index) => {
      const of = pattern ? made.filter((it) => pattern.test(it.exchange.path)) : [];
      const last = of.at(-1);
      const wrong = last && last.exchange.status >= 400;
      const active = index === at;
      const done = of.length > 0 || (stage === "working" && (made.length > 2 || timed));
      const state = stage === "timed" ? "timed" : wrong ? "wrong" : active ? "active" : done ? "did" : "";
      const words = { wrong: "refused", active: "under way", did: "done", timed: "by itself" }[state] ?? "to come";
      const content = [name, el("span", { class: "unseen" }, `: ${words}`)];
      return el("li", { class: state }, last?.row
        ? el("button", { type: "button", class: "plain", title: "Show the request", click: () => reveal(last.row) }, content)
        : el("span", {}, content));
    }));
  }

  function results(card, job) {
    const working = ["holding", "working", "storing", "capturing"].includes(job.stage) && job.produced.length === 0;
    const key = working ? `working ${job.colors.join()}` : job.produced.map((it) => it.url).join();
    if (card.results.dataset.key === key) return;
    card.results.dataset.key = key;
    const operation = studio.operation(job.operation);
    if (working) {
      if (!operation?.asset) return show(card.results);
      const count = operation.asset === "image" ? Math.min(12, job.units ?? 1) : 1;
      return show(card.results, Array.from({ length: count }, (_, index) => {
        const frame = el("div", { class: `making${operation.asset === "image" ? "" : " film"}`, "aria-hidden": "true" });
        job.colors.forEach((color, place) => frame.style.setProperty(`--c${place}`, color));
        frame.style.animationDelay = `${index * -0.7}s`;
        return frame;
      }));
    }
    show(card.results, job.produced.map((it) => figure(it)));
  }

  function figure(result) {
    const clip = result.media_type === "image/gif";
    const next = studio.catalog.operations.filter((operation) => wantsSource(operation) === (clip ? "clip" : "picture"));
    return el("figure", { class: clip ? "film" : "" },
      el("a", { href: result.url, target: "_blank", rel: "noopener", "aria-label": `Open ${result.title}` },
        el("img", { src: result.url, alt: result.title, width: result.width, height: result.height, loading: "lazy" })),
      el("figcaption", {},
        el("span", { class: "grow" }, el("b", {}, result.title), el("small", { class: "soft" }, `${result.width}×${result.height} · ${bytes(result.size)}`)),
        next.map((operation) => el("button", { type: "button", class: "quiet small", click: () => studio.use(operation.key, result) }, short(operation)))));
  }

  const short = (operation) => /upscale/.test(operation.key) ? "Upscale" : /remix/.test(operation.key) ? "Remix" : operation.asset === "export" ? "Export" : operation.name;

  /** What was made, newest first. */
  function made() {
    return [...jobs.values()].reverse().flatMap((job) => job.produced);
  }

  /** Scrolls to a job, as far as it takes. */
  function showJob(id) {
    cards.get(id)?.node.scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
  }

  reset();
  return { put, said, reset, made, show: showJob };
}
