/** Draws a card as plain text for a terminal, its buttons numbered. */
import { cleanLine } from '../kernel/plain-text.ts';
import type { SeenButton, SeenCard, SeenForm, SeenLine } from '../kernel/simulated-chat.ts';
import { cellsOf, flow, padCells, wrapText } from './terminal-text.ts';

/** What can be pressed. */
export interface DrawnButton {
  /** As it is shown. */
  title: string;
  /** As it stands on the card. */
  label: string;
  /** Which of the card's buttons with that label, from 0. */
  which: number;
  /** Set: it leads to a page and sends nothing. */
  url: string | null;
  /** Set: it sends the form of the card. */
  form: SeenForm | null;
}

export interface DrawnCard {
  /** Lines without control characters; empty when the card shows nothing. */
  text: string;
  /** The button that the text numbers n is at index n − 1. */
  buttons: DrawnButton[];
}

/** Narrower text is hard to read; narrower terminals wrap it themselves. */
export const minWidth = 24;
/** Wider lines are hard to read, too. */
const defaultWidth = 80;
/** The widest mark that gets a column of its own. */
const maxMarkWidth = 6;

/** What is drawn as a whole, an empty line before and after it where nothing else is said. */
type Part =
  /** A line and those that follow it without a gap, above the buttons that stand beside it. */
  | { kind: 'lines'; lines: [SeenLine, ...SeenLine[]]; buttons: string[] }
  | { kind: 'facts'; facts: { label: string; value: string }[] }
  | { kind: 'fields'; form: SeenForm }
  | { kind: 'buttons'; buttons: string[] };

/** The card as people read it: facts in two columns, fields as their labels. Lines have at most `width` cells. */
export function drawCard(card: SeenCard, width = defaultWidth): DrawnCard {
  const buttons = drawnButtons(card);
  const parts = partsOf(card, buttons);
  const room = Math.max(Math.trunc(width), minWidth);
  const lines = parts.flatMap((part, index) => {
    const drawn = drawPart(part, room);
    const before = parts[index - 1];
    return before === undefined || areTogether(before, part) ? drawn : ['', ...drawn];
  });
  return { text: lines.join('\n'), buttons };
}

/** In the order of the card; the button that sends its form comes last. */
function drawnButtons({ buttons, form }: SeenCard): DrawnButton[] {
  const counts = new Map<string, number>();
  const drawn = buttons.flatMap((button): DrawnButton[] => {
    const { label, url } = button;
    const which = counts.get(label) ?? 0;
    counts.set(label, which + 1);
    return isSubmit(button, form) ? [] : [{ title: titleOf(label), label, which, url, form: null }];
  });
  if (form === null) return drawn;
  const label = form.submitLabel;
  return [...drawn, { title: titleOf(label), label, which: 0, url: null, form }];
}

/** Some platforms count the button of a form among the card's. */
function isSubmit(button: SeenButton, form: SeenForm | null): boolean {
  return form !== null && button.url === null && button.label === form.submitLabel;
}

function titleOf(label: string): string {
  return cleanLine(label) || '…';
}

function partsOf(card: SeenCard, buttons: readonly DrawnButton[]): Part[] {
  const parts: Part[] = [];
  const pressable = card.buttons.filter((button) => !isSubmit(button, card.form));
  // What is wrong with a field is drawn below it.
  const faults = card.form?.fields.map(({ error }) => error) ?? [];
  const cells = buttons.map(({ title }, index) => `[${index + 1}] ${title}`);
  const addButtons = (above: number) => {
    const here = cells.filter((_, index) => {
      const button = pressable[index];
      return button !== undefined && (button.after ?? card.lines.length) === above;
    });
    const last = parts.at(-1);
    const beside = last?.kind === 'lines' ? (last.lines[0].buttons?.length ?? 0) : 0;
    if (last?.kind === 'lines') last.buttons.push(...here.slice(0, beside));
    if (here.length > beside) parts.push({ kind: 'buttons', buttons: here.slice(beside) });
  };
  card.lines.forEach((line, index) => {
    addButtons(index);
    const isFault = line.kind === 'error' && faults.includes(line.text);
    if (!isFault && !isRepeated(line, card.lines[index + 1])) addLine(parts, line);
  });
  addButtons(card.lines.length);
  if (card.form !== null) {
    parts.push({ kind: 'fields', form: card.form }, { kind: 'buttons', buttons: cells.slice(-1) });
  }
  return parts;
}

/** The bar of a dialog often says what the heading below it says, as far as it has room. */
function isRepeated(line: SeenLine, next: SeenLine | undefined): boolean {
  const areTitles = line.kind === 'title' && next?.kind === 'title';
  return areTitles && next.text.startsWith(line.text.replace(/…$/, ''));
}

function addLine(parts: Part[], line: SeenLine): void {
  if (cleanLine(line.text) === '') return;
  const last = parts.at(-1);
  if (line.fact !== undefined) {
    if (last?.kind === 'facts') last.facts.push(line.fact);
    else parts.push({ kind: 'facts', facts: [line.fact] });
    return;
  }
  const isRow = markOf(line) !== '';
  const follows = line.tight === true && !isRow && last?.kind === 'lines' && last.buttons.length === 0;
  if (follows) last.lines.push(line);
  else parts.push({ kind: 'lines', lines: [line], buttons: [] });
}

function drawPart(part: Part, width: number): string[] {
  switch (part.kind) {
    case 'lines': {
      const mark = markOf(part.lines[0]);
      const indent = mark === '' ? 0 : cellsOf(mark) + 1;
      const texts = part.lines.map(({ text }, index) =>
        index === 0 ? cleanLine(text).slice(mark.length) : text,
      );
      const lines = texts.flatMap((text) => wrapText(cleanLine(text), width - indent));
      return sideBySide([mark], [...lines, ...flow(part.buttons, '  ', width - indent)], indent);
    }
    case 'facts':
      return drawFacts(part.facts, width);
    case 'fields':
      return part.form.fields.flatMap(({ label, error }) => [
        ...wrapText(`${cleanLine(label)}:`, width),
        ...wrapText(cleanLine(error ?? ''), width),
      ]);
    case 'buttons':
      return flow(part.buttons, '  ', width);
  }
}

/** Empty where nothing stands in a column of its own. */
function markOf({ mark, text }: SeenLine): string {
  const shown = cleanLine(mark ?? '');
  return cellsOf(shown) <= maxMarkWidth && cleanLine(text).startsWith(shown) ? shown : '';
}

/** Rows of a list, and a heading with the text below it. */
function areTogether(before: Part, next: Part): boolean {
  if (before.kind !== 'lines' || next.kind !== 'lines') return false;
  const [first] = before.lines;
  const [line] = next.lines;
  if (markOf(first) !== '' && markOf(line) !== '') return true;
  const isHeading = (first.kind === 'title' || first.kind === 'error') && before.lines.length === 1;
  return isHeading && (line.kind === 'text' || line.kind === first.kind);
}

/** Labels in a column as wide as the widest of them, at most a third of the line; values beside it. */
function drawFacts(facts: readonly { label: string; value: string }[], width: number): string[] {
  const cells = facts.map(({ label, value }) => ({ label: cleanLine(label), value: cleanLine(value) }));
  const labelWidth = Math.min(
    Math.max(0, ...cells.map(({ label }) => cellsOf(label))),
    Math.floor(width / 3),
  );
  return cells.flatMap(({ label, value }) =>
    sideBySide(wrapText(label, labelWidth), wrapText(value, width - labelWidth - 2), labelWidth + 2),
  );
}

/** Two columns of lines; the second begins at the indent. */
function sideBySide(left: readonly string[], right: readonly string[], indent: number): string[] {
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, row) => padCells(left[row] ?? '', indent) + (right[row] ?? '')).map(
    (line) => line.trimEnd(),
  );
}
