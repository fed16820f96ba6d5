/** What a suite declares: real programs of Debian, run in a guest in parts; `npm run guest-suites` runs what index.ts lists. */

export interface Suite {
  readonly name: string;
  readonly doc: string;
  /** Its guest, build/guest/suite-GUEST.cpio.gz, booted once for all suites of that guest (default: the suite's name). */
  readonly guest?: string;
  /** Debian packages in its guest. */
  readonly packages: readonly string[];
  /** The guest's memory; twice the unpacked packages, and what the programs want: `1G`. */
  readonly memory: string;
  readonly parts: readonly Part[];
}

export interface Part {
  readonly name: string;
  /**
   * A shell script, run by `sh` as root in a folder that holds `files` and nothing else, with no input, no terminal, and standard error
   * in its output. It names what failed by lines `FAILED what`, and counts by lines `COUNT number what`; counts add up.
   */
  readonly script: string;
  /** Files in tests/suites/NAME/ that stand in that folder. */
  readonly files?: readonly string[];
  /** `passes`: it ends with status 0 and no line FAILED; `same`: what it prints and its status are QEMU's as well. */
  readonly judge: 'passes' | 'same';
  /** Part of the short choice that CI runs. */
  readonly ci?: boolean;
  /** A part that takes longer hangs (default 30). */
  readonly minutes?: number;
  /** Failures that are no fault of the machine's: what FAILED names, and why it fails. */
  readonly explained?: Readonly<Record<string, string>>;
}
