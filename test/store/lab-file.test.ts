import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { storeContract } from '../contract/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-store-'));
after(() => {
  rmSync(folder, { recursive: true });
});

let count = 0;
storeContract('lab file', () => openLabFile(join(folder, `${count++}.ktg`)));
