// The app's backend: what it does with the API, and customers made by it.

let made = 0;

/** The JSON API with the test key. */
export class Api {
  constructor(url, key) {
    Object.assign(this, { url, key });
  }

  /** One call; anything but a 2xx is an error that shows the problem. */
  async call(method, path, body, key = `browser-${process.pid}-${++made}`) {
    const headers = { authorization: `Bearer ${this.key}` };
    if (method !== 'GET') headers['idempotency-key'] = key;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const sent = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
    const reply = await fetch(this.url + path, sent);
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  get = (path) => this.call('GET', path);
  post = (path, body = {}, key) => this.call('POST', path, body, key);
  put = (path, body, key) => this.call('PUT', path, body, key);
  delete = (path, key) => this.call('DELETE', path, undefined, key);

  /** What is of one account. */
  of(account) {
    const at = `/v1/accounts/${encodeURIComponent(account)}`;
    return {
      get: (path = '') => this.get(at + path),
      post: (path, body, key) => this.post(at + path, body, key),
      put: (path, body, key) => this.put(at + path, body, key),
      delete: (path, key) => this.delete(at + path, key),
      /** Moves the account's clock, and tells what happened on the way. */
      advance: (by) => this.post(`/v1/test_clock/accounts/${encodeURIComponent(account)}/advance`, { by }),
      advanceTo: (to) => this.post(`/v1/test_clock/accounts/${encodeURIComponent(account)}/advance`, { to }),
      /** Stores a file in the account's vault. */
      upload: async (about, bytes) => {
        const asset = await this.post(`${at}/assets`, { ...about, size: bytes.length });
        const reply = await fetch(`${this.url}${at}/assets/${asset.id}/content`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${this.key}`, 'content-type': about.media_type },
          body: bytes,
        });
        if (!reply.ok) throw new Error(`${about.name}: ${reply.status} ${await reply.text()}`);
        return asset;
      },
      available: async () => (await this.get(`${at}/balance`)).available,
    };
  }

  /**
   * A customer to begin with: with a card (the name of a test card without `pm_card_`, or a whole
   * token), on a plan, with credits given on top, or with all but so many spent.
   */
  async customer({ name = 'Ada Lovelace', email, card, plan, interval = 'month', credits, left, timeZone } = {}) {
    const opened = await this.post('/v1/accounts', { name, email, time_zone: timeZone });
    const of = this.of(opened.id);
    if (card) {
      await of.post('/payment_methods', { token: card.startsWith('pm_') ? card : `pm_card_${card}` });
    }
    if (plan) await of.post('/subscription', { plan, interval });
    if (credits) await of.post('/credits', { credits, class: 'promo', reason: 'a present' });
    if (left !== undefined) {
      const spent = (await of.available()) - left;
      const hold = await of.post('/holds', { credits: spent, reason: 'what was used before' });
      await of.post(`/holds/${hold.id}/capture`);
    }
    return { id: opened.id, ...of };
  }
}
