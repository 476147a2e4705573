// What no journey may do, whatever it is about: errors in the console, failed requests, replies that
// say that something is broken, and any request that leaves the site.

/** Watches all pages of a context. */
export class Watch {
  faults = [];
  console = [];
  #origins;
  #expected = [];
  #outage = false;

  constructor(context, origins) {
    this.#origins = new Set(origins);
    context.on('console', (message) => this.#heard(message));
    context.on('weberror', (error) => this.#fault(`uncaught: ${error.error()?.stack ?? error.error()}`));
    context.on('dialog', (dialog) => {
      this.#fault(`a dialog opened: ${dialog.message()}`);
      dialog.dismiss();
    });
    context.on('request', (request) => this.#left(request));
    context.on('requestfailed', (request) => this.#failed(request));
    context.on('response', (response) => this.#answered(response));
  }

  /** Lets pages speak with another origin, too: one that the journey serves itself. */
  allow(origin) {
    this.#origins.add(origin);
  }

  /** Requests may fail while this is done: the server is away. */
  async outage(act) {
    this.#outage = true;
    try {
      return await act();
    } finally {
      this.#outage = false;
    }
  }

  /** Says that the next reply below this path will have this status. */
  expect(status, path) {
    this.#expected.push({ status, path });
  }

  #fault(text) {
    this.faults.push(text);
    this.console.push(`FAULT ${text}`);
  }

  #heard(message) {
    const line = `${message.type()}: ${message.text()} (${message.location().url})`;
    this.console.push(line);
    // A failed load is judged by its reply, where it may be an expected one.
    const judged = message.text().startsWith('Failed to load resource');
    if (['error', 'warning', 'assert'].includes(message.type()) && !judged) this.#fault(`console ${line}`);
  }

  #left(request) {
    const url = new URL(request.url());
    const inside = ['data:', 'blob:', 'about:'].includes(url.protocol) || this.#origins.has(url.origin);
    if (!inside) this.#fault(`a request left the site: ${request.method()} ${request.url()}`);
  }

  #failed(request) {
    const reason = request.failure()?.errorText ?? '';
    // Going to another page ends what the old one still listens to, and a download is no page.
    if (reason === 'net::ERR_ABORTED' || this.#outage) return;
    this.#fault(`${request.method()} ${request.url()} failed: ${reason}`);
  }

  #answered(response) {
    if (response.status() < 400) return;
    const path = new URL(response.url()).pathname;
    const at = this.#expected.findIndex((one) => one.status === response.status() && path.startsWith(one.path));
    if (at >= 0) this.#expected.splice(at, 1);
    else this.#fault(`${response.request().method()} ${response.url()} answered ${response.status()}`);
  }

  /** Throws if anything was wrong, or if what should have gone wrong did not. */
  judge() {
    const missing = this.#expected.map(({ status, path }) => `no ${status} came from ${path}`);
    const faults = [...this.faults, ...missing];
    if (faults.length > 0) throw new Error(`the browser noticed:\n  ${faults.join('\n  ')}`);
  }
}
