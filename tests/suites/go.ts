/** Programs written in Go: some of Debian's, and what its compiler makes inside the guest. */
import type { Part, Suite } from './suite.ts';

const lines = `awk 'BEGIN { for (i = 0; i < 30000; i++) { x = (x * 1103515245 + 12345) % 2147483648; printf "src/%x/%s%d.go\\n", x % 977, substr("alphabetagammadelta", 1 + x % 14, 5), x % 10007 } }' >lines`;
const same = (name: string, script: string): Part => ({ name, judge: 'same', script });

export const go: Suite = {
  name: 'go',
  doc: 'fzf and age: the Go runtime with its threads, its collector and its own cryptography',
  guest: 'small',
  packages: ['fzf', 'age'],
  memory: '1G',
  parts: [
    same('filter', `${lines}; fzf --version; for pattern in alpha '^src/1 .go$' "'bet gam" 'phab | mmad 77' '!alpha 123'; do fzf --filter "$pattern" <lines | sha256sum; done; fzf --filter beta <lines | sed -n 1,5p`),
    same('filter, collected all the time', `${lines}; export GOGC=1; for pattern in alpha zz 'a b c'; do GOMAXPROCS=4 fzf --filter "$pattern" <lines | md5sum; done`),
    same('without preemption', `${lines}; GODEBUG=asyncpreemptoff=1 fzf --filter gam <lines | md5sum; GODEBUG=cpu.all=off fzf --filter gam <lines | md5sum`),
    {
      name: 'age', judge: 'passes',
      script: `${lines}; age-keygen -o key 2>&1 | cut -c1-15; for key in 1 2 3; do age -r "$(age-keygen -y key)" -o sealed lines && age -d -i key sealed | cmp - lines || echo "FAILED age $key"; done
GODEBUG=cpu.all=off age -d -i key sealed | cmp - lines || echo 'FAILED without the extensions'; age -d -i key lines 2>/dev/null && echo 'FAILED to refuse'; echo COUNT 4 files opened`,
    },
  ],
};
