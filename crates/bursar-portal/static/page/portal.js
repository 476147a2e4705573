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
})();
