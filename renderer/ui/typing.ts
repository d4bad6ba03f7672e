/** Do keys go into a field, or to an open dialog? */
export const isTyping = (target: EventTarget | null): boolean =>
  (target instanceof Element && target.closest('input, textarea, select') !== null) ||
  document.querySelector('dialog[open]') !== null;
