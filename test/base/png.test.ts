import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { withText } from '../../core/base/png.ts';

/** The smallest picture: 1 x 1, grey. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
);

test('withText inserts a checked chunk before the pixels and keeps the rest', () => {
  const text = '{"study":"größer","seed":7}';
  const whole = Buffer.from(withText(new Uint8Array(PNG), 'Description', text));
  const chunks: [type: string, content: Buffer][] = [];
  for (let at = 8; at < whole.length;) {
    const length = whole.readUInt32BE(at);
    const content = whole.subarray(at + 4, at + 8 + length);
    assert.equal(whole.readUInt32BE(at + 8 + length), crc32(content));
    chunks.push([content.toString('latin1', 0, 4), content.subarray(4)]);
    at += 12 + length;
  }
  assert.deepEqual(
    chunks.map(([type]) => type),
    ['IHDR', 'iTXt', 'IDAT', 'IEND'],
  );
  const said = chunks[1]![1];
  assert.equal(said.toString('latin1', 0, said.indexOf(0)), 'Description');
  assert.deepEqual([...said.subarray(said.indexOf(0), said.indexOf(0) + 5)], [0, 0, 0, 0, 0]);
  assert.equal(said.toString('utf8', said.indexOf(0) + 5), text);
});
