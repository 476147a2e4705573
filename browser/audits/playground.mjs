// The playground, before anything has run and after: all of it by script, and a page of words without.

import { hands } from '../harness/hands.mjs';

export default async function playground({ page, goto, audit, see, visitor }) {
  await goto('/');
  await page.getByRole('button', { name: /^Run for/ }).waitFor();
  // A tool for developers on their own machine, not a customer's page: twice as much is allowed.
  await audit(page, { weight: 120_000, scriptless: false });

  const hand = hands('mouse', page);
  await hand.press(page.getByRole('button', { name: /^Run for/ }));
  const job = page.getByRole('region', { name: 'Jobs' }).getByRole('article').first();
  await see('1 credit', job.locator('header'));
  await job.getByRole('img').first().waitFor();
  await hand.press(page.getByRole('button', { name: /^\+ ?1 month/ }));
  await see(/things happened/);
  await hand.press(page.getByRole('button', { name: /^Choose Professional/ }));
  await page.getByRole('button', { name: 'Pay $' }).waitFor();
  await audit(page, { again: false });

  const plain = await visitor({ javaScriptEnabled: false });
  await plain.goto('/');
  await plain.see('The playground is a small studio');
}
