// An upgrade in the middle of a month: the preview says what it costs, to the cent, and the amount on
// the button is the amount on the invoice.

export default async function upgradeWithPreview(stage) {
  const { customer, page, portal, hand, see, heading, section, preview, goto, button, linkTo, inHeader, audit, assert, watch } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter' });
  await ada.advance('10d');
  await portal(ada.id);
  await hand.go(linkTo('Change plan'));
  await heading('Plan');
  await audit(page);

  await preview(linkTo('Upgrade Professional'), 'Upgrade to Professional, monthly');
  await see('Video Editor');
  await see(/Unused time|unused/i);
  const pay = button(/^Pay \$/);
  const amount = /\$([\d,.]+)/.exec(await pay.textContent())[1];
  await audit(page, { again: false });
  const [shown] = await page.locator('tfoot .num').allTextContents();
  assert.equal(shown.trim(), `$${amount}`);

  await hand.go(pay);
  await heading('Your payment went through');
  await see(`$${amount}`);
  assert.ok(Number(await inHeader()) > 400);

  // The invoice, as the app gets it, and as the customer does.
  const [newest] = (await ada.get('/invoices')).data;
  assert.equal((newest.total.amount / 100).toFixed(2), amount);
  await section('Billing history');
  const document = page.getByRole('listitem').filter({ hasText: newest.number });
  await see(`$${amount}`, document);
  await audit(page);

  await section('Overview');
  await see('Professional');
  await see('Upgraded to Professional');

  // Yearly: another preview. What was confirmed once can't be confirmed again.
  await goto('/portal/plan?interval=year');
  await preview(linkTo('Professional').first(), 'Professional, yearly');
  const yearly = button(/^Pay \$/);
  await yearly.waitFor();
  const charged = /\$([\d,.]+)/.exec(await yearly.textContent())[1];
  await ada.post('/topups', { pack: 'small' });
  await hand.go(yearly);
  await heading('Your payment went through');
  await see(`$${charged}`);
  const [year] = (await ada.get('/invoices')).data;
  assert.equal((year.total.amount / 100).toFixed(2), charged.replace(',', ''));
  watch.judge();
}
