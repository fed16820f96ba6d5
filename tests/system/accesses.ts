/** Steps that are accesses: one, two behind each other, or DC ZVA. */
import { pick } from '../fuzz/random.ts';
import { FLAG, type Step } from './blob.ts';
import { type Access, ACCESSES, ZERO } from './instructions.ts';
import { codeOf, data, drawSpsr, drawTarget, dressed, PAGE, plain, type Scene, type Target, U64 } from './scene.ts';

/** WnR. */
const WRITE = 1n << 6n;
const MISALIGNED_STACK = /^(ldr x4, \[sp\]|ldr x4, \[sp, xzr\]|ldrb w4, \[sp\])$/;

export function accessStep(scene: Scene, chosen: Access): Step | null {
  // Ours set the access flag for cache maintenance, QEMU's are no access.
  if (chosen.kind === 'cache' && scene.updates) return null;
  const { random } = scene,
    el = chosen.text.includes('ivac') && !chosen.text.includes('civac') ? 1 : random(2);
  // QEMU 7.2 does not look at the alignment of LDAPR, LDAPUR and STLUR.
  // Vector registers are UNKNOWN after a load of several that aborts half way.
  const severalVectors = chosen.pieces > 1 && /^ld.*[qdsv]\d/.test(chosen.text);
  const misalignable =
    severalVectors || /^(ldap|stlur)/.test(chosen.text)
      ? false
      : chosen.kind === 'load' ||
        chosen.kind === 'atomic' ||
        chosen.kind === 'exclusive' ||
        chosen.kind === 'stack' ||
        (chosen.kind === 'store' && chosen.pieces === 1);
  const target = drawTarget(scene, chosen.size, misalignable);
  // An access over the top of the address space is CONSTRAINED UNPREDICTABLE (D8.1.4): ours goes on at address 0, which may be Device memory.
  if (target && target.va > U64 - 64n) return null;
  // Code that is written needs IC, without which it may stay what it was.
  if (!target || (target.mapping.holds !== 'data' && chosen.kind !== 'load' && chosen.kind !== 'cache')) return null;
  const va = dressed(scene, target.va),
    spsr = drawSpsr(scene, el);
  const small = chosen.text.startsWith('ldadd') ? BigInt(random(2) * 0x20) : data(random);
  // QEMU 7.2 does not look at the stack pointer's alignment (SCTLR_EL1.SA and SA0) either.
  const wrongStack = chosen.kind === 'stack' && MISALIGNED_STACK.test(chosen.text) && !scene.updates && random(3) === 0;
  const sp = chosen.kind === 'stack' ? (wrongStack ? va | 8n : va & ~15n) : va;
  const step = {
    code: codeOf(chosen.text),
    spsr,
    x: [data(random), va, data(random), small] as const,
    sp,
    text: `EL${el}: ${chosen.text} at ${va.toString(16)}`,
  };
  return { ...step, ...(wrongStack ? { flags: FLAG.ours } : forgiven(chosen, target)) };
}

const SINGLE = ACCESSES.filter(({ text, kind }) => !text.includes(';') && kind !== 'cache' && kind !== 'stack');

/** Two accesses one behind the other, with nothing between: the second one's address is in x0. */
export function pairStep(scene: Scene): Step | null {
  const second = pick(scene.random, SINGLE),
    a = accessStep(scene, pick(scene.random, SINGLE)),
    b = accessStep(scene, second);
  if (!a || !b) return null;
  return {
    ...a,
    code: [...a.code.slice(0, -1), ...codeOf(second.text.replaceAll('x1', 'x0'))],
    x: [b.x[1], a.x[1], a.x[2], a.text.includes('ldadd') ? a.x[3] : b.x[3]],
    esrOurs: (a.esrOurs ?? 0n) | (b.esrOurs ?? 0n),
    flags: (a.flags ?? 0) | (b.flags ?? 0),
    text: `${a.text}; then ${b.text} by x0`,
  };
}

/** What QEMU 7.2 is not asked about an access; see docs/system-fuzzing.md. */
function forgiven({ kind, pieces }: Access, { crosses }: Target): Pick<Step, 'esrOurs' | 'flags'> {
  if (kind === 'cache') return { flags: FLAG.ours };
  if (kind === 'atomic' || kind === 'exclusive') return { esrOurs: WRITE };
  return crosses && pieces > 1 ? { flags: FLAG.results } : {};
}
/** DC ZVA writes 64 bytes here and 512 on QEMU's CPU: where there are zeroes the difference is none. */
export function zeroStep(scene: Scene): Step | null {
  const { random } = scene,
    zeroes = (scene.apart.get(scene.base) ?? []).filter(m => m.holds === 'zeroes' && !m.device);
  if (zeroes.length === 0) return null;
  const va = dressed(scene, (pick(random, zeroes).va & ~(PAGE - 1n)) + BigInt(random(4096))),
    step = plain(scene, ZERO);
  return { ...step, x: [step.x[0], va, step.x[2], step.x[3]], text: `${step.text} at ${va.toString(16)}` };
}
