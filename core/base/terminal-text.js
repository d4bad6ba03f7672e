// Plain JavaScript: the line of progress of set-up uses it on Node 18.

/**
 * Control characters, and those that turn the direction of a line: both can make a terminal show
 * something else.
 */
const commands = /[\p{Cc}\p{Bidi_Control}]/gu;

/**
 * Text for a terminal. What comes from a file, a network or an error may hold characters that a
 * terminal obeys; they are shown as `\x1b`. Ends of lines and tabs stay.
 * @param {string} text
 */
export const terminalText = (text) =>
  text
    .replaceAll('\r\n', '\n')
    .replace(commands, (found) => (found === '\n' || found === '\t' ? found : escaped(found)));

/**
 * JSON for a terminal: the same value, with such characters written as JSON escapes.
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
