// Answers --help for the scripts of package.json. Plain JavaScript for Node 18 and newer.

/**
 * Prints the words and ends the process when an argument of the program asks for help.
 * @param {string} words
 */
export function helpIfAsked(words) {
  if (!process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) return;
  console.log(words);
  process.exit(0);
}
