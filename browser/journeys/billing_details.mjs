// What future invoices say of the customer: a mistake is told, and keeps what was typed; what is right is
// kept, and an invoice can be made with it.

export default async function billingDetails(stage) {
  const { customer, page, portal, hand, see, heading, goto, button, field, audit, assert, watch, linkTo } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter' });
  await portal(ada.id, '/portal/billing-details');
  await heading('Billing details');
  await audit(page);
  await hand.fill(page.getByRole('textbox', { name: /^Name/ }), 'Ada Lovelace');
  await hand.fill(field('Company'), 'Engines & Söhne <GmbH>');
  await hand.select(field('Country'), 'Germany');
  await hand.fill(field('VAT id'), 'FR123');
  watch.expect(422, '/portal/billing-details');
  await hand.go(button('Save'));
  await page.getByRole('alert').waitFor();
  assert.equal(await field('Company').inputValue(), 'Engines & Söhne <GmbH>');
  await audit(page, { again: false });
  await hand.fill(field('VAT id'), 'DE123456789');
  await hand.go(button('Save'));
  await page.getByRole('status').waitFor();

  await goto('/portal/credits?pack=small');
  await hand.go(button('Pay $'));
  await heading('Your payment went through');
  const [newest] = (await ada.get('/invoices')).data;
  assert.equal((await ada.get('/billing_details')).company, 'Engines & Söhne <GmbH>');
  await goto('/portal/invoices');
  await see(newest.number);
  const invoice = await hand.download(linkTo('PDF').first());
  assert.match(invoice.suggestedFilename(), /\.pdf$/);
}
