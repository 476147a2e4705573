// Credits run out: the app is refused, the portal says the three ways on, a pack is bought, and the
// balance moves at once, here and in another tab.

export default async function runOutAndTopUp(stage) {
  const { customer, page, portal, hand, see, heading, section, button, linkTo, inHeader, until, audit, assert } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter', left: 12 });
  await assert.rejects(ada.post('/holds', { operation: 'video', units: 5 }), /short/);

  await portal(ada.id);
  await see('12 credits left');
  for (const way of ['Top up', 'Upgrade', /^Wait until/]) {
    await page.getByRole('heading', { level: 3, name: way }).waitFor();
  }
  await audit(page);
  const other = await page.context().newPage();
  await other.goto(page.url());

  await hand.go(linkTo('Buy credits').first());
  await heading('Buy credits');
  await hand.go(linkTo(/300.*Medium/));
  await see('Enough for one of these');
  await audit(page);
  await hand.go(button('Pay $25.00'));
  await heading('Your payment went through');
  assert.equal(await inHeader(), '312');
  await audit(page);
  // The other tab heard of it by itself.
  await until('the balance in the other tab', async () => (
    await other.locator('[data-live-available]').textContent()) === '312');
  await other.close();

  const hold = await ada.post('/holds', { operation: 'video', units: 5 });
  await until('what is held', async () => (await page.locator('[data-live-held]').textContent())?.includes('50 held'));
  await ada.post(`/holds/${hold.id}/release`);
  await until('what came back', async () => (await inHeader()) === '312');

  await section('Billing history');
  await see('$25.00');
  const invoice = await hand.download(linkTo(/^PDF/).first());
  assert.match(invoice.suggestedFilename(), /\.pdf$/);
}
