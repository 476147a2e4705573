// <bursar-credits> on a page of somebody else's: another origin, with a backend of its own that fetches
// the token. It is live, it says when it isn't, and no address ever has the token.

import { site } from '../harness/site.mjs';

export default async function widgetElsewhere(stage) {
  const { customer, page, server, api, until, audit, assert, watch, heading, goto, hand, button } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter' });
  let issued;
  const app = await site({
    '/': `<!doctype html><html lang="en"><head><title>An app</title><meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
      <script src="${server.url}/widget/bursar-credits.js" defer></script></head>
      <body><main><h1>An app</h1><bursar-credits endpoint="${server.url}" token-url="/credits-token"
      billing-url="${server.url}/problems" threshold="50" show="held refresh"></bursar-credits></main></body></html>`,
    '/credits-token': async () => {
      issued = await api.post('/v1/widget_tokens', { account: ada.id, ttl_seconds: 900 });
      return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(issued) };
    },
  });
  watch.allow(app.url);
  const addresses = [];
  page.on('request', (request) => addresses.push(request.url()));
  try {
    await page.goto(app.url);
    const widget = page.locator('bursar-credits');
    const state = (wanted) => until(`the widget to be ${wanted}`, async () => (await widget.getAttribute('state')) === wanted);
    const amount = (wanted) => until(`the widget to show ${wanted}`, async () => (await widget.locator('.amount').textContent()) === wanted);
    await state('live');
    await amount('400');
    await audit(page, { weight: null, scriptless: false, from: [server.url] });

    const hold = await ada.post('/holds', { operation: 'video', units: 5 });
    await amount('350');
    await until('what is held', async () => (await widget.locator('.held').textContent()) === '50 held');
    await ada.post(`/holds/${hold.id}/capture`);
    const rest = await ada.post('/holds', { credits: 310, reason: 'a long film' });
    await ada.post(`/holds/${rest.id}/capture`);
    await amount('40');
    assert.equal(await widget.getAttribute('low'), '');

    // The server goes away and comes back; meanwhile the last balance is shown as an old one.
    await watch.outage(async () => {
      await server.whileDown(() => state('stale'));
      await state('live');
    });
    await amount('40');

    await hand.go(page.getByRole('link', { name: /40 credits/ }));
    await heading('Problems');
    assert.ok(issued.token.length > 20);
    assert.deepEqual(addresses.filter((address) => address.includes(issued.token)), []);
  } finally {
    app.close();
  }

  // The page that shows it to developers, opened by one name, asks by the other.
  watch.allow(server.url.replace('127.0.0.1', 'localhost'));
  await goto('/widget/demo');
  await heading('The credits widget');
  const live = page.locator('bursar-credits#live');
  await until('the demo to be live', async () => (await live.getAttribute('state')) === 'live');
  await audit(page, { weight: null, from: [server.url.replace('127.0.0.1', 'localhost')] });
  const before = Number(await live.locator('.amount').textContent());
  await hand.press(button('Add 50'));
  await until('50 more', async () => Number(await live.locator('.amount').textContent()) === before + 50);
}
