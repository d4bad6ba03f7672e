// Plain JavaScript: set-up's progress line uses it under Node 18.

/**
 * Control characters and bidirectional controls: both can make a terminal show a different text.
 */
const commands = /[\p{Cc}\p{Bidi_Control}]/gu;

/**
 * Makes a text safe for a terminal. Files, networks and errors may contain characters that control
 * a terminal; they become `\x1b`. Line ends and tabs stay.
 * @param {string} text
 */
export const terminalText = (text) =>
  text
    .replaceAll('\r\n', '\n')
    .replace(commands, (found) => (found === '\n' || found === '\t' ? found : escaped(found)));

/**
 * Makes JSON safe for a terminal: the same value, with control characters as JSON escapes.
 * @param {string} json one line
 */
export const terminalJson = (json) =>
  json.replace(commands, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** @param {string} character */
const escaped = (character) => {
  const code = character.charCodeAt(0);
  return code < 256
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
};
