// A card without money is declined, in words and with a way on; another one is added on the provider's
// page, which leads back to what was being bought, and pays.

export default async function declineAndRecover(stage) {
  const { customer, page, portal, hand, see, heading, enterCard, section, goto, button, linkTo, inHeader, audit, assert } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter' });
  await ada.post('/payment_methods', { token: 'pm_card_chargeDeclinedInsufficientFunds' });

  await portal(ada.id, '/portal/credits?pack=large');
  await hand.go(button('Pay $75.00'));
  await heading('Your payment failed');
  await see(/insufficient funds|not enough|enough money/i);
  assert.equal(await inHeader(), '400');
  await audit(page);

  await hand.go(linkTo('Use another card'));
  await heading('Payment methods');
  await audit(page);
  await hand.go(button('Add a card'));
  await enterCard('5555 5555 5555 4444');
  await heading('Buy credits');
  await see('is what you pay with now');
  await hand.go(button('Pay $75.00'));
  await heading('Your payment went through');
  assert.equal(await inHeader(), '1,400');
  await section('Billing history');
  await see('$75.00');

  // The one that is broken goes; the last one of a plan stays.
  await goto('/portal/payment-methods');
  for (const last4 of ['9995', '4242']) {
    const method = page.getByRole('main').getByRole('listitem').filter({ hasText: last4 });
    await hand.go(method.getByRole('button', { name: /^Remove/ }));
    await heading('Payment methods');
    await method.waitFor({ state: 'detached' });
  }
  const { data } = await ada.get('/payment_methods');
  assert.deepEqual(data.map((method) => method.card.last4), ['4444']);
  stage.watch.expect(409, '/portal/payment-methods');
  await hand.go(button('Remove'));
  await page.getByRole('alert').waitFor();
  await audit(page, { again: false });
}
