// Is a page fit for everybody? Accessible in every size and theme, light, in one piece, at home, and
// usable without script.

import { join } from 'node:path';

import { axeSource } from './tools.mjs';

/** The sizes and themes in which a page has to be right. */
export const LOOKS = [320, 1280].flatMap((width) => ['light', 'dark'].map((theme) => ({ width, theme })));

/** What all of a page may weigh, in bytes, before any compression. */
const WEIGHT_MAX = 60_000;

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];

/**
 * Audits the page as it stands, and, if it can be loaded again, its load and itself without script.
 *
 * `weight: null` is for pages that may be heavy, `scriptless: false` for those that are nothing
 * without script, `again: false` for what stands there once only, such as the answer to a form,
 * `accessible: false` for a viewer that is not ours to mend, `part` for one that covers others,
 * `from` for other origins that belong to it.
 */
export async function audit(page, { weight = WEIGHT_MAX, scriptless = true, again = true, accessible = true, part, from = [] } = {}) {
  const findings = [];
  for (const look of LOOKS) {
    await wear(page, look);
    const found = await overflow(page);
    if (accessible) found.push(...(await accessibility(page, part)));
    findings.push(...found.map((text) => `${look.width} px, ${look.theme}: ${text}`));
    await picture(page, look);
  }
  await wear(page, { width: 1280, theme: 'light' });
  if (again) {
    findings.push(...(await loading(page, weight, from)));
    if (scriptless) findings.push(...(await withoutScript(page)));
  }
  if (findings.length > 0) {
    throw new Error(`${page.url()}\n  ${[...new Set(findings)].join('\n  ')}`);
  }
}

/** Shows the page in a size and theme, with nothing moving. */
export async function wear(page, { width, theme }) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: width < 600 ? 640 : 800 });
}

let pictures = 0;

/** For a person to look at: every look of every page that is audited, where `BURSAR_PICTURES` says. */
async function picture(page, { width, theme }) {
  const folder = process.env.BURSAR_PICTURES;
  if (folder === undefined) return;
  pictures += 1;
  const number = String(pictures).padStart(3, '0');
  const name = new URL(page.url()).pathname.replace(/[^a-z0-9]+/gi, '-').slice(0, 40);
  await page.screenshot({ path: join(folder, `${number}${name}-${width}-${theme}.png`), fullPage: true });
}

async function accessibility(page, part) {
  // Evaluated by the debugger, which the page's own policy doesn't bind.
  await page.evaluate(`window.axe || (() => { ${axeSource} })()`);
  const { violations } = await page.evaluate(({ rules, part }) => window.axe.run(part ? document.querySelector(part) : document, {
    runOnly: { type: 'tag', values: rules },
    rules: { 'target-size': { enabled: true } },
    resultTypes: ['violations'],
  }), { rules: RULES, part });
  return violations.flatMap(({ id, nodes }) => {
    const shown = nodes.slice(0, 4).map((node) => {
      const why = node.failureSummary.replace(/\s+/g, ' ').replace(/^Fix (any|all) of the following: /, '');
      return `${id}: ${node.target.join(' ')}: ${why}`;
    });
    return nodes.length > 4 ? [...shown, `${id}: and ${nodes.length - 4} more`] : shown;
  });
}

/** Nothing may make the page scroll sideways; wide tables scroll by themselves. */
function overflow(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const sticksOut = (element) => element.getBoundingClientRect().right > root.clientWidth + 0.5;
    const clipped = (element) => {
      for (let around = element.parentElement; around && around !== document.body; around = around.parentElement) {
        if (getComputedStyle(around).overflowX !== 'visible') return true;
      }
      return false;
    };
    const wide = [...document.body.querySelectorAll('*')].filter((element) => sticksOut(element) && !clipped(element));
    const innermost = wide.filter((element) => !wide.some((other) => other !== element && element.contains(other)));
    const names = innermost.slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
    return [`the page scrolls sideways (${root.scrollWidth} px): ${names.join(' · ')}`];
  });
}

/** Opens the same page in a fresh browser profile with the same cookies. */
async function afresh(page, options) {
  const storageState = await page.context().storageState();
  const context = await page.context().browser().newContext({ storageState, ...options });
  return { context, fresh: await context.newPage() };
}

async function loading(page, weight, from) {
  const { context, fresh } = await afresh(page, { viewport: { width: 1280, height: 800 } });
  try {
    const responses = [];
    fresh.on('response', (response) => responses.push(response));
    const document = await fresh.goto(page.url(), { waitUntil: 'load' });
    const findings = [];
    if (document.status() !== 200) findings.push(`loaded again it answers ${document.status()}`);
    if (document.request().redirectedFrom()) findings.push('it is reached through a redirect');
    const documents = responses.filter((response) => response.ok() && response.request().resourceType() === 'document');
    if (documents.length !== 1) findings.push(`it takes ${documents.length} documents`);
    const home = [new URL(page.url()).origin, 'data:', ...from];
    let bytes = 0;
    for (const response of responses) {
      const kind = response.request().resourceType();
      if (!home.some((place) => response.url().startsWith(place))) {
        findings.push(`it loads ${response.url()} from elsewhere`);
      }
      const redirects = response.status() >= 300 && response.status() < 400;
      const streams = kind === 'eventsource' || response.headers()['content-type']?.startsWith('text/event-stream');
      // A stream of events doesn't end.
      if (!streams && !redirects) bytes += (await response.body()).length;
    }
    if (weight !== null && bytes > weight) findings.push(`it weighs ${bytes} bytes, of at most ${weight}`);
    return findings;
  } finally {
    await context.close();
  }
}

async function withoutScript(page) {
  const { context, fresh } = await afresh(page, { javaScriptEnabled: false, viewport: { width: 320, height: 640 } });
  try {
    await fresh.goto(page.url());
    const heading = fresh.getByRole('heading', { level: 1 });
    const findings = [];
    if (!(await heading.first().isVisible())) findings.push('without script it has no heading to be seen');
    const controls = await page.locator('main form button:enabled').count();
    const scriptless = await fresh.locator('main form button:enabled').count();
    if (scriptless < controls) findings.push(`without script ${scriptless} of ${controls} buttons are there`);
    const scrolls = await fresh.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    if (scrolls) findings.push('without script it scrolls sideways');
    return findings;
  } finally {
    await context.close();
  }
}
