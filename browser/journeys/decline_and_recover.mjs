// A card without money is declined, in words and with a way on; another one is added on the provider's
// page, and pays.

export default async function declineAndRecover(stage) {
  const { customer, page, portal, hand, see, heading, enterCard, section, button, linkTo, inHeader, until, audit, assert } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter' });
  const poor = await ada.post('/payment_methods', { token: 'pm_card_chargeDeclinedInsufficientFunds' });
  await ada.post(`/payment_methods/${poor.id}/default`);

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
  await heading('Payment methods');
  await until('the new card', async () => {
    const { data } = await ada.get('/payment_methods');
    return data.some((method) => method.card?.last4 === '4444');
  });
  await page.reload();
  const method = page.getByRole('listitem').filter({ hasText: '4444' });
  const makeDefault = method.getByRole('button', { name: /^Make default/ });
  if (await makeDefault.count()) await hand.go(makeDefault);
  await see('Default', method);

  // The one that is broken goes.
  await hand.go(page.getByRole('listitem').filter({ hasText: '9995' }).getByRole('button', { name: /^Remove/ }));
  await page.getByRole('listitem').filter({ hasText: '9995' }).waitFor({ state: 'detached' });

  await hand.go(linkTo('Go on where you were').or(page.getByRole('navigation', { name: 'Billing' }).getByRole('link', { name: 'Credits' })).first());
  await hand.go(linkTo(/1,000.*Large/));
  await hand.go(button('Pay $75.00'));
  await heading('Your payment went through');
  assert.equal(await inHeader(), '1,400');
  await section('Billing history');
  await see('$75.00');
}
