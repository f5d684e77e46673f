/** How much of a message is drawn where a platform's limits do not let all of it through. */

/** UTF-16 units of a title, label or value, and of the text; and the number of facts. */
export interface TextDetail {
  lineLength: number;
  textLength: number;
  facts: number;
}

export const fullText: TextDetail = { lineLength: 500, textLength: 6000, facts: 50 };
export const briefText: TextDetail = { lineLength: 200, textLength: 1000, facts: 20 };
export const terseText: TextDetail = { lineLength: 80, textLength: 200, facts: 8 };

/** The first of these levels, with as many of its items as fit then; null where none of its items would be left. */
export function withFewerItems<Detail extends { items: number }>(
  levels: readonly Detail[],
  fits: (detail: Detail) => boolean,
): Detail | null {
  for (const detail of levels) {
    const items = largestFitting(detail.items, (n) => fits({ ...detail, items: n }));
    if (items > 0 || items === detail.items) return { ...detail, items };
  }
  return null;
}

/** The level with as many of its buttons as fit, or none. */
export function withFewerButtons<Detail extends { buttons: number }>(
  detail: Detail,
  fits: (detail: Detail) => boolean,
): Detail {
  const buttons = largestFitting(detail.buttons, (n) => fits({ ...detail, buttons: n }));
  return { ...detail, buttons: Math.max(buttons, 0) };
}

/** The largest n in 0…max that fits, -1 if none does; whatever is larger than one that does not fit must not fit. */
function largestFitting(max: number, fits: (n: number) => boolean): number {
  let low = -1;
  let high = max;
  while (low < high) {
    const middle = Math.floor((low + high + 1) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
