// A renewal fails: every page says so, with the amount and what comes next. Another card pays at once,
// and everything is as it was.

export default async function pastDueAndRecovery(stage) {
  const { customer, page, portal, hand, see, heading, goto, enterCard, button, linkTo, inHeader, audit, assert } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter' });
  await ada.post('/payment_methods', { token: 'pm_card_chargeDeclinedInsufficientFunds' });
  await ada.advance('1mo');
  assert.equal((await ada.get('/subscription')).state, 'past_due');

  await portal(ada.id, '/portal/usage');
  await see('Your payment of $29.00 failed');
  await goto('/portal');
  await see('Payment due');
  await audit(page);
  await hand.go(linkTo('Pay now').first());
  await heading('Payment due');
  await audit(page);
  await hand.go(button('Pay $29.00'));
  await see(/insufficient funds|not enough|enough money/i);

  await goto('/portal/past-due');
  await hand.go(linkTo('Use another card'));
  await hand.go(button('Add a card'));
  await enterCard('4242 4242 4242 4242');
  await heading('Your payment went through');
  const { data } = await ada.get('/payment_methods');
  assert(data.some((method) => method.card?.last4 === '4242' && method.default));
  assert.equal((await ada.get('/subscription')).state, 'active');
  await goto('/portal');
  await page.getByText('Your payment of $29.00 failed').waitFor({ state: 'detached' });
  assert.equal(await inHeader(), '400');
  await see('Starter renewed');
}
