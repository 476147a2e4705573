// A card that asks its holder every time: the way leads to the bank and back. Confirmed, the credits
// are there; refused, nothing is charged, and it can be tried again.

export default async function bankConfirms(stage) {
  const { customer, page, portal, hand, see, heading, goto, button, linkTo, inHeader, audit, assert } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter' });
  await ada.post('/payment_methods', { token: 'pm_card_authenticationRequired' });

  await portal(ada.id, '/portal/credits?pack=small');
  await hand.go(button('Pay $10.00'));
  await heading('Confirm it');
  assert.match(page.url(), /\/sandbox\/challenge\//);
  await hand.go(button('Fail authentication'));
  await heading('Your payment failed');
  assert.equal(await inHeader(), '400');
  await audit(page);

  await hand.go(linkTo('Try again'));
  await heading('Buy credits');
  await hand.go(button('Pay $10.00'));
  await heading('Confirm it');
  await hand.go(button('Approve'));
  await heading('Your payment went through');
  assert.equal(await inHeader(), '500');

  // Who leaves the bank's page finds the way back to it.
  await goto('/portal/credits?pack=small');
  await hand.go(button('Pay $10.00'));
  await heading('Confirm it');
  await goto('/portal');
  await goto('/portal/credits');
  await see(/confirm/i);
  await audit(page);
  await hand.go(page.getByRole('region', { name: 'Payment under way' }).getByRole('link'));
  await heading('Your bank wants you to confirm');
  await audit(page);
  await hand.go(linkTo('Continue to your bank'));
  await hand.go(button('Approve'));
  await heading('Your payment went through');
  assert.equal(await inHeader(), '600');
  const paid = (await ada.get('/invoices')).data.filter((it) => it.total.amount === 1000);
  assert.equal(paid.length, 2);
}
