/** Characters of a log's entry. A worker in trouble may say much, and again and again. */
const MOST_TEXT = 2000;

/** What the log keeps of a text. */
export const logText = (text: string): string =>
  text.length <= MOST_TEXT
    ? text
    : `${text.slice(0, MOST_TEXT)} … (${text.length - MOST_TEXT} characters more)`;
