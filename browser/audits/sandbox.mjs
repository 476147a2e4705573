// The sandbox's own pages: the card form, the 3-D Secure page, and where a way ends.

export default async function sandbox({ customer, page, hand, audit, watch, server, button, linkTo, heading, field, see }) {
  const ada = await customer({ card: 'authenticationRequired', credits: 10 });
  const returning = await ada.post('/setup_sessions', { return_url: `${server.url}/problems` });
  await page.goto(returning.url);
  await heading('Add a card');
  await audit(page);
  await hand.go(linkTo('Go back without a card'));
  await heading('Problems');

  const session = await ada.post('/setup_sessions');
  await page.goto(session.url);
  await card('4242 4242 4242 4241');
  watch.expect(422, '/sandbox/setup/');
  await hand.go(button('Save card'));
  await see('This is a test page');
  await audit(page, { again: false });

  await card('4000 0027 6000 3184');
  await hand.go(button('Save card'));
  await heading('Confirm it');
  await audit(page);
  await hand.go(button('Approve'));
  await heading('Done');
  await audit(page, { again: false });

  watch.expect(404, '/sandbox/setup/');
  await page.goto(session.url);
  await heading('no longer open');
  await audit(page, { again: false });

  const paying = await customer({ card: 'authenticationRequired' });
  const started = await paying.post('/subscription', { plan: 'starter', interval: 'month' });
  await page.goto(started.payment.action_url);
  await heading('Confirm it');
  await see('29.00 USD');
  await audit(page);

  async function card(number) {
    await hand.fill(field('Card number'), number);
    await hand.fill(field('Expiry'), '12/34');
    await hand.fill(field('Security code'), '123');
  }
}
