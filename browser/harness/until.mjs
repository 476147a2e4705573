// Waiting for conditions, never for time.

/** How long anything may take before a journey gives up on it, in milliseconds. */
export const PATIENCE = 60_000;

/** Asks again and again until the answer is true or something else than `undefined`, `null`, `false`. */
export async function until(what, ask) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`this did not come: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
