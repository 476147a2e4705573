// What pages do beyond working: the balance moves by itself, an open menu closes.
(() => {
  const available = document.querySelector("[data-live-available]");
  const held = document.querySelector("[data-live-held]");
  const heldNumber = document.querySelector("[data-live-held-number]");
  let source;

  const show = (event) => {
    const balance = JSON.parse(event.data);
    if (available.textContent !== balance.available) {
      available.textContent = balance.available;
      const chip = available.closest("[data-live]");
      chip.classList.remove("moved");
      void chip.offsetWidth; // Starts the animation anew.
      chip.classList.add("moved");
    }
    heldNumber.textContent = balance.held;
    held.hidden = balance.held === "";
    document.dispatchEvent(new CustomEvent("bursar:balance", { detail: balance }));
  };

  // A page in the background keeps no connection: browsers have few for each server.
  const follow = () => {
    if (document.hidden || !available) {
      source?.close();
      source = undefined;
    } else if (!source) {
      source = new EventSource("/portal/live");
      source.addEventListener("balance", show);
    }
  };
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => { source?.close(); source = undefined; });
  addEventListener("pageshow", follow);

  const menu = document.querySelector("details.menu");
  document.addEventListener("click", (event) => {
    if (menu?.open && !menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu?.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A second click sends nothing: the first is on its way. (The server would do it once, too.)
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  // A plan's preview is shown where the plans are: what it costs stands beside what it brings, and there
  // is nothing to confirm before it is there.
  const here = document.querySelector("[data-preview-here]");
  const preview = async (link) => {
    here.hidden = false;
    here.setAttribute("aria-busy", "true");
    here.replaceChildren(Object.assign(document.createElement("p"), { className: "soft", textContent: "Working out what it costs…" }));
    const reply = await fetch(link.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const found = page.querySelector("[data-preview-found]");
    if (!reply.ok || !found) throw new Error("no preview");
    const title = found.querySelector("h1");
    const heading = document.createElement("h2");
    heading.append(...title.childNodes);
    heading.id = title.id;
    heading.tabIndex = -1;
    title.replaceWith(heading);
    here.replaceChildren(document.adoptNode(found));
    here.removeAttribute("aria-busy");
    heading.focus();
    here.scrollIntoView({ block: "start" });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-preview]");
    if (!here || !link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    preview(link).catch(() => { location.href = link.href; });
  });

  // A payment that is with the bank: its page looks again, at once when the balance moves.
  if (document.querySelector("[data-look-again]")) {
    setTimeout(() => location.reload(), 4000);
    let first = true;
    document.addEventListener("bursar:balance", () => { if (!first) location.reload(); first = false; });
  }
})();
