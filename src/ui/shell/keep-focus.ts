// Nobody who works by keyboard is thrown back to the start of the page: when what has the focus goes away or rests, the panel
// around it takes the focus. (A dialog gives it back itself, a table knows its next row: those come first.)

const PANELS = 'section, article, dialog, fieldset, form, nav, header, main, [role="grid"], [role="group"]';

export function keepFocus(): void {
  let last: Element | undefined;
  let panels: readonly HTMLElement[] = [];
  const note = (element: Element | null) => {
    if (!element || element === document.body) return;
    last = element;
    panels = panelsAround(element);
  };
  note(document.activeElement);
  addEventListener('focusin', ({ target }) => note(target as Element));
  // Who presses on nothing wants the focus nowhere; on something, it comes there next.
  addEventListener('pointerdown', () => {
    last = undefined;
  });
  const mend = () => {
    if (!last || (last.isConnected && !last.matches(':disabled'))) return;
    const { activeElement } = document;
    if (activeElement !== document.body && activeElement !== last) return;
    const panel = panels.find((one) => one !== last && one.isConnected && one.offsetParent !== null);
    if (!panel) return;
    if (!panel.hasAttribute('tabindex')) panel.tabIndex = -1;
    panel.focus({ preventScroll: true });
  };
  new MutationObserver(mend).observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['disabled'],
  });
}

function panelsAround(element: Element): HTMLElement[] {
  const panels: HTMLElement[] = [];
  for (let at = element.parentElement?.closest<HTMLElement>(PANELS); at; at = at.parentElement?.closest(PANELS))
    panels.push(at);
  return panels;
}
