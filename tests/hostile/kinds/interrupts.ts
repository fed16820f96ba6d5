/** The interrupt controller: every register of its frames and of the CPU interface, with interrupts pending, active and taken. */
import { mrs, msr, Program, registerNumber, TEXT } from '../program.ts';
import type { Random } from '../random.ts';
import { openInterrupts } from './registers.ts';

const GICD = 0x0800_0000n,
  GICR = 0x080a_0000n;
/** Banks of registers with bits, bytes or words for interrupts, and the single ones. */
const DISTRIBUTOR = [
  0, 4, 8, 0x80, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400, 0x800, 0xc00, 0xd00, 0xe00, 0xf00, 0x6000, 0xffd0,
] as const;
const REDISTRIBUTOR = [0, 8, 0x14, 0x70, 0x78, 0x80, 0xffd0, ...DISTRIBUTOR.slice(3, 14).map(offset => 0x1_0000 + offset)] as const;
const WIDTHS = [1, 2, 4, 4, 4, 8] as const;

export function interrupts(names: readonly string[]): (r: Random) => Program {
  const numbers = names.filter(name => name.startsWith('ICC_')).map(registerNumber);
  return r => {
    const program = new Program(r);
    if (!r.chance(4)) openInterrupts(program, BigInt(r.word()));
    for (let i = 10 + r.below(150); i > 0 && program.room(60); i--) {
      switch (r.below(6)) {
        case 0:
        case 1: {
          const [base, offsets] = r.chance(2) ? ([GICD, DISTRIBUTOR] as const) : ([GICR, REDISTRIBUTOR] as const);
          const at = base + BigInt(r.pick(offsets) + (r.chance(2) ? r.below(0x40) & ~3 : 0) + (r.chance(12) ? r.below(0x1_0000) : 0)),
            width = r.pick(WIDTHS);
          if (r.chance(4)) program.load(at, width);
          else program.store(at, r.chance(3) ? (1n << 64n) - 1n : r.value(), width);
          break;
        }
        case 2:
          program.emit(mrs(r.pick(numbers)));
          break;
        case 3:
          program.with1(r.chance(2) ? BigInt(r.below(300)) : r.value(), msr(r.pick(numbers)));
          break;
        // A software interrupt to itself.
        case 4:
          program.with1((BigInt(r.below(16)) << 24n) | (r.chance(2) ? 1n : 1n << 40n), msr(registerNumber('ICC_SGI1R_EL1')));
          break;
        default:
          program.emit(r.pick([TEXT.unmask, TEXT.wfi, TEXT.isb]));
      }
    }
    return program;
  };
}
