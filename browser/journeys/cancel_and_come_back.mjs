// Cancelled in two steps, resumed, cancelled again and let end: files are kept, can be taken along, and
// come back with a new plan.

import { readFileSync } from 'node:fs';

const PICTURE = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');

export default async function cancelAndComeBack(stage) {
  const { customer, page, portal, hand, see, heading, preview, goto, section, button, linkTo, audit, assert, field } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter' });
  const picture = await ada.upload({ kind: 'image', name: 'sunset.png', media_type: 'image/png' }, PICTURE);
  await ada.post('/topups', { pack: 'small' });

  await portal(ada.id);
  await hand.go(linkTo('Cancel plan'));
  await heading('Cancel Starter?');
  await see('It ends on');
  await see('Your files are kept until');
  await audit(page);
  await hand.select(field('Why are you leaving?'), 'Another reason');
  await hand.go(button('Cancel plan'));
  await heading('Overview');
  await see('Starter ends on');
  await see('Access until');
  await audit(page);

  await hand.go(page.getByRole('link', { name: 'Resume plan' }).first());
  await hand.go(button('Resume plan'));
  await heading('Overview');
  await see('goes on as before');
  assert.equal((await ada.get('/subscription')).state, 'active');

  await hand.go(linkTo('Cancel plan'));
  await hand.go(button('Cancel plan'));
  await ada.advance('33d');
  await goto('/portal');
  await see('Starter ended on');
  await see('Files are kept until');
  await audit(page);
  assert.equal((await ada.get('/subscription')).state, 'retention');

  // Everything in one file.
  await section('Storage');
  await see('sunset.png');
  await audit(page);
  const archive = await hand.download(linkTo('Export all').or(button('Export all')).first());
  const bytes = readFileSync(await archive.path());
  assert.equal(bytes.subarray(0, 2).toString(), 'PK');
  assert.ok(bytes.includes(PICTURE), 'the file is in the archive as it was stored');

  // Back again.
  await goto('/portal/plan');
  await preview(linkTo('Professional').first(), 'Professional, monthly');
  await hand.go(button('Pay $89.00'));
  await heading('Your payment went through');
  assert.equal((await ada.get('/subscription')).state, 'active');
  assert.equal(await ada.available(), 1350);
  assert.ok((await ada.get('/assets')).data.some((asset) => asset.id === picture.id));
  await section('Storage');
  await see('sunset.png');
}
