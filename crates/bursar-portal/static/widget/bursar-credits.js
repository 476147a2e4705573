// <bursar-credits>: the live balance of a customer's credits, on any page.
//
//   <script src="https://billing.example/widget/bursar-credits.js" defer></script>
//   <bursar-credits endpoint="https://billing.example" token-url="/api/credits-token"
//                   billing-url="/billing" threshold="50" show="held refresh"></bursar-credits>
//
// endpoint     where Bursar is reached
// token-url    an address of your own backend: for a POST of a customer who is signed in it replies with
//              what POST /v1/widget_tokens gave it, {"token", "expires_at"}. Or set the property
//              `getToken` to a function that returns the same, or `token` to a token.
// billing-url  where a click leads; without it nothing can be clicked
// threshold    below it the element has the attribute `low`
// show         what is shown besides: any of `held`, `refresh`
// theme        `light` or `dark`; otherwise that of the page around it
//
// The attribute `state` says how it is: loading, live, stale or error. Each balance is an event,
// `bursar-balance`. Look: the custom properties at the top of the sheet, and ::part(…) of root, dot,
// text, amount, unit, held, note. Tokens travel in a header, never in an address; nothing is kept.
(() => {
  if (customElements.get("bursar-credits")) return;

  const SHEET = `
    :host { --_ink: var(--bursar-color, light-dark(#1b1c1e, #eceae5));
      --_soft: var(--bursar-muted, light-dark(#5a5c61, #a9adb2));
      --_surface: var(--bursar-background, light-dark(#fff, #1a1d20));
      --_line: var(--bursar-border, light-dark(#e2dfd8, #2f3438));
      --_accent: var(--bursar-accent, light-dark(#14594a, #4fb795));
      --_low: var(--bursar-low, light-dark(#9a5b00, #f2c069));
      --_error: var(--bursar-error, light-dark(#a3261b, #ff9a8d));
      display: inline-block; max-width: 100%; vertical-align: middle; }
    :host([hidden]) { display: none; }
    :host([theme=light]) { color-scheme: light; }
    :host([theme=dark]) { color-scheme: dark; }
    .root { display: inline-flex; align-items: baseline; gap: .5em; max-width: 100%; box-sizing: border-box;
      padding: var(--bursar-padding, .35em .85em); border: 1px solid var(--_line);
      border-radius: var(--bursar-radius, 1.2em); background: var(--_surface); color: var(--_ink);
      font: var(--bursar-font, 500 .9375rem/1.4 ui-sans-serif, system-ui, -apple-system, "Segoe UI",
        Roboto, sans-serif);
      font-variant-numeric: tabular-nums; text-decoration: none; overflow-wrap: anywhere;
      transition: border-color .2s, color .2s; }
    a.root:hover { border-color: var(--_accent); }
    a.root:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
    .text { display: flex; flex-wrap: wrap; align-items: baseline; column-gap: .45em; min-width: 0; }
    .dot { flex: none; transform: translateY(-.1em); width: .5em; height: .5em; border-radius: 50%; background: var(--_accent); }
    .amount { font-weight: 650; }
    .held, .note { color: var(--_soft); font-size: .9em; }
    .unit { margin-inline-end: .2em; }
    .held:empty, .note:empty, .amount:empty, .unit:empty { display: none; }
    :host([low]) .dot { background: var(--_low); }
    :host([low]) .amount { color: var(--_low); }
    :host([state=loading]) .dot { background: var(--_soft); }
    :host([state=loading]) .amount { min-width: 3ch; min-height: .75em; border-radius: .3em;
      background: var(--_line); display: inline-block; }
    :host([state=stale]) .dot { background: transparent; box-shadow: inset 0 0 0 .1em var(--_soft); }
    :host([state=stale]) .root { color: var(--_soft); border-style: dashed; }
    :host([state=stale]) .amount { color: inherit; }
    :host([state=error]) .dot { background: var(--_error); }
    :host([state=error]) .note { color: var(--_ink); font-size: 1em; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
      white-space: nowrap; }
    @media (prefers-reduced-motion: no-preference) {
      :host([state=loading]) .amount { animation: wait 1.4s ease-in-out infinite alternate; }
      .moved { animation: moved 1.2s ease-out; }
    }
    @keyframes wait { to { opacity: .4; } }
    @keyframes moved { from { border-color: var(--_accent); color: var(--_accent); } }
    @media (forced-colors: active) { .dot { forced-color-adjust: none; } }
    @media print { .root { border-color: #999; background: none; color: #000; } }`;

  const texts = {
    unit: (available) => (available === 1 ? "credit" : "credits"),
    held: (held) => `${held} held`,
    refreshes: (date) => `refreshes ${date}`,
    asOf: (time) => `as of ${time}`,
    low: (available) => `Running low: ${available}`,
    loading: "Loading credits",
    signedOut: "Sign in to see your credits",
    unknown: "Credits can\u2019t be shown right now",
    misused: "Credits can\u2019t be shown: the element needs endpoint and token-url",
  };

  // Milliseconds.
  const FIRST_RETRY = 1000;
  const LAST_RETRY = 30000;
  const REFUSED_RETRY = 60000; // When the customer is signed out or the token is refused.
  const GRACE = 2500; // A connection that is back by then was never lost.
  const SILENCE = 45000; // The server says that it lives more often than that.
  const RENEW_BEFORE = 30000;
  const ANNOUNCE_EVERY = 10000;

  class Refused extends Error {}

  const ask = async (url, options, patience = 20000) => {
    const timeout = AbortSignal.timeout(patience);
    const signal = options.signal ? AbortSignal.any?.([options.signal, timeout]) ?? options.signal : timeout;
    return fetch(url, { cache: "no-store", redirect: "error", referrerPolicy: "no-referrer", ...options, signal });
  };

  // One connection for all elements of a page that show the same account: browsers have few for each
  // server. It rests while the page is in the background.
  class Feed {
    static #all = new Map();

    static of(endpoint, source, key) {
      const name = `${endpoint} ${key}`;
      const feed = Feed.#all.get(name) ?? new Feed(name, endpoint, source);
      Feed.#all.set(name, feed);
      return feed;
    }

    #watchers = new Set();
    #pass; // { token, expiresAt }
    #stop; // Ends the present connection.
    #wake; // Ends the present wait.
    #grace;
    #told = false; // Has the present connection told a balance?
    #over = false; // Has it ended with its token?
    now = { state: "loading" };

    constructor(name, endpoint, source) {
      Object.assign(this, { name, endpoint, source });
    }

    watch(watcher) {
      this.#watchers.add(watcher);
      watcher(this.now);
      if (this.#watchers.size === 1) {
        document.addEventListener("visibilitychange", this.#turn);
        addEventListener("online", this.#again);
        this.#turn();
      }
      return () => this.#leave(watcher);
    }

    retry() { this.#again(); }

    #leave(watcher) {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      document.removeEventListener("visibilitychange", this.#turn);
      removeEventListener("online", this.#again);
      this.#stop?.abort();
      this.#stop = undefined;
      clearTimeout(this.#grace);
      Feed.#all.delete(this.name);
    }

    #again = () => this.#wake?.();

    #turn = () => {
      if (document.hidden) {
        this.#stop?.abort();
        this.#stop = undefined;
      } else if (!this.#stop) {
        this.#stop = new AbortController();
        this.#run(this.#stop.signal);
      }
    };

    #tell(change) {
      this.now = { ...this.now, ...change };
      for (const watcher of this.#watchers) watcher(this.now);
    }

    #balance(balance) {
      clearTimeout(this.#grace);
      this.#grace = undefined;
      this.#tell({ state: "live", balance, at: new Date(), error: undefined });
    }

    // What is shown is no longer sure; said only if that lasts.
    #lost(error) {
      if (!this.now.balance) return this.#tell({ state: "error", error });
      this.#grace ??= setTimeout(() => this.#tell({ state: "stale", error }), GRACE);
    }

    async #run(signal) {
      let pause = FIRST_RETRY;
      while (!signal.aborted) {
        let wait = pause;
        this.#told = this.#over = false;
        try {
          await this.#follow(signal);
        } catch (problem) {
          if (signal.aborted) return;
          const refused = problem instanceof Refused;
          if (refused) {
            clearTimeout(this.#grace);
            this.#grace = undefined;
            this.#tell({ state: "error", balance: undefined, error: problem.message });
            wait = REFUSED_RETRY;
          }
        }
        if (signal.aborted) return;
        if (this.#told) wait = pause = FIRST_RETRY;
        if (this.#over) wait = 0; // It ended with its token: the next one at once.
        if (wait > 0 && wait !== REFUSED_RETRY) this.#lost(texts.unknown);
        pause = Math.min(pause * 2, LAST_RETRY);
        await this.#rest(wait * (0.75 + Math.random() / 2), signal);
      }
    }

    #rest(milliseconds, signal) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => { clearTimeout(timer); resolve(); };
        signal.addEventListener("abort", this.#wake, { once: true });
      });
    }

    // Reads the balance, then follows it until the connection ends.
    async #follow(signal) {
      const reply = await this.#get("/v1/widget/balance", signal);
      this.#balance(await reply.json());
      await this.#stream(signal);
    }

    async #get(path, signal, retried = false) {
      const token = await this.#token(signal);
      const headers = { Authorization: `Bearer ${token}` };
      const reply = await ask(this.endpoint + path, { headers, signal, credentials: "omit" });
      if (reply.status === 401 && !retried) {
        this.#pass = undefined;
        return this.#get(path, signal, true);
      }
      if ([401, 403, 404].includes(reply.status)) throw new Refused(texts.unknown);
      if (!reply.ok) throw new Error(`status ${reply.status}`);
      return reply;
    }

    async #token(signal) {
      const still = this.#pass && !(Date.now() > this.#pass.expiresAt - RENEW_BEFORE);
      if (!still) {
        const given = await this.source(signal);
        const { token, expires_at } = typeof given === "string" ? { token: given } : given ?? {};
        if (typeof token !== "string" || token === "") throw new Refused(texts.signedOut);
        this.#pass = { token, expiresAt: expires_at ? Date.parse(expires_at) : NaN };
      }
      return this.#pass.token;
    }

    async #stream(signal) {
      const own = new AbortController();
      const stop = () => own.abort();
      signal.addEventListener("abort", stop, { once: true });
      let watch = setTimeout(stop, SILENCE);
      try {
        const token = await this.#token(signal);
        const headers = { Authorization: `Bearer ${token}`, Accept: "text/event-stream" };
        const reply = await fetch(`${this.endpoint}/v1/widget/events`, {
          headers, signal: own.signal, credentials: "omit", cache: "no-store", redirect: "error",
          referrerPolicy: "no-referrer",
        });
        if (reply.status === 401) this.#pass = undefined;
        if (!reply.ok) throw new Error(`status ${reply.status}`);
        const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          clearTimeout(watch);
          watch = setTimeout(stop, SILENCE);
          const events = (text + value).split("\n\n");
          text = events.pop();
          for (const event of events) this.#event(event);
        }
      } finally {
        clearTimeout(watch);
        signal.removeEventListener("abort", stop);
        own.abort();
      }
    }

    #event(text) {
      const field = (name) => text.split("\n").find((line) => line.startsWith(name))?.slice(name.length).trim();
      const name = field("event:");
      if (name === "expired") {
        this.#pass = undefined;
        this.#over = this.#told;
      }
      if (name === "balance") {
        this.#told = true;
        this.#balance(JSON.parse(field("data:")));
      }
    }
  }

  // Only what leads to a page: no javascript: and no data:.
  const webAddress = (text) => {
    const url = text && URL.canParse(text, document.baseURI) ? new URL(text, document.baseURI) : undefined;
    return url && /^https?:$/.test(url.protocol) ? url : undefined;
  };

  let sheet;
  let sources = 0;

  class BursarCredits extends HTMLElement {
    static observedAttributes = ["endpoint", "token-url", "billing-url", "threshold", "show", "lang"];
    static texts = texts;

    #root = this.attachShadow({ mode: "open" });
    #parts = {};
    #feed;
    #leave;
    #now = { state: "loading" };
    #getToken;
    #source = 0;
    #announcedAt = 0;
    #announcement;
    #due = false;

    constructor() {
      super();
      if (!sheet) {
        sheet = new CSSStyleSheet();
        sheet.replaceSync(SHEET);
      }
      this.#root.adoptedStyleSheets = [sheet];
    }

    get getToken() { return this.#getToken; }

    /** A function that returns a token, or a promise of one: a text, or {token, expires_at}. */
    set getToken(value) {
      this.#getToken = typeof value === "function" ? value : undefined;
      this.#source = ++sources;
      this.#connectSoon();
    }

    /** A token. It is not asked for again when it expires: `getToken` is better. */
    set token(value) { this.getToken = value ? () => String(value) : undefined; }

    /** The last balance, as the API gives it. */
    get balance() { return this.#now.balance; }

    /** Tries again at once. */
    retry() { this.#feed?.retry(); }

    connectedCallback() {
      // Properties that were set before the element was known.
      for (const name of ["getToken", "token"]) {
        if (Object.hasOwn(this, name)) {
          const value = this[name];
          delete this[name];
          this[name] = value;
        }
      }
      this.#render();
      this.#connectSoon();
    }

    disconnectedCallback() {
      this.#leave?.();
      this.#leave = this.#feed = undefined;
      clearTimeout(this.#announcement);
    }

    attributeChangedCallback(name, before, after) {
      if (before === after || !this.isConnected) return;
      if (name === "endpoint" || name === "token-url") this.#connectSoon();
      else this.#render();
    }

    // Once for any number of attributes that are set one after the other.
    #connectSoon() {
      if (this.#due || !this.isConnected) return;
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        if (this.isConnected) this.#connect();
      });
    }

    #connect() {
      this.#leave?.();
      this.#leave = this.#feed = undefined;
      const endpoint = webAddress(this.getAttribute("endpoint"));
      const tokenUrl = webAddress(this.getAttribute("token-url"));
      const get = this.#getToken;
      if (!endpoint || (!tokenUrl && !get)) {
        return this.#show({ state: "error", error: texts.misused });
      }
      const source = get ? async () => get() : async (signal) => {
        const reply = await ask(tokenUrl, {
          method: "POST", credentials: "same-origin", headers: { Accept: "application/json" }, signal,
        });
        if (reply.status === 401 || reply.status === 403) throw new Refused(texts.signedOut);
        if (!reply.ok) throw new Error(`status ${reply.status}`);
        return reply.json();
      };
      const address = endpoint.href.split(/[?#]/)[0].replace(/\/+$/, "");
      this.#feed = Feed.of(address, source, get ? `#${this.#source}` : tokenUrl.href);
      this.#leave = this.#feed.watch((now) => this.#show(now));
    }

    #show(now) {
      const before = this.#now;
      this.#now = now;
      this.#render();
      const { state, balance } = now;
      if (balance && balance !== before.balance) {
        const detail = { ...balance };
        this.dispatchEvent(new CustomEvent("bursar-balance", { detail, bubbles: true, composed: true }));
        const moved = before.balance && before.balance.available !== balance.available;
        if (moved) this.#flash();
        if (moved || before.state !== state) this.#announceSoon(before.balance !== undefined);
      } else if (before.state !== state && state !== "loading") {
        this.#announceSoon(true);
      }
    }

    #flash() {
      const { root } = this.#parts;
      root.classList.remove("moved");
      void root.offsetWidth; // Starts the animation anew.
      root.classList.add("moved");
    }

    get #locale() {
      const tag = this.closest("[lang]")?.lang || navigator.language;
      try {
        return Intl.getCanonicalLocales(tag)[0];
      } catch {
        return undefined;
      }
    }

    #number(value) {
      return new Intl.NumberFormat(this.#locale, { maximumFractionDigits: 6 }).format(value);
    }

    #build() {
      const billing = webAddress(this.getAttribute("billing-url"));
      const root = document.createElement(billing ? "a" : "span");
      root.className = "root";
      root.part = "root";
      if (billing) root.href = billing.href;
      const parts = { root };
      for (const name of ["dot", "text", "amount", "unit", "held", "note"]) {
        const part = document.createElement("span");
        part.className = part.part = name;
        parts[name] = part;
      }
      parts.text.append(parts.amount, " ", parts.unit, " ", parts.held, " ", parts.note);
      root.append(parts.dot, parts.text);
      parts.dot.ariaHidden = "true";
      const status = this.#parts.status ?? document.createElement("span");
      status.className = "unseen";
      status.role = "status";
      status.ariaLive = "polite";
      this.#parts = { ...parts, status };
      this.#root.replaceChildren(root, status);
    }

    #render() {
      const { state, balance, at, error } = this.#now;
      const billing = webAddress(this.getAttribute("billing-url"));
      const { root } = this.#parts;
      if (!root || (root.href ?? "") !== (billing?.href ?? "")) this.#build();
      this.setAttribute("state", state);
      const threshold = Number.parseFloat(this.getAttribute("threshold") ?? "");
      this.toggleAttribute("low", balance !== undefined && balance.available < threshold);
      const shown = (this.getAttribute("show") ?? "").split(/\s+/);
      const put = (name, text) => {
        if (this.#parts[name].textContent !== text) this.#parts[name].textContent = text;
      };
      put("amount", balance ? this.#number(balance.available) : "");
      put("unit", balance || state === "loading" ? texts.unit(balance?.available) : "");
      put("held", balance?.held > 0 && shown.includes("held") ? texts.held(this.#number(balance.held)) : "");
      put("note", this.#note(state, balance, at, error, shown));
      this.#parts.root.ariaBusy = state === "loading" ? "true" : null;
      const label = state === "loading" ? texts.loading : null;
      this.#parts.root.ariaLabel = this.#parts.root.href ? label : null;
    }

    #note(state, balance, at, error, shown) {
      if (state === "error") return error;
      if (state === "stale") {
        const time = new Intl.DateTimeFormat(this.#locale, { hour: "2-digit", minute: "2-digit" });
        return texts.asOf(time.format(at));
      }
      if (!balance?.next_refresh_at || !shown.includes("refresh")) return "";
      const date = new Intl.DateTimeFormat(this.#locale, { day: "numeric", month: "long" });
      return texts.refreshes(date.format(new Date(balance.next_refresh_at)));
    }

    // Changes come by the dozen while jobs run; a screen reader hears the last of them.
    #announceSoon(isWorthIt) {
      if (!isWorthIt || this.#announcement) return;
      const wait = Math.max(500, this.#announcedAt + ANNOUNCE_EVERY - Date.now());
      this.#announcement = setTimeout(() => {
        this.#announcement = undefined;
        if (this.#now.state === "loading") return;
        this.#announcedAt = Date.now();
        const text = this.#parts.root.innerText.replace(/\s+/g, " ").trim();
        this.#parts.status.textContent = this.hasAttribute("low") ? texts.low(text) : text;
      }, wait);
    }
  }

  customElements.define("bursar-credits", BursarCredits);
})();
