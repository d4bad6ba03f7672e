import { openDataset } from '../../core/data/resolve.ts';

/** Opens a set and prints the seconds that this took. */
const [spec, folder] = process.argv.slice(2) as [string, string];
const begun = performance.now();
await openDataset(spec, { folder });
console.log((performance.now() - begun) / 1000);
