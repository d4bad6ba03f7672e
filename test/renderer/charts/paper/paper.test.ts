import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { drawingOf } from '../../../../renderer/charts/paper/drawing.ts';
import { glyphsOf } from '../../../../renderer/charts/paper/fonts.ts';
import { pdfOf } from '../../../../renderer/charts/paper/pdf.ts';
import { tikzOf } from '../../../../renderer/charts/paper/tikz.ts';
import { pictures } from '../../pictures.ts';

const all = pictures();
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('an SVG text as a drawing', () => {
  test('every shape and text of all pictures is read, and no number is lost', () => {
    for (const [name, svg] of all) {
      const { shapes, box } = drawingOf(svg);
      const texts = shapes.filter((shape) => shape.kind === 'text');
      const outlines = svg.match(/<text[^>]* fill="none"/g)?.length ?? 0;
      assert.equal(texts.length, svg.match(/<text/g)!.length - outlines, name);
      for (const { fill } of texts) assert.match(fill, /^#[\da-f]{6}$/i, name);
      for (const [, outlined] of svg.matchAll(/<text[^>]* fill="none"[^>]*>([^<]*)/g))
        assert.ok(
          texts.some(({ text }) => text === outlined),
          `${name}: ${outlined}`,
        );
      assert.ok(box[2] > 0 && box[3] > 0, name);
      assert.doesNotMatch(JSON.stringify(shapes), /null,"y"|"x":null/, name);
    }
  });

  test('what is escaped is read as it was written; a clip is no shape', () => {
    const drawing = drawingOf(
      '<svg viewBox="0 0 9 9"><title>a &lt; b &amp; c</title><clipPath id="c"><rect x="1" y="1" ' +
        'width="2" height="2"/></clipPath><g opacity="0.5"><text x="1" y="2" fill="#abc" ' +
        'transform="rotate(-90 1 2)" opacity="0.5">&quot;x&quot;</text></g></svg>',
    );
    assert.equal(drawing.title, 'a < b & c');
    const [only, ...others] = drawing.shapes;
    assert.deepEqual(others, []);
    assert.ok(only?.kind === 'text');
    assert.deepEqual(
      [only.text, only.turn, only.opacity, only.fill],
      ['"x"', -90, 0.25, '#aabbcc'],
    );
  });
});

describe('PDF', () => {
  test('the table of objects names the place of each', () => {
    const pdf = text(pdfOf(all.get('figure-3')!));
    const start = Number(/startxref\n(\d+)/.exec(pdf)![1]);
    assert.ok(pdf.slice(start).startsWith('xref'));
    const offsets = [...pdf.slice(start).matchAll(/^(\d{10}) 00000 n /gm)].map(([, at]) =>
      Number(at),
    );
    assert.equal(offsets.length, 8);
    offsets.forEach((at, i) => assert.ok(pdf.slice(at).startsWith(`${i + 1} 0 obj`)));
    for (const [, name, font] of pdf.matchAll(/\/(F\d) (\d+) 0 R/g))
      assert.ok(pdf.slice(offsets[Number(font) - 1]).includes('/Type /Font'), name);
    const [, length, content] = /\/Length (\d+) >>\nstream\n([^]*?)\nendstream/.exec(pdf)!;
    assert.equal(content!.length, Number(length));
  });

  test('Greek letters and arrows come from Symbol, minus and ± from Helvetica', () => {
    assert.deepEqual(
      glyphsOf('2→1 ± 3', true).map(({ font, codes }) => [font, codes.length]),
      [
        ['F2', 1],
        ['F3', 1],
        ['F2', 5],
      ],
    );
    assert.deepEqual(glyphsOf('−±', false)[0]!.codes, [0x96, 0xb1]);
    assert.deepEqual(glyphsOf('猫', false)[0]!.codes, [63]);
    assert.equal(glyphsOf('AA', false)[0]!.width, 2 * 0.667);
  });

  const without = spawnSync('pdftoppm', ['-v']).error !== undefined;
  test(
    'poppler draws every picture without a complaint',
    { skip: without && 'NOT TESTED: pdftoppm (poppler-utils) is not installed.' },
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'ktg-pdf-'));
      try {
        for (const [name, svg] of all) {
          const file = join(folder, name);
          writeFileSync(`${file}.pdf`, pdfOf(svg));
          const { stderr, status } = spawnSync(
            'pdftoppm',
            ['-r', '48', '-singlefile', `${file}.pdf`, file],
            { encoding: 'utf8' },
          );
          assert.deepEqual([status, stderr], [0, ''], name);
          const image = readFileSync(`${file}.ppm`);
          const [, width, height] = /^P6\s+(\d+)\s+(\d+)/.exec(image.toString('latin1', 0, 40))!;
          const { box } = drawingOf(svg);
          assert.ok(Math.abs(Number(width) - box[2] / 2) <= 1, name);
          assert.ok(Math.abs(Number(height) - box[3] / 2) <= 1, name);
          const inked = image.subarray(20).filter((byte) => byte < 128).length;
          assert.ok(inked > 200, `${name} is blank`);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

test('TikZ has every text, its own colours, and no character that LaTeX would take', () => {
  for (const [name, svg] of all) {
    const tikz = tikzOf(svg);
    const { shapes } = drawingOf(svg);
    assert.equal(
      tikz.match(/\\node/g)?.length,
      shapes.filter(({ kind }) => kind === 'text').length,
    );
    assert.doesNotMatch(tikz, /NaN|undefined|[→≥≤±×−τδ]/, name);
    const used = new Set(
      [...tikz.matchAll(/(?:fill|draw|text)=(ktg\w\w)/g)].map(([, color]) => color),
    );
    const defined = new Set(
      [...tikz.matchAll(/definecolor\{(ktg\w\w)\}/g)].map(([, color]) => color),
    );
    assert.deepEqual(used, defined, name);
    assert.equal(tikz.match(/\{/g)!.length, tikz.match(/\}/g)!.length, name);
  }
  assert.match(
    tikzOf('<svg viewBox="0 0 9 9"><text x="1" y="2">50 % a_b</text></svg>'),
    /\{50 \\% a\\_b\}/,
  );
});
