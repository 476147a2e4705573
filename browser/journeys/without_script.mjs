// Everything works without script, too: credits are bought, the plan is changed, and ended.

export default async function withoutScript(stage) {
  const { customer, visitor, assert, link } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter', left: 12 });
  const plain = await visitor({ javaScriptEnabled: false });
  const { page, hand, heading, see, goto, button, linkTo } = plain;
  await page.goto(await link(ada.id));
  await heading('Overview');
  await hand.go(linkTo('Buy credits').first());
  await hand.go(linkTo(/100.*Small/));
  await hand.go(button('Pay $10.00'));
  await heading('Your payment went through');
  assert.equal(await ada.available(), 112);

  await goto('/portal/plan');
  await hand.go(linkTo('Upgrade Studio'));
  await heading('Upgrade to Studio, monthly');
  const pay = button(/^Pay \$/);
  const amount = /\$([\d,.]+)/.exec(await pay.textContent())[1];
  await hand.go(pay);
  await heading('Your payment went through');
  const [newest] = (await ada.get('/invoices')).data;
  assert.equal((newest.total.amount / 100).toFixed(2), amount.replace(',', ''));

  await goto('/portal/cancel');
  await hand.go(button('Cancel plan'));
  await see('Studio ends on');
  await hand.press(page.locator('details.menu summary'));
  await hand.go(button('Sign out'));
  await heading('You have signed out');
  plain.watch.judge();
}
