/**
 * Draws the app's icons, a bridge in a speech bubble, into `manifests/teams`. Run by hand when the drawing changes:
 * `node manifests/draw-icons.ts`. The files are committed, since compressed bytes differ between versions of zlib.
 */
import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';

type Rgb = readonly [red: number, green: number, blue: number];
/** Whether a point belongs to a figure. The drawing is 192 units wide and high. */
type Figure = (x: number, y: number) => boolean;
/** The colour of a point; null where it is transparent. */
type Painter = (x: number, y: number) => Rgb | null;

const blue: Rgb = [0x1f, 0x5f, 0xbf];
const white: Rgb = [0xff, 0xff, 0xff];
/** Points a pixel has on each side; their mean is its colour. */
const samples = 8;

function roundedBox(left: number, top: number, right: number, bottom: number, radius: number): Figure {
  return (x, y) => {
    const dx = Math.max(left + radius - x, 0, x - (right - radius));
    const dy = Math.max(top + radius - y, 0, y - (bottom - radius));
    return Math.hypot(dx, dy) <= radius;
  };
}

function triangle(...corners: readonly [number, number][]): Figure {
  return (x, y) => {
    const sides = corners.map(([ax, ay], index) => {
      const [bx, by] = corners[(index + 1) % corners.length] ?? [ax, ay];
      return (bx - ax) * (y - ay) - (by - ay) * (x - ax);
    });
    return sides.every((side) => side >= 0) || sides.every((side) => side <= 0);
  };
}

/** A straight stroke with round ends. */
function stroke(ax: number, ay: number, bx: number, by: number, width: number): Figure {
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  return (x, y) => {
    const along = Math.min(Math.max(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0), 1);
    return Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)) <= width / 2;
  };
}

/** The upper half of a ring. */
function arch(x0: number, y0: number, radius: number, width: number): Figure {
  return (x, y) => y <= y0 && Math.abs(Math.hypot(x - x0, y - y0) - radius) <= width / 2;
}

function union(...figures: Figure[]): Figure {
  return (x, y) => figures.some((figure) => figure(x, y));
}

function bridge(width: number): Figure {
  return union(
    arch(96, 108, 36, width),
    stroke(46, 108, 146, 108, width),
    stroke(96, 76, 96, 108, width * 0.7),
    stroke(76, 80, 76, 108, width * 0.7),
    stroke(116, 80, 116, 108, width * 0.7),
  );
}

const tail = triangle([62, 120], [98, 120], [62, 158]);
const bubble = union(roundedBox(30, 44, 162, 132, 18), tail);

/** Teams fills the whole square with it and rounds the corners itself. */
const color: Painter = (x, y) => (bubble(x, y) && !bridge(9)(x, y) ? white : blue);

const edge = union(
  (x, y) => roundedBox(8, 24, 184, 140, 24)(x, y) && !roundedBox(22, 38, 170, 126, 14)(x, y),
  triangle([48, 126], [92, 132], [48, 180]),
);
const thinBridge = union(arch(96, 106, 42, 13), stroke(44, 106, 148, 106, 13), stroke(96, 66, 96, 106, 11));
/** White lines on nothing, as Teams tints it. */
const outline: Painter = (x, y) => (edge(x, y) || thinBridge(x, y) ? white : null);

function draw(size: number, paint: Painter): Buffer {
  const rows: Buffer[] = [];
  for (let row = 0; row < size; row++) {
    // Each row opens with its filter: 0, none.
    const pixels = [0];
    for (let column = 0; column < size; column++) pixels.push(...pixel(size, column, row, paint));
    rows.push(Buffer.from(pixels));
  }
  return encodePng(size, Buffer.concat(rows));
}

/** The mean of the points of a pixel, as red, green, blue, alpha. */
function pixel(size: number, column: number, row: number, paint: Painter): number[] {
  const sum = [0, 0, 0];
  let covered = 0;
  for (let index = 0; index < samples ** 2; index++) {
    const x = ((column + ((index % samples) + 0.5) / samples) * 192) / size;
    const y = ((row + (Math.floor(index / samples) + 0.5) / samples) * 192) / size;
    const painted = paint(x, y);
    if (painted === null) continue;
    covered++;
    for (const channel of [0, 1, 2] as const) sum[channel] = (sum[channel] ?? 0) + painted[channel];
  }
  if (covered === 0) return [255, 255, 255, 0];
  return [...sum.map((value) => Math.round(value / covered)), Math.round((255 * covered) / samples ** 2)];
}

/** 8 bits a channel with alpha (https://www.w3.org/TR/png-3/). */
function encodePng(size: number, rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

const folder = new URL('teams/', import.meta.url);
writeFileSync(new URL('color.png', folder), draw(192, color));
writeFileSync(new URL('outline.png', folder), draw(32, outline));
