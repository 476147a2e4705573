// Names and texts that nobody here wrote are shown as text, whatever is in them.

const MARKUP = `<img src=x onerror=alert(1)>&lt;"'{{7*7}}</script><script>alert(2)</script>`;
const RIGHT_TO_LEFT = '\u202Eنبيل\u202C (شركة)';
const EMOJI = '👩🏽‍🚀🎬 Ńandú';
const PLAN = 'Starter <b>bold</b> "&amp;" عربي';
const PACK = '<i>Medium</i> 🎁';
const OPERATION = '</td><script>alert(3)</script> فيديو';

const quoted = (text) => JSON.stringify(text);

export const server = {
  catalog: (text) => text
    .replace('name = "Starter"', `name = ${quoted(PLAN)}`)
    .replace('name = "Medium"', `name = ${quoted(PACK)}`)
    .replace('name = "Video Generation"\nfeature', `name = ${quoted(OPERATION)}\nfeature`)
    .replace('highlights = ["Everything in Starter", "Regular support"]', `highlights = [${quoted(MARKUP)}]`),
};

export default async function hostileNames({ customer, page, portal, goto, assert, audit }) {
  for (const name of [MARKUP, RIGHT_TO_LEFT, EMOJI]) {
    const someone = await customer({ name, card: 'visa', plan: 'starter' });
    const hold = await someone.post('/holds', { operation: 'video', units: 5 });
    await someone.post(`/holds/${hold.id}/capture`);
    await portal(someone.id);
    await shows(name);
    await shows(PLAN);
    await audit(page);
    await goto('/portal/usage');
    await shows(OPERATION);
    await audit(page);
    await goto('/portal/plan');
    await shows(PLAN);
    await shows(MARKUP);
    await goto('/portal/credits');
    await shows(PACK);
    await goto('/portal/invoices');
    await safe();
  }
  await goto('/pricing');
  for (const text of [PLAN, PACK, OPERATION, MARKUP]) await shows(text);
  await audit(page);

  /** The text is there as it was written, in an element that keeps its direction to itself. */
  async function shows(text) {
    await safe();
    const isolated = await page.evaluate((wanted) => {
      const holders = [...document.querySelectorAll('body *:not(script, style)')]
        .filter((element) => element.textContent.includes(wanted))
        .filter((element) => ![...element.children].some((child) => child.textContent.includes(wanted)));
      return holders.map((element) => {
        let within = element;
        while (within && !/isolate|plaintext/.test(getComputedStyle(within).unicodeBidi) && within.dir !== 'auto') within = within.parentElement;
        const inline = within && (within === element || getComputedStyle(within).display !== 'inline' || within.textContent.trim() === wanted);
        return Boolean(within && within !== document.documentElement && inline);
      });
    }, text);
    assert.ok(isolated.length > 0, `${page.url()} does not show ${text}`);
    assert.ok(isolated.every(Boolean), `${page.url()} lets the direction of ${text} reach what is around it`);
  }

  async function safe() {
    const alien = await page.locator('img[src="x"], script:not([src]), main b:text-is("bold")').count();
    assert.equal(alien, 0, `${page.url()} takes a name for markup`);
  }
}
