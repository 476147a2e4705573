// A downgrade waits for the billing date, says so, and can be undone until then.

export default async function downgradeAndUndo(stage) {
  const { customer, page, portal, hand, see, heading, preview, goto, button, linkTo, audit, assert } = stage;
  const ada = await customer({ card: 'visa', plan: 'studio' });
  await portal(ada.id, '/portal/plan');
  await choose();
  await see('Nothing to pay now');
  await see('You lose');
  await audit(page, { again: false });
  await hand.go(button('Confirm downgrade'));
  await see(/Starter/);
  assert.equal((await ada.get('/subscription')).scheduled_change.plan, 'starter');

  await goto('/portal');
  await see('Changes to Starter');
  await audit(page);
  await hand.go(button('Keep Studio'));
  await heading('Plan');
  await page.getByText('Changes to').waitFor({ state: 'detached' });
  assert.equal((await ada.get('/subscription')).scheduled_change, null);

  // Once more, and this time it comes, with the billing date.
  await goto('/portal/plan');
  await choose();
  await hand.go(button('Confirm downgrade'));
  await ada.advance('1mo');
  await goto('/portal');
  await see('Changed to Starter');
  assert.equal((await ada.get('/subscription')).plan, 'starter');
  assert.equal(await ada.available(), 400);

  async function choose() {
    await preview(linkTo('Downgrade Starter'), 'Change to Starter, monthly');
  }
}
