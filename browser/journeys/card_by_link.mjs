// A card is added on the provider's page, which asks to authenticate, and the customer comes back.

export default async function cardByLink({ customer, page, hand, server, assert, until, button, heading, field }) {
  const ada = await customer();
  const back = `${server.url}/problems`;
  const session = await ada.post('/setup_sessions', { return_url: back });
  await page.goto(session.url);
  await hand.fill(field('Card number'), '4000 0025 0000 3155');
  await hand.fill(field('Expiry'), '12/34');
  await hand.fill(field('Security code'), '123');
  await hand.go(button('Save card'));
  await heading('Confirm it');
  await hand.go(button('Approve'));
  assert.equal(page.url(), `${back}?setup=succeeded`);
  const [method] = await until('the card', async () => {
    const { data } = await ada.get('/payment_methods');
    return data.length > 0 && data;
  });
  assert.equal(method.card.last4, '3155');
}
