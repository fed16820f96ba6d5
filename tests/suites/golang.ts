/** Debian's Go compiler inside the guest: a large Go program itself, which makes another. */
import type { Suite } from './suite.ts';

const env = 'export HOME=$PWD GOCACHE=$PWD/cache GO111MODULE=off GOFLAGS=-p=1';

export const golang: Suite = {
  name: 'golang',
  doc: 'the Go compiler and what it makes: goroutines, panics, the collector, mathematics',
  packages: ['golang-go'],
  memory: '3G',
  parts: [
    { name: 'hello', judge: 'same', minutes: 60, files: ['hello.go'], script: `${env}; go version; go build -o hello hello.go && sha256sum hello && ./hello; GODEBUG=cpu.all=off GOGC=5 ./hello` },
  ],
};
