// Two ways to use a page. A journey says what is done; its hands say how: by mouse, or by keyboard
// alone, as somebody does who can't use a mouse and has to see where they are.

import { until } from './until.mjs';

/** The hands of a page: `mouse` or `keyboard`. */
export function hands(by, page) {
  return by === 'keyboard' ? new Keyboard(page) : new Mouse(page);
}

class Hands {
  constructor(page) {
    this.page = page;
  }

  /** Presses what leads to another page, and waits until that page is there. */
  async go(target) {
    const arrived = this.page.waitForEvent('domcontentloaded');
    // Without a handler of its own an early failure of the press would leave this one unhandled.
    arrived.catch(() => {});
    await this.press(target);
    await arrived;
  }

  /** Presses what brings a file, and returns it. */
  async download(target) {
    const coming = this.page.waitForEvent('download');
    coming.catch(() => {});
    await this.press(target);
    return coming;
  }

  /** Presses what opens another tab, and returns its page. */
  async open(target) {
    const coming = this.page.context().waitForEvent('page');
    coming.catch(() => {});
    await this.press(target);
    const page = await coming;
    await page.waitForLoadState('domcontentloaded');
    return page;
  }
}

class Mouse extends Hands {
  /** Presses a button, a link, a disclosure. */
  press(target) {
    return target.click();
  }

  /** Replaces what a field says. */
  async fill(target, text) {
    await target.click({ clickCount: 3 });
    await target.fill('');
    await target.pressSequentially(text);
  }

  /** Chooses a radio button or sets a check mark, where a person clicks: on its words. */
  async choose(target) {
    if (await target.isChecked()) return;
    const label = await target.evaluateHandle((element) => element.labels?.[0] ?? element);
    await label.click();
    await until('the choice', () => target.isChecked());
  }

  /** Takes an option of a list. */
  async select(target, label) {
    await target.selectOption({ label });
  }
}

class Keyboard extends Hands {
  async press(target) {
    await this.reach(target);
    const key = await target.evaluate((element) => {
      const box = element.matches('input[type=checkbox], input[type=radio]');
      return box ? 'Space' : 'Enter';
    });
    await this.page.keyboard.press(key);
  }

  async fill(target, text) {
    await this.reach(target);
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.press('Delete');
    // Dates and the like have parts, each of which takes its digits.
    await this.page.keyboard.type(text);
  }

  async choose(target) {
    if (await target.isChecked()) return;
    await this.reach(target);
    if (!(await target.isChecked())) await this.page.keyboard.press('Space');
    await until('the choice', () => target.isChecked());
  }

  async select(target, label) {
    await this.reach(target);
    const chosen = () => target.evaluate((element) => element.selectedOptions[0]?.label.trim());
    await this.page.keyboard.press('Home');
    for (let before; (await chosen()) !== label; ) {
      if ((await chosen()) === before) throw new Error(`there is no option "${label}"`);
      before = await chosen();
      await this.page.keyboard.press('ArrowDown');
    }
  }

  /** Goes to an element by Tab, or back by Shift+Tab; within radio buttons by arrows. */
  async reach(target) {
    await target.waitFor({ state: 'attached' });
    await this.page.evaluate(rememberRest);
    const passed = [];
    for (let step = 0; step < 400; step += 1) {
      // Looked up anew each time: a page may draw its controls again when one is changed.
      const stop = await target.evaluate(whereAmI);
      if (stop.name !== null && step > 0) judge(stop);
      if (stop.here) return;
      passed.push(stop.name);
      if (stop.rounds > 2) break;
      await this.page.keyboard.press(stop.key);
    }
    const name = await target.evaluate((element) => element.outerHTML.slice(0, 200));
    throw new Error(`not to be reached by keyboard: ${name}\n  passed: ${passed.join(' · ')}`);
  }
}

/** A stop on the way has to be seen: marked as focused, and not hidden. */
function judge(stop) {
  if (!stop.marked) throw new Error(`focus can't be seen on: ${stop.name}`);
  if (!stop.inSight) throw new Error(`what has the focus is hidden: ${stop.name}`);
}

/** Runs in the page: how everything looks that has no focus, to compare with later. */
function rememberRest() {
  const rest = new WeakMap();
  for (const element of document.querySelectorAll('a, button, input, select, textarea, summary, [tabindex], label')) {
    if (element !== document.activeElement) rest.set(element, getComputedStyle(element).boxShadow);
  }
  window.bursarRest = { rest, rounds: 0 };
}

/** Runs in the page: what has the focus, whether that is seen, and which key leads to the target. */
function whereAmI(target) {
  const state = window.bursarRest;
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  if (active === null || active === document.body || active === document.documentElement) {
    state.rounds += 1;
    return { here: false, name: null, key: 'Tab', rounds: state.rounds };
  }
  const marks = (element) => {
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
    const clear = /rgba\(.*, 0\)|transparent/.test(style.outlineColor);
    if (outlined && !clear) return true;
    return style.boxShadow !== 'none' && state.rest.has(element) && state.rest.get(element) !== style.boxShadow;
  };
  const companions = [active, active.closest('label'), ...(active.labels ?? []), active.nextElementSibling];
  const marked = companions.some((element) => element && marks(element));

  const box = active.getBoundingClientRect();
  const points = [0.5, 0.1, 0.9].flatMap((x) => [0.5, 0.1, 0.9].map((y) => [x, y]));
  const shown = (hit) => hit && companions.some((one) => one && (one.contains(hit) || hit.contains(one) && hit !== document.body && hit !== document.documentElement && one.getBoundingClientRect().width < 3));
  const root = active.getRootNode();
  const inSight = points.some(([x, y]) => {
    const hit = root.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
    return hit && (active.contains(hit) || shown(hit));
  });

  const sameGroup = active.type === 'radio' && target.type === 'radio' && active.name === target.name
    && active.form === target.form && active !== target;
  // What lies in a shadow tree has no place among what lies around it; its host has.
  const before = document.activeElement.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING;
  const key = sameGroup ? (before ? 'ArrowUp' : 'ArrowDown') : (before ? 'Shift+Tab' : 'Tab');
  const name = (active.getAttribute('aria-label') ?? (active.labels?.[0]?.textContent || active.textContent || active.name || active.tagName)).trim().replace(/\s+/g, ' ').slice(0, 60);
  return { here: active === target, name, key, marked, inSight, rounds: state.rounds };
}
