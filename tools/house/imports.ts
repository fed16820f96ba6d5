/** What a TypeScript source imports, read without a compiler: static, re-exporting, dynamic and type imports, and Worker entries. */

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** Statements start their line in this house; dynamic imports and import types may stand anywhere but in a comment. */
const forms = [
  /^(?:import|export)\b[^;'"`]*?\bfrom\s*['"](?<specifier>[^'"]+)['"]/gm,
  /^import\s*['"](?<specifier>[^'"]+)['"]/gm,
  /^(?![ \t]*(?:\*|\/\/)).*?\bimport\(\s*['"](?<specifier>[^'"]+)['"]\s*\)/gm,
  /^(?![ \t]*(?:\*|\/\/)).*?\bnew URL\(\s*['"](?<specifier>[^'"]+\.m?[jt]s)['"],\s*import\.meta\.url\s*\)/gm,
];

export function importsOf(source: string): Import[] {
  return forms
    .flatMap(form => [...source.matchAll(form)])
    .map(match => ({ specifier: match.groups!['specifier']!, line: source.slice(0, match.index).split('\n').length }))
    .sort((a, b) => a.line - b.line);
}
