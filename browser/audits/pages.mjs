// Every page of the portal, of a customer with some weeks behind them, and the pages that say no.

import { someMorning, use } from '../harness/history.mjs';

const PAGES = [
  '', '/usage', '/credits', '/credits?pack=xl', '/plan', '/plan?interval=year', '/plan/preview?plan=studio&interval=year',
  '/cancel', '/payment-methods', '/invoices', '/billing-details', '/storage', '/past-due',
];

export default async function pages({ customer, page, portal, goto, heading, audit, watch }) {
  const ada = await customer({ name: 'Ada Lovelace', card: 'visa', plan: 'professional' });
  // Early in a month, so that the page of the month has all of it.
  await ada.advanceTo(someMorning());
  await use(ada, { days: 9 });
  await ada.post('/topups', { pack: 'medium' });
  const running = await ada.post('/holds', { operation: 'video', units: 5, reference: 'scene-running' });
  await portal(ada.id);
  for (const path of PAGES) {
    await goto(`/portal${path}`);
    await audit(page);
  }
  await goto(`/portal/usage/receipts/${running.id}`);
  await audit(page);
  for (const outcome of ['Charged', 'Not charged']) {
    await goto('/portal/usage');
    const row = page.getByRole('row').filter({ hasText: outcome }).filter({ has: page.getByRole('link') }).first();
    await page.goto(new URL(await row.getByRole('link').getAttribute('href'), page.url()).href);
    await audit(page);
  }
  for (const nowhere of ['/portal/nowhere', '/portal/usage/receipts/hold_0', '/portal/invoices/inv_99.pdf']) {
    watch.expect(404, nowhere);
    await goto(nowhere);
    await heading('');
    await audit(page, { again: false });
  }
}
