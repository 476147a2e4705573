// The overview in every state that a subscription can be in, each with what stands above it.

export default async function states({ customer, page, portal, see, audit }) {
  const states = {
    none: [{}, 'Choose a plan'],
    incomplete: [{ card: 'authenticationRequired', plan: 'starter' }, 'Payment outstanding'],
    active: [{ card: 'visa', plan: 'studio', interval: 'year' }, 'Active'],
    low: [{ card: 'visa', plan: 'starter', left: 3 }, '3 credits left'],
    canceling: [{ card: 'visa', plan: 'starter' }, 'Resume plan', (it) => it.post('/subscription/cancel')],
    pastDue: [{ card: 'visa', plan: 'starter' }, 'Past due', async (it) => {
      await it.post('/payment_methods', { token: 'pm_card_chargeDeclined' });
      await it.advance('1mo');
    }],
    retention: [{ card: 'visa', plan: 'starter' }, 'Files are kept until', async (it) => {
      await it.post('/subscription/cancel');
      await it.advance('35d');
    }],
    purged: [{ card: 'visa', plan: 'starter' }, 'Deleted', async (it) => {
      await it.post('/subscription/cancel');
      await it.advance('90d');
    }],
  };
  for (const [wishes, sign, happens] of Object.values(states)) {
    const someone = await customer(wishes);
    if (happens) await happens(someone);
    await portal(someone.id);
    await see(sign);
    await audit(page);
  }
}
