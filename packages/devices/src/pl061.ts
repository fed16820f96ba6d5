/** PL061 GPIO (ARM DDI 0190) with eight lines, two of which are keys: power on line 3, as on QEMU's virt board, and sleep on line 4. */
import { HypnosError, state, type View } from '@hypnos/base';
import { device } from './kit/device.ts';
import { node, placedNode, referenceCells, u32Cells, type FdtNode } from './kit/fdt.ts';
import { clockedBy, primecellIds } from './kit/primecell.ts';

const LINES = 8;
/** Where the keys are wired. */
export const POWER_KEY_LINE = 3, SLEEP_KEY_LINE = 4;
/** linux,input-event-codes */
export const KEY_POWER = 116, KEY_SLEEP = 142;
/** How long a press lasts: longer than the 5 ms after which Linux's gpio-keys looks at the line again. */
const PRESS_NS = 100_000_000n;

const fields = {
  /** What the guest drives on lines that are outputs. */
  driven: state.u32(),
  /** What the world drives on the lines. */
  lines: state.u32(),
  direction: state.u32(),
  sense: state.u32(),
  bothEdges: state.u32(),
  event: state.u32(),
  enabled: state.u32(),
  /** Edges seen and not yet cleared. */
  latched: state.u32(),
  alternate: state.u32(),
  keys: state.records(state.shape({
    /** When the pressed line is let go, in machine time; 0 while it is not pressed. */
    releaseAt: state.i64(),
  }), LINES),
};
type State = View<typeof fields>;

const pins = (s: State): number => (s.lines & ~s.direction) | (s.driven & s.direction);
/** 3.2.1: a level-sensitive line interrupts while it is at its level, an edge is remembered. */
const raw = (s: State): number => ((s.latched & ~s.sense) | (~(pins(s) ^ s.event) & s.sense)) & 0xff;

/** Something changed the pins: remember the edges that GPIOIBE and GPIOIEV ask for. */
function moved(s: State, before: number): void {
  const after = pins(s), changed = before ^ after;
  s.latched |= changed & ~s.sense & (s.bothEdges | ~(after ^ s.event)) & 0xff;
}

function setLines(s: State, lines: number): void {
  const before = pins(s);
  s.lines = lines & 0xff;
  moved(s, before);
}

const key = (name: string, label: string, line: number, code: number): FdtNode => node(name, {
  label, gpios: referenceCells('gpio', line, 0), 'linux,code': u32Cells(code), 'wakeup-source': true,
});

export const pl061 = device({
  name: 'pl061',
  doc: 'GPIO with eight lines (ARM DDI 0190); lines 3 and 4 are the power and sleep keys.',
  compatible: ['arm,pl061', 'arm,primecell'],
  size: 0x1000,
  version: 1,
  state: fields,
  needs: ['clock'],
  widths: [1, 2, 4],                           // Linux: 8 bits

  registers: {
    0x000: {
      name: 'GPIODATA', doc: 'Data: address bits 9:2 say which lines an access reaches', span: 0x400,
      read: (s, _p, { offset }) => pins(s) & (offset >> 2),
      write(s, value, _p, { offset }) {
        const before = pins(s), mask = offset >> 2;
        s.driven = (s.driven & ~mask) | (value & mask);
        moved(s, before);
      },
    },
    0x400: {
      name: 'GPIODIR', doc: 'Direction, 1 for output', read: s => s.direction,
      write(s, value) {
        const before = pins(s);
        s.direction = value & 0xff;
        moved(s, before);
      },
    },
    0x404: { name: 'GPIOIS', doc: 'Interrupt sense, 1 for level', field: 'sense', mask: 0xff },
    0x408: { name: 'GPIOIBE', doc: 'Both edges', field: 'bothEdges', mask: 0xff },
    0x40c: { name: 'GPIOIEV', doc: 'Rising edge or high level', field: 'event', mask: 0xff },
    0x410: { name: 'GPIOIE', doc: 'Interrupt mask', field: 'enabled', mask: 0xff },
    0x414: { name: 'GPIORIS', doc: 'Raw interrupts', read: raw },
    0x418: { name: 'GPIOMIS', doc: 'Masked interrupts', read: s => raw(s) & s.enabled },
    0x41c: { name: 'GPIOIC', doc: 'Edge clear', write: (s, value) => { s.latched &= ~value; } },
    0x420: { name: 'GPIOAFSEL', doc: 'Alternate function (kept: there is none)', field: 'alternate', mask: 0xff },
    ...primecellIds([0x61, 0x10, 0x04, 0x00]),
  },

  irq: s => (raw(s) & s.enabled) !== 0,
  wakeAt: s => s.keys.reduce<bigint | null>((first, { releaseAt: at }) => (at !== 0n && (first === null || at < first) ? at : first), null),
  woke(s, p) {
    const now = p.clock.nowNs();
    for (const [line, key] of s.keys.entries()) {
      if (key.releaseAt === 0n || key.releaseAt > now) continue;
      key.releaseAt = 0n;
      setLines(s, s.lines & ~(1 << line));
    }
  },

  actions: {
    /** Presses the key on a line for a tenth of a second. */
    press(s, p, line: number): void {
      if (!s.keys[line]) throw new HypnosError('EINVAL', `GPIO line ${line} does not exist: give one of 0 to 7`);
      setLines(s, s.lines | (1 << line));
      s.keys[line]!.releaseAt = p.clock.nowNs() + PRESS_NS;
    },
  },

  node: (place, d) => [
    {
      ...placedNode('pl061', place, d.size, d.compatible, {
        'gpio-controller': true, '#gpio-cells': u32Cells(2), 'interrupt-controller': true, '#interrupt-cells': u32Cells(2),
        ...clockedBy('apb_pclk'),
      }),
      label: 'gpio',
    },
    node('gpio-keys', { compatible: 'gpio-keys' }, [
      key('poweroff', 'GPIO Key Poweroff', POWER_KEY_LINE, KEY_POWER),
      key('sleep', 'GPIO Key Sleep', SLEEP_KEY_LINE, KEY_SLEEP),
    ]),
  ],
});
