import { escapeText } from '../ui/escape-text.ts';
import { eachPoint, FONT, type Mark } from './marks.ts';

const near = (value: number): string => String(Math.round(value * 10) / 10);

/** Attributes of an element; without those that are undefined. */
const attributes = (values: Readonly<Record<string, string | number | undefined>>): string =>
  Object.entries(values)
    .map(([name, value]) => {
      if (value === undefined) return '';
      return ` ${name}="${typeof value === 'number' ? near(value) : escapeText(value)}"`;
    })
    .join('');

/** Marks as a self-contained SVG text on a ground colour. */
export function marksSvg(
  marks: readonly Mark[],
  {
    width,
    height,
    ground,
    title,
    provenance,
  }: {
    readonly width: number;
    readonly height: number;
    readonly ground: string;
    readonly title: string;
    readonly provenance?: Readonly<Record<string, unknown>>;
  },
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${near(width)}" ` +
      `height="${near(height)}" viewBox="0 0 ${near(width)} ${near(height)}" ` +
      `font-family="${FONT}">`,
    `<title>${escapeText(title)}</title>`,
    provenance ? `<metadata>${escapeText(JSON.stringify(provenance))}</metadata>` : '',
    `<rect width="100%" height="100%" fill="${escapeText(ground)}"/>`,
    ...marks.map(markSvg),
    '</svg>',
  ]
    .filter(Boolean)
    .join('\n');
}

function markSvg(mark: Mark): string {
  const opacity =
    mark.opacity === undefined ? '' : ` opacity="${Math.round(mark.opacity * 100) / 100}"`;
  switch (mark.kind) {
    case 'line': {
      let d = '';
      eachPoint(mark.points, (x, y, starts) => (d += `${starts ? 'M' : 'L'}${near(x)} ${near(y)}`));
      const dash = mark.dash === 'none' ? undefined : mark.dash;
      const stroke = { stroke: mark.stroke, 'stroke-width': mark.width, 'stroke-dasharray': dash };
      return `<path d="${d}" fill="none"${attributes(stroke)}${opacity}/>`;
    }
    case 'dot':
      return `<circle${attributes({
        ...{ cx: mark.x, cy: mark.y, r: mark.radius, fill: mark.fill ?? 'none' },
        ...{ stroke: mark.stroke, 'stroke-width': mark.width },
      })}${opacity}/>`;
    case 'cross': {
      const { x, y, radius: r } = mark;
      const d =
        `M${near(x - r)} ${near(y - r)}L${near(x + r)} ${near(y + r)}M${near(x - r)} ` +
        `${near(y + r)}L${near(x + r)} ${near(y - r)}`;
      return `<path d="${d}"${attributes({ stroke: mark.stroke, 'stroke-width': mark.width })}${opacity}/>`;
    }
    case 'group': {
      const { left, right, top, bottom } = mark.clip;
      const corners = [left, top, right, bottom].map(near);
      const id = `clip-${corners.join('-').replaceAll('.', '_')}`;
      const box = `<rect${attributes({ x: left, y: top, width: right - left, height: bottom - top })}/>`;
      return `<clipPath id="${id}">${box}</clipPath><g clip-path="url(#${id})">${mark.marks.map(markSvg).join('')}</g>`;
    }
    case 'rect':
      return `<rect${attributes({
        ...{ x: mark.x, y: mark.y, width: mark.width, height: mark.height },
        ...{ fill: mark.fill ?? 'none', stroke: mark.stroke },
      })}${opacity}/>`;
    case 'text': {
      const halo = mark.halo
        ? ` stroke="${escapeText(mark.halo)}" stroke-width="3.5" paint-order="stroke" stroke-linejoin="round"`
        : '';
      const turn = mark.turn
        ? ` transform="rotate(${near(mark.turn)} ${near(mark.x)} ${near(mark.y)})"`
        : '';
      const look = attributes({
        ...{ x: mark.x, y: mark.y, fill: mark.fill },
        ...{ 'font-size': mark.size, 'text-anchor': mark.anchor },
        'font-weight': mark.bold ? '600' : undefined,
      });
      return `<text${look}${halo}${turn}${opacity}>${escapeText(mark.text)}</text>`;
    }
  }
}
