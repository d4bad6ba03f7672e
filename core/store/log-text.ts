/** Characters of a log's entry. A worker in trouble may say much, and again and again. */
const MAX_TEXT = 2000;

/** The part of a text that the log keeps. */
export const logText = (text: string): string =>
  text.length <= MAX_TEXT
    ? text
    : `${text.slice(0, MAX_TEXT)} … (${text.length - MAX_TEXT} characters more)`;
