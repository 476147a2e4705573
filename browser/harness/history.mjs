// Customers with some weeks behind them, the same in every run.

/** Numbers that look random and are the same every time: below `bound`, from 0. */
export function numbers(seed) {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** What a person who makes short films does, in how many of a hundred jobs. */
const HABITS = [
  [38, { operation: 'image', model: 'ochre-1', quality: 'standard', units: 3 }],
  [20, { operation: 'image', model: 'tempera-2', quality: 'hd', units: 3 }],
  [12, { operation: 'image_remix', model: 'tempera-2' }],
  [8, { operation: 'image_upscale' }],
  [14, { operation: 'video', model: 'lantern-1', units: 5 }],
  [8, { operation: 'video_export', quality: '1080p' }],
];

function habit(percent) {
  let rest = percent;
  for (const [share, job] of HABITS) {
    if (rest < share) return job;
    rest -= share;
  }
  return HABITS[0][1];
}

/** The morning of a day that is ahead of us, the same for a year: 3 February. */
export function someMorning() {
  const now = new Date();
  const year = now.getUTCFullYear() + 1;
  return `${year}-02-03T09:12:00Z`;
}

/** Days of jobs: most are done, now and then one fails and is released. Stops when credits run out. */
export async function use(customer, { days, seed = 7, jobsPerDay = 5 }) {
  const draw = numbers(seed);
  let number = 0;
  for (let day = 0; day < days; day += 1) {
    // Weekends are calmer.
    const jobs = day % 7 > 4 ? 1 : 1 + draw(jobsPerDay);
    for (let job = 0; job < jobs; job += 1) {
      const what = habit(draw(100));
      number += 1;
      const reference = `scene-${String(number).padStart(3, '0')}`;
      const quote = await customer.post('/quotes', what);
      if (!quote.allowed) return;
      const hold = await customer.post('/holds', { quote: quote.id, reference });
      await customer.advance(`${2 + draw(9)}m`);
      if (draw(100) < 7) await customer.post(`/holds/${hold.id}/release`, { reason: 'the model gave up' });
      else await customer.post(`/holds/${hold.id}/capture`);
      await customer.advance(`${20 + draw(60)}m`);
    }
    await customer.advance(`${18 + draw(3)}h`);
  }
}
