// The vault: what is stored, and how it goes away again.

import { $, bytes, el, plain, show, toast } from "./dom.js";
import { ask, once, problem } from "./api.js";
import { busy } from "./customer.js";

const SHOWN = 12;

/** The files of an account, newest first. */
export function vault(studio) {
  let waiting;
  let turn = 0;

  function reset() {
    $("vault").hidden = true;
    show($("files"));
  }

  /** Looks again when things have calmed down: a job stores several files in a row. */
  function refresh() {
    clearTimeout(waiting);
    waiting = setTimeout(look, 250);
  }

  async function look() {
    turn += 1;
    const mine = turn;
    const listed = await ask("GET", `/v1/accounts/${studio.id}/assets?limit=${SHOWN}`, undefined, {
      about: "What the vault has, newest first.", merge: "assets",
    });
    if (mine !== turn || !listed.ok) return;
    const files = (listed.body.data ?? []).filter((it) => it.status === "stored");
    $("vault").hidden = files.length === 0;
    $("vault-more").textContent = listed.body.next ? `the newest ${SHOWN}` : `${files.length} ${files.length === 1 ? "file" : "files"}`;
    show($("files"), files.map(file));
  }

  function file(asset) {
    const through = (path) => path.replace("/v1/", "/playground/api/");
    const picture = asset.thumbnail ?? asset.content;
    return el("li", {},
      asset.content
        ? el("a", { href: `${through(asset.content)}?inline`, target: "_blank", rel: "noopener", "aria-label": `Open ${asset.name}` },
          el("img", { src: asset.thumbnail ? through(picture) : `${through(picture)}?inline`, alt: "", loading: "lazy" }))
        : el("span", { class: "external" }, "kept by the app"),
      el("span", { class: "name", dir: "auto", title: asset.name }, asset.name),
      el("span", { class: "line" },
        el("small", { class: "soft grow" }, `${plain(asset.kind)} · ${bytes(asset.size)}`),
        el("button", { type: "button", class: "plain link", "aria-label": `Delete ${asset.name}`, click: (event) => busy(event.currentTarget, () => remove(asset)) }, "Delete")));
  }

  async function remove(asset) {
    const removed = await ask("DELETE", `/v1/accounts/${studio.id}/assets/${asset.id}`, undefined, {
      about: "Deletes a file. Its bytes are free at once.", idempotency: once("delete"),
    });
    if (!removed.ok) return toast(problem(removed.body));
    $("vault-title").focus();
    refresh();
  }

  return { refresh, reset };
}
