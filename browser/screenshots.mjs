// Pictures of the pages: node browser/screenshots.mjs --bursar FILE --all DIR --shown DIR
//
// All of them go to one folder, for people to look at; the few that the documentation shows are copied
// to the other. Dates come from test clocks, so that the pictures differ from year to year only.

import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Api } from './harness/api.mjs';
import { LOOKS, wear } from './harness/audit.mjs';
import { someMorning, use } from './harness/history.mjs';
import { startBrowser } from './harness/journey.mjs';
import { startServer } from './harness/server.mjs';
import { until } from './harness/until.mjs';

/** What the documentation shows: picture, width and theme. */
const SHOWN = ['overview-1280-light', 'plan-preview-1280-light', 'playground-1280-light'];
/** What one of them may weigh at most, in bytes. */
const SHOWN_MAX = 300_000;

const { values } = parseArgs({
  options: {
    bursar: { type: 'string' },
    all: { type: 'string' },
    shown: { type: 'string' },
    only: { type: 'string' },
  },
});

const server = await startServer(values.bursar);
const browser = await startBrowser();
try {
  await take(new Api(server.url, server.key));
} finally {
  await browser.close();
  await server.stop();
}

async function take(api) {
  mkdirSync(values.all, { recursive: true });
  mkdirSync(values.shown, { recursive: true });
  const customers = await prepare(api);
  for (const picture of pictures(customers)) {
    if (values.only && picture.name !== values.only) continue;
    await photograph(api, picture);
  }
}

/** Customers at moments that are worth a picture. */
async function prepare(api) {
  const begin = async (wishes) => {
    const { plan, ...others } = wishes;
    const customer = await api.customer(others);
    await customer.advanceTo(someMorning());
    if (plan) await customer.post('/subscription', { plan, interval: 'month' });
    return customer;
  };
  const ada = await begin({ name: 'Ada Lovelace', email: 'ada@example.com', card: 'visa', plan: 'professional' });
  await use(ada, { days: 19 });
  await files(api, ada);
  await ada.post('/topups', { pack: 'medium' });
  const low = await begin({ name: 'Grace Hopper', card: 'mastercard', plan: 'starter' });
  await use(low, { days: 16, seed: 3, jobsPerDay: 3 });
  const left = await low.available();
  if (left > 20) {
    const hold = await low.post('/holds', { credits: left - 14, reason: 'a long night' });
    await low.post(`/holds/${hold.id}/capture`);
  }
  const late = await begin({ name: 'Alan Turing', card: 'visa', plan: 'starter' });
  await late.post('/payment_methods', { token: 'pm_card_chargeDeclinedInsufficientFunds' });
  await late.advance('1mo');
  const ending = await begin({ name: 'Katherine Johnson', card: 'visa', plan: 'studio' });
  await ending.post('/subscription/cancel', {});
  const ended = await begin({ name: 'Mary Jackson', card: 'visa', plan: 'starter' });
  await ended.post('/subscription/cancel', {});
  await ended.advance('40d');
  const fresh = await begin({ name: 'Dorothy Vaughan' });
  return { ada, low, late, ending, ended, fresh };
}

/** Some files in the vault; the app keeps their bytes, only their sizes are known. */
async function files(api, customer) {
  const kinds = [['video', 'mp4', 48_000_000], ['image', 'png', 2_400_000], ['export', 'mp4', 61_000_000], ['vault', 'zip', 19_000_000]];
  for (let number = 1; number <= 34; number += 1) {
    const [kind, ending, typical] = kinds[(number * 3 + (number >> 2)) % 4];
    const size = Math.round(typical * (0.6 + ((number * 7919) % 97) / 20));
    const media = { mp4: 'video/mp4', png: 'image/png', zip: 'application/zip' }[ending];
    await customer.post('/assets', {
      kind, name: `scene-${String(number).padStart(3, '0')}.${ending}`, size, media_type: media, external: true,
    });
  }
}

function pictures({ ada, low, late, ending, ended, fresh }) {
  const portal = (name, customer, path, act) => ({ name, customer, path: `/portal${path}`, act });
  return [
    portal('overview', ada, ''),
    portal('usage', ada, '/usage'),
    portal('receipt', ada, '/usage', (page) => page.locator('main a[href*="/receipts/"]').first().click()),
    portal('plan', ada, '/plan'),
    portal('plan-preview', ada, '/plan/preview?plan=studio&interval=month'),
    portal('credits', ada, '/credits'),
    portal('storage', ada, '/storage'),
    portal('invoices', ada, '/invoices'),
    portal('payment-methods', ada, '/payment-methods'),
    portal('billing-details', ada, '/billing-details'),
    portal('cancel', ada, '/cancel'),
    portal('overview-low', low, ''),
    portal('overview-past-due', late, ''),
    portal('overview-ending', ending, ''),
    portal('overview-retention', ended, ''),
    portal('overview-fresh', fresh, ''),
    { name: 'pricing', path: '/pricing' },
    { name: 'widget', path: '/widget/demo' },
    { name: 'playground', path: '/', act: studio, height: 870 },
  ];
}

/** The playground with a few jobs done. */
async function studio(page) {
  const run = page.getByRole('button', { name: /^Run for/ });
  const done = async (jobs) => until('a finished job', async () => {
    const stages = await page.getByRole('region', { name: 'Jobs' }).getByRole('article').evaluateAll((all) => all.map((job) => job.dataset.stage));
    if (stages.includes('failed') || stages.includes('refused')) throw new Error(`a job did not work: ${stages}`);
    return stages.length === jobs && stages.every((stage) => stage === 'done');
  });
  await run.waitFor();
  await page.getByText('tempera-2').click();
  await run.click();
  await done(1);
  await page.locator('#quote:not(.stale)').waitFor();
  await page.evaluate(() => scrollTo(0, 0));
}

async function photograph(api, { name, customer, path, act, height }) {
  for (const look of LOOKS) {
    const scale = look.width < 600 ? 2 : 1;
    const context = await browser.newContext({ deviceScaleFactor: scale, locale: 'en-US', timezoneId: 'UTC' });
    const page = await context.newPage();
    await wear(page, look);
    if (customer) {
      const session = await api.post('/v1/portal_sessions', { account: customer.id, return_url: server.url });
      await page.goto(session.url);
    }
    const reply = await page.goto(new URL(path, server.url).href);
    if (!reply.ok()) throw new Error(`${path} answers ${reply.status()}`);
    if (height && look.width > 600) await page.setViewportSize({ width: look.width, height });
    if (act) await act(page);
    await page.waitForLoadState('load');
    const file = `${name}-${look.width}-${look.theme}`;
    const taken = join(values.all, `${file}.png`);
    const shown = SHOWN.includes(file);
    // The documentation shows what is seen at first; who looks at all wants to see all.
    await page.screenshot({ path: taken, fullPage: !shown });
    if (shown) {
      const { size } = statSync(taken);
      if (size > SHOWN_MAX) throw new Error(`${file} has ${size} bytes, of at most ${SHOWN_MAX}`);
      copyFileSync(taken, join(values.shown, `${file}.png`));
    }
    await context.close();
  }
  console.log(name);
}
