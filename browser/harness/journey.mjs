// One journey: a server, a browser, what happens, and what is left behind if it goes wrong.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Api } from './api.mjs';
import { audit } from './audit.mjs';
import { hands } from './hands.mjs';
import { startServer } from './server.mjs';
import { chromium } from './tools.mjs';
import { PATIENCE, until } from './until.mjs';
import { Watch } from './watch.mjs';
import { words } from './words.mjs';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
  // Whatever isn't this machine doesn't exist.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
];

/** Starts the browser. */
export function startBrowser() {
  return chromium.launch({ executablePath: process.env.BURSAR_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** Runs a journey's module by mouse or keyboard; `failures` is where a failure leaves what it saw. */
export async function run(journey, { name, by, bursar, failures, late }) {
  const evidence = join(failures, `${name}.${by}`);
  rmSync(evidence, { recursive: true, force: true });
  const server = await startServer(bursar, journey.server);
  const browser = await startBrowser();
  let stage;
  try {
    stage = await new Stage(server, browser, by).ready();
    await Promise.race([journey.default(stage), late]);
    stage.watch.judge();
  } catch (error) {
    await keepEvidence(evidence, stage, server, error);
    throw error;
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** What a journey works with. */
class Stage {
  constructor(server, browser, by) {
    Object.assign(this, { server, browser, by, assert, until, audit });
    this.api = new Api(server.url, server.key);
  }

  /** Somebody else, with a browser profile of their own. */
  visitor = (options) => new Stage(this.server, this.browser, this.by).ready(options);

  async ready(options = {}) {
    this.context = await this.browser.newContext({
      viewport: { width: 1280, height: 800 }, locale: 'en-US', timezoneId: 'UTC', ...options,
    });
    this.context.setDefaultTimeout(PATIENCE);
    this.watch = new Watch(this.context, [this.server.url]);
    this.page = await this.context.newPage();
    this.hand = hands(this.by, this.page);
    return this;
  }

  /** The hands for another page of the same journey. */
  handsOf = (page) => hands(this.by, page);

  customer = (wishes) => this.api.customer(wishes);

  /** Opens a path of the server. */
  goto = (path) => this.page.goto(new URL(path, this.server.url).href);

  /** The link into the portal that the app would show to its customer. */
  link = async (account, returnUrl = `${this.server.url}/problems`) => {
    const session = await this.api.post('/v1/portal_sessions', { account, return_url: returnUrl });
    return session.url;
  };

  /** Signs a customer in, and goes to a page of the portal. */
  portal = async (account, path = '/portal') => {
    await this.page.goto(await this.link(account));
    if (path !== '/portal') await this.goto(path);
  };

  /** Enters a test card on the provider's page, and saves it. */
  enterCard = async (number) => {
    await this.heading('Add a card');
    await this.hand.fill(this.field('Card number'), number);
    await this.hand.fill(this.field('Expiry'), '12/34');
    await this.hand.fill(this.field('Security code'), '123');
    await this.hand.go(this.button('Save card'));
  };

  /** Goes to a section of the portal by its navigation. */
  section = async (name) => {
    const navigation = this.page.getByRole('navigation', { name: 'Billing' });
    await this.hand.go(navigation.getByRole('link', { name, exact: true }));
  };

  /** The credits that the header shows. */
  inHeader = () => this.page.locator('header [data-live-available]').textContent();

  button = (name) => this.page.getByRole('button', { name: words(name) });
  linkTo = (name) => this.page.getByRole('link', { name: words(name) });
  field = (name) => this.page.getByLabel(name);

  /** Waits until a text is to be seen. */
  see = (text, within = this.page) => {
    const found = within.getByText(words(text)).filter({ visible: true }).first();
    return this.#wait(found, `"${text}"`);
  };

  /** Waits until the page's main heading says this. */
  heading = (text) => {
    const found = this.page.getByRole('heading', { level: 1, name: words(text) }).first();
    return this.#wait(found, `the heading "${text}"`);
  };

  /** Looks at a plan's price, from the page of plans: with script the preview is shown in its place. */
  preview = async (link, title) => {
    await this.hand.press(link);
    await this.#wait(this.page.getByRole('heading', { name: words(title) }).first(), `the preview "${title}"`);
  };

  async #wait(found, what) {
    try {
      await found.waitFor({ state: 'visible' });
    } catch (error) {
      if (error.name !== 'TimeoutError') throw error;
      const headings = await this.page.locator('h1').allTextContents();
      const where = `${this.page.url()} (${headings.join(' · ')})`;
      throw new Error(`${what} is not to be seen on ${where}`, { cause: error.message.split('\n')[0] });
    }
    return found;
  }
}

async function keepEvidence(evidence, stage, server, error) {
  mkdirSync(evidence, { recursive: true });
  const keep = (file, text) => writeFileSync(join(evidence, file), text);
  keep('error.txt', `${error.stack ?? error}\n`);
  keep('server.log', server.log());
  if (stage === undefined) return;
  keep('console.log', stage.watch.console.join('\n'));
  const pages = stage.browser.contexts().flatMap((context) => context.pages());
  for (const [number, page] of pages.entries()) {
    const suffix = number === 0 ? '' : `-${number + 1}`;
    keep(`page${suffix}.html`, `<!-- ${page.url()} -->\n${await page.content().catch(String)}`);
    await page.screenshot({ path: join(evidence, `page${suffix}.png`), fullPage: true }).catch(() => {});
  }
  console.error(`what it saw is in ${evidence}`);
}
