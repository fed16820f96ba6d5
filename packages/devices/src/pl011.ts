/** PL011 UART (ARM DDI 0183, revision r1p5 with 32-byte FIFOs): the guest's console, and a wake source. */
import { state, type View } from '@hypnos/base';
import { device } from './kit/device.ts';
import { placedNode } from './kit/fdt.ts';
import type { Clock, ConsolePort } from './kit/ports.ts';
import { clockedBy, primecellIds } from './kit/primecell.ts';

const FIFO = 32;
/** UARTFR (3.3.3), UARTLCR_H (3.3.7), UARTCR (3.3.8) and the interrupt bits (3.3.10). */
const FR = { CTS: 1 << 0, DSR: 1 << 1, DCD: 1 << 2, RXFE: 1 << 4, TXFF: 1 << 5, RXFF: 1 << 6, TXFE: 1 << 7, RI: 1 << 8 };
const LCR_H = { FEN: 1 << 4 };
const CR = { UARTEN: 1 << 0, LBE: 1 << 7, TXE: 1 << 8, RXE: 1 << 9, DTR: 1 << 10, RTS: 1 << 11, OUT1: 1 << 12, OUT2: 1 << 13 };
const INT = { RX: 1 << 4, TX: 1 << 5, RT: 1 << 6, OE: 1 << 10, ALL: 0x7ff };
const DR_OE = 1 << 11;
/** UARTIFLS 3.3.9: eighths of the FIFO; the reserved encodings act as the largest. */
const TRIGGERS = [4, 8, 16, 24, 28, 28, 28, 28];

/**
 * When bytes are taken from the host. None may be lost, and a driver's start-up empties the FIFO: so nothing is taken
 * until the guest reads for good.
 *
 * A driver with interrupts has UARTEN, RXE and a receive interrupt enabled. Linux enables the interrupt, masks it again
 * and flushes while it starts; hence it must have stayed enabled for LISTENING_NS.
 *
 * A polling console (U-Boot, EDK2) never enables it, but keeps looking at UARTFR and finds the FIFO empty. Output looks at
 * UARTFR too, at most twice a byte in Linux's consoles; so each look counts one, each byte sent takes POLL_COST away,
 * and a driver that programs the UART starts again at none. From POLLING on, one byte at a time is taken: if
 * another driver takes over, no more than that one is at risk.
 */
const LISTENING_NS = 10_000_000n;
const POLLING = 16, POLLS_MAX = 64, POLL_COST = 4;

const fields = {
  cr: state.u32(CR.TXE | CR.RXE),
  lcrh: state.u32(),
  ibrd: state.u32(),
  fbrd: state.u32(),
  ifls: state.u32(0x12),
  imsc: state.u32(),
  ris: state.u32(),
  rsr: state.u32(),
  ilpr: state.u32(),
  dmacr: state.u32(),
  fifo: state.bytes(FIFO),
  head: state.u8(),
  count: state.u8(),
  /** A byte came with the FIFO full (loopback only): the next one read says so. */
  overrun: state.bool(),
  polls: state.u8(),
  /** Whether an interrupt-driven driver is set up to receive, and since when (machine time, ns). */
  listening: state.bool(),
  listeningSince: state.i64(),
  /** Listening for long enough to mean it. */
  receiving: state.bool(),
};
type State = View<typeof fields>;

const depth = (s: State): number => (s.lcrh & LCR_H.FEN ? FIFO : 1);
const trigger = (s: State): number => (s.lcrh & LCR_H.FEN ? TRIGGERS[(s.ifls >> 3) & 7]! : 1);

/**
 * The line falls idle with the last byte there is, so the receive timeout (2.4.2: 32 bit periods without a byte) is over
 * as soon as a byte lies in the FIFO.
 */
function push(s: State, byte: number): void {
  if (s.count >= depth(s)) {
    s.overrun = true;
    s.ris |= INT.OE;
    return;
  }
  s.fifo[(s.head + s.count++) % FIFO] = byte;
  s.ris |= INT.RT | (s.count >= trigger(s) ? INT.RX : 0);
}

function pop(s: State): number {
  if (s.count === 0) return 0;
  const value = s.fifo[s.head]! | (s.overrun ? DR_OE : 0);
  s.head = (s.head + 1) % FIFO;
  s.count--;
  s.overrun = false;
  s.rsr = value >> 8;
  if (s.count < trigger(s)) s.ris &= ~INT.RX;
  s.ris = s.count === 0 ? s.ris & ~INT.RT : s.ris | INT.RT;
  return value;
}

/** The transmitter is never busy and its FIFO never fills: the far end takes each byte at once. */
function send(s: State, byte: number, console: ConsolePort): void {
  if (s.cr & CR.LBE) push(s, byte);
  else console.send(Uint8Array.of(byte));      // even with UARTEN clear: Linux's earlycon never sets it
  s.ris |= INT.TX;
  s.polls = Math.max(0, s.polls - POLL_COST);
}

function flags(s: State): number {
  const modem = s.cr & CR.LBE                  // 2.4.5: in loopback the outputs feed the inputs
    ? (s.cr & CR.RTS ? FR.CTS : 0) | (s.cr & CR.DTR ? FR.DSR : 0) | (s.cr & CR.OUT1 ? FR.DCD : 0) | (s.cr & CR.OUT2 ? FR.RI : 0)
    : FR.CTS | FR.DSR | FR.DCD;
  return modem | FR.TXFE | (s.count === 0 ? FR.RXFE : 0) | (s.count >= depth(s) ? FR.RXFF : 0);
}

const interruptDriven = (s: State): boolean => (s.imsc & (INT.RX | INT.RT)) !== 0;

/** After a write that programs the UART: it is no polling, and listening begins or ends. */
function programmed(s: State, clock: Clock): void {
  s.polls = 0;
  const listening = interruptDriven(s) && (s.cr & CR.UARTEN) !== 0 && (s.cr & CR.RXE) !== 0;
  if (listening && !s.listening) s.listeningSince = clock.nowNs();
  s.listening = listening;
  s.receiving &&= listening;
}

/** How many bytes the guest would take now. */
function room(s: State): number {
  if (interruptDriven(s)) return s.receiving ? Math.max(0, depth(s) - s.count) : 0;
  return (s.cr & CR.RXE) !== 0 && s.polls >= POLLING && s.count === 0 ? 1 : 0;
}

export const pl011 = device({
  name: 'pl011',
  doc: 'UART (ARM DDI 0183). Takes input only when the guest is ready for it, so that none is lost.',
  compatible: ['arm,pl011', 'arm,primecell'],
  size: 0x1000,
  version: 1,
  state: fields,
  sane: s => s.head < FIFO && s.count <= FIFO,
  needs: ['clock', 'console'],
  widths: [1, 2, 4],                           // Linux: 16 bits, its earlycon: 8 and 32

  registers: {
    0x000: { name: 'UARTDR', doc: 'Data', read: pop, write: (s, value, p) => send(s, value & 0xff, p.console) },
    0x004: { name: 'UARTRSR/UARTECR', doc: 'Receive status; a write clears it', read: s => s.rsr, write: s => { s.rsr = 0; } },
    0x018: {
      name: 'UARTFR', doc: 'Flags',
      read(s) {
        if (s.count === 0 && !interruptDriven(s)) s.polls = Math.min(POLLS_MAX, s.polls + 1);
        return flags(s);
      },
    },
    0x020: { name: 'UARTILPR', doc: 'IrDA low-power counter (kept)', field: 'ilpr', mask: 0xff },
    0x024: { name: 'UARTIBRD', doc: 'Integer baud rate (kept: the line has no speed)', field: 'ibrd', mask: 0xffff },
    0x028: { name: 'UARTFBRD', doc: 'Fractional baud rate (kept)', field: 'fbrd', mask: 0x3f },
    0x02c: {
      name: 'UARTLCR_H', doc: 'Line control; FEN enables the FIFOs', read: s => s.lcrh,
      write(s, value, p) { s.lcrh = value & 0xff; programmed(s, p.clock); },
    },
    0x030: { name: 'UARTCR', doc: 'Control', read: s => s.cr, write(s, value, p) { s.cr = value & 0xff87; programmed(s, p.clock); } },
    0x034: { name: 'UARTIFLS', doc: 'FIFO level select', field: 'ifls', mask: 0x3f },
    0x038: {
      name: 'UARTIMSC', doc: 'Interrupt mask', read: s => s.imsc,
      write(s, value, p) { s.imsc = value & INT.ALL; programmed(s, p.clock); },
    },
    0x03c: { name: 'UARTRIS', doc: 'Raw interrupts', read: s => s.ris },
    0x040: { name: 'UARTMIS', doc: 'Masked interrupts', read: s => s.ris & s.imsc },
    0x044: { name: 'UARTICR', doc: 'Interrupt clear', write: (s, value) => { s.ris &= ~value; s.polls = 0; } },
    0x048: { name: 'UARTDMACR', doc: 'DMA control (kept: there is no DMA controller)', field: 'dmacr', mask: 7 },
    ...primecellIds([0x11, 0x10, 0x34, 0x00]),
  },

  irq: s => (s.ris & s.imsc) !== 0,
  wakeAt: s => (s.listening && !s.receiving ? s.listeningSince + LISTENING_NS : null),
  woke(s, p) { if (s.listening && !s.receiving) s.receiving = p.clock.nowNs() - s.listeningSince >= LISTENING_NS; },
  wantsInput: s => room(s) > 0,

  actions: {
    /** Offers bytes from the far end; answers how many were taken. Keep the rest until `ready`. */
    receive(s, _p, bytes: Uint8Array): number {
      const taken = Math.min(room(s), bytes.length);
      for (let i = 0; i < taken; i++) push(s, bytes[i]!);
      return taken;
    },
  },

  node: (place, d) => [placedNode('pl011', place, d.size, d.compatible, clockedBy('uartclk', 'apb_pclk'))],
});
