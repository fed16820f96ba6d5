/** Source text as statements: labels, directives and instructions with their line numbers. */

export interface Statement {
  readonly line: number;
  readonly labels: readonly string[];
  /** Mnemonic or directive in lower case; empty when there are labels only. */
  readonly operation: string;
  /** What follows it, as written. */
  readonly rest: string;
}

/** Takes `//` and block comments away, keeping line ends and what stands in quotes. */
const withoutComments = (source: string): string =>
  source.replace(/"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, found => (found.startsWith('"') ? found : found.replace(/[^\n]/g, '')));

const LABEL = /^\s*([a-z_.$][\w.$]*|\d+):/i;

function statement(text: string, line: number): Statement | null {
  const labels: string[] = [];
  let rest = text;
  for (let label = LABEL.exec(rest); label; label = LABEL.exec(rest)) {
    labels.push(label[1]!);
    rest = rest.slice(label[0].length);
  }
  const [, operation = '', operands = ''] = /^\s*(\S+)?\s*(.*?)\s*$/.exec(rest) ?? [];
  return labels.length || operation ? { line, labels, operation: operation.toLowerCase(), rest: operands } : null;
}

/** Splits at a separator that stands outside quotes. */
export const splitOutsideQuotes = (text: string, separator: string): string[] =>
  (text.match(new RegExp(`(?:"(?:\\\\.|[^"\\\\])*"|'(?:\\\\.|[^'])'|[^${separator}])+`, 'g')) ?? []).map(part => part.trim());

export function statementsOf(source: string): Statement[] {
  return withoutComments(source).split('\n').flatMap((text, i) =>
    splitOutsideQuotes(text, ';').map(part => statement(part, i + 1)).filter(found => found !== null));
}
