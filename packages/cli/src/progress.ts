/** The progress of a verb that moves bytes, on standard error once it has taken a second: one line that is written over on a terminal, lines of JSON with --json, else nothing. */
import { type Progress, sizeText } from '@hypnos/vmm';

export interface ProgressLine {
  report(progress: Progress): void;
  /** Takes the line away, to be called before anything else is said. */
  end(): void;
}

/** Milliseconds before the first line, and between two. */
const FIRST = 1000, NEXT = 200;
const ERASE = '\r\u001b[K';

interface Output { readonly isTTY?: boolean; write(text: string): unknown }

/** `doing` says what is going on: `exporting dev`. `now` is in milliseconds. */
export function progressLine(doing: string, json: boolean, output: Output = process.stderr, now: () => number = () => performance.now()): ProgressLine {
  const begun = now();
  let next = begun + FIRST, shown = false;
  return {
    report(progress) {
      const at = now();
      if (at < next || !(json || output.isTTY)) return;
      next = at + NEXT;
      shown = !json;
      output.write(json ? `${JSON.stringify({ progress: { doing, ...figuresOf(progress, at - begun) } })}\n` : `${ERASE}hypnos: ${progressText(doing, progress, at - begun)}`);
    },
    end() {
      if (shown) output.write(ERASE);
      shown = false;
    },
  };
}

const figuresOf = ({ total, done, fresh, written }: Progress, milliseconds: number) =>
  ({ total, done, written, saved: done - fresh, bytesPerSecond: Math.round(done / Math.max(milliseconds / 1000, 0.001)) });

function progressText(doing: string, progress: Progress, milliseconds: number): string {
  const { total, done, saved, bytesPerSecond } = figuresOf(progress, milliseconds);
  return `${doing}: ${sizeText(done)} of ${sizeText(total)}, ${sizeText(bytesPerSecond)}/s${savedText(saved)}`;
}

export const savedText = (saved: number): string => (saved > 0 ? `, ${sizeText(saved)} saved by deduplication` : '');
