/** Programs of Debian's written in Rust: ripgrep with its vectorised search, and fd. */
import type { Part, Suite } from './suite.ts';

const tree = `awk 'BEGIN { for (i = 0; i < 40; i++) { d = "tree/" i % 7 "/" i % 3; system("mkdir -p " d); f = d "/file" i ".txt"; for (k = 0; k < 700; k++) { x = (x * 1103515245 + 12345) % 2147483648; printf "%d The %s of %x, Übergröße %c\\n", k, substr("quickbrownfoxjumps", 1 + x % 13, 5), x, 97 + x % 26 >f } close(f) } }'`;
const same = (name: string, script: string, ci = false): Part => ({ name, judge: 'same', ci, script: `${tree}; ${script}` });

export const rust: Suite = {
  name: 'rust',
  doc: 'ripgrep and fd: vectorised searches, regular expressions, threads, memory maps',
  guest: 'small',
  packages: ['ripgrep', 'fd-find', 'mawk'],
  memory: '1G',
  parts: [
    same('search', `rg --version | sed -n 1p; for pattern in brown '(?i)UICKB|foxj' '\\b[0-9a-f]{8},' 'Ü\\w+ße [xyz]$' '^(\\d)\\1'; do rg -n --sort path "$pattern" tree | sha256sum; done; rg -c --sort path umps tree | sed -n 1,4p`, true),
    same('search, in threads', `for j in 1 2 8; do rg -j $j --no-heading -N 'jump|brow' tree | sort | md5sum; done; rg --mmap -U 'of .*\\n.*wnfox' tree | wc -l; rg -P '(?<=The )(\\w)(\\w)\\w*\\1' tree | sort | md5sum`),
    same('replace', `rg --no-heading --sort path -r '$2-$1' '(\\w+) of (\\w+)' tree | sha256sum; rg --json --sort path -m 2 fox tree | sed 's/"\\(human\\|nanos\\|secs\\)":[^,}]*//g' | sha256sum; rg --sort path --files tree | wc -l`),
    same('find', `fdfind --version; fdfind -e txt . tree | sort | sha256sum; fdfind '[13]\\d\\.txt$' tree -x sha256sum | sort | md5sum; fdfind -t d . tree | sort; fdfind --size +1k -j 4 file tree | wc -l`),
  ],
};
