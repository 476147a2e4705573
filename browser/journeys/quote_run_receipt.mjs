// In the playground a job is quoted, run, and captured; its receipt is in the portal. One that fails
// costs nothing, and says so.

export default async function quoteRunReceipt({ page, goto, hand, handsOf, see, until, assert, button, api }) {
  await goto('/');
  const run = page.getByRole('button', { name: 'Run for 1 credit' });
  await run.waitFor();
  await see('0.3 × 3 variations');
  const customer = api.of(await page.getByRole('combobox', { name: 'Customer' }).inputValue());
  assert.equal(await customer.available(), 400);

  // Pictures, by the better model.
  await hand.choose(page.getByRole('radio', { name: 'tempera-2' }));
  await hand.press(page.getByRole('button', { name: 'Run for 2 credits' }));
  const job = page.getByRole('region', { name: 'Jobs' }).getByRole('article').first();
  await see('2 credits', job.locator('header'));
  await until('three pictures', async () => (await job.getByRole('img').count()) === 3);
  for (const picture of await job.getByRole('img').all()) {
    await until('a picture that opens', () => picture.evaluate((img) => img.complete && img.naturalWidth === 768));
  }
  await until('the balance', async () => (await customer.available()) === 398);
  await see('398', page.locator('#credits'));

  // An edit that fails: held, then released.
  await hand.choose(page.getByRole('radio', { name: /Remix/ }));
  await hand.choose(page.getByRole('radio', { name: /fails/ }));
  await hand.press(page.getByRole('button', { name: 'Run for 1 credit' }));
  await see('not charged', page.getByRole('region', { name: 'Jobs' }).getByRole('article').first());
  await until('the balance', async () => (await customer.available()) === 398);

  // What the customer sees of both.
  const billing = await hand.open(button('Settings'));
  const portal = handsOf(billing);
  await billing.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await see('398', billing.locator('header'));
  await portal.go(billing.getByRole('navigation').getByRole('link', { name: 'Usage' }));
  await see('Not charged', billing);
  const row = billing.getByRole('row').filter({ hasText: 'tempera-2' }).first();
  await portal.go(row.getByRole('link').first());
  await see('tempera-2', billing);
  for (const text of ['Held', 'Charged', '2 credits charged.']) await see(text, billing.locator('main'));
}
