/** Draws steps: an instruction or two at EL0 or EL1, and what is changed before. */
import { pick } from '../fuzz/random.ts';
import { accessStep, pairStep, zeroStep } from './accesses.ts';
import { FLAG, type Step } from './blob.ts';
import { changeStep, switchStep } from './changes.ts';
import { ACCESSES, ASKED_AT_EL0, BRANCHES, NOT_AT_EL0, SYSTEM, TRANSLATIONS, WAIT, WRITES } from './instructions.ts';
import { codeOf, drawSpsr, drawTarget, dressed, plain, type Scene, U64 } from './scene.ts';

const PAN = 1n << 22n;

/** QEMU 7.2 counts a page that is clean by hardware's account as read-only for execution; AP[2] counts as clear (pseudocode S1ApplyOutputPerms). */
const dirtyFetch = ({ updates, half }: Scene): { readonly flags?: number } => (updates && half.dirty ? { flags: FLAG.ours } : {});

function branchStep(scene: Scene): Step | null {
  if (scene.half.permissive) return null;
  const { random } = scene,
    target = drawTarget(scene, 4, false);
  if (!target) return null;
  // QEMU 7.2 translates a misaligned PC before it looks at its alignment (D1.3.5 has it the other way round).
  const off = random(12) === 0 && !scene.updates ? BigInt(1 + random(3)) : 0n,
    fetched = { esrOurs: off ? ~0n : 0n, ...dirtyFetch(scene) };
  const va = (dressed(scene, target.va) + off) & U64;
  if (random(3) === 0 && !scene.stepping) return { ...plain(scene, 'nop'), target: va, ...fetched, text: `ERET to ${va.toString(16)}` };
  const step = plain(scene, pick(random, BRANCHES));
  return { ...step, x: [step.x[0], va, step.x[2], step.x[3]], ...fetched, text: `${step.text} to ${va.toString(16)}` };
}

function translationStep(scene: Scene): Step | null {
  // QEMU 7.2 sets the access flag and the dirty state for AT; ours leaves the tables alone.
  if (scene.updates) return null;
  const target = drawTarget(scene, 1, false);
  if (!target) return null;
  const va = dressed(scene, target.va),
    text = pick(scene.random, TRANSLATIONS),
    step = plain(scene, text, scene.random(16) ? 1 : 0);
  return { ...step, code: codeOf(`${text}; isb`), x: [step.x[0], va, step.x[2], step.x[3]], text: `${step.text} of ${va.toString(16)}` };
}

/** ERET of the case's own: to a mapped place, with any PSTATE. */
function returnStep(scene: Scene): Step | null {
  if (scene.stepping || scene.half.permissive) return null;
  const { random } = scene,
    target = drawTarget(scene, 4, false);
  if (!target) return null;
  const legal = random(3) > 0,
    spsr = legal ? drawSpsr(scene, random(2)) : illegal(scene);
  const drawn = plain(scene, 'msr elr_el1, x1; msr spsr_el1, x2; eret', 1),
    step = legal ? drawn : { ...drawn, spsr: drawn.spsr & ~PAN };
  return {
    ...step,
    ...dirtyFetch(scene),
    x: [step.x[0], legal ? dressed(scene, target.va) : target.va, spsr, step.x[3]],
    text: `${step.text} with ${spsr.toString(16)} to ${target.va.toString(16)}`,
  };
}

/** Goes into an illegal state: to EL2, EL3, AArch32 or a mode that is none. */
function illegalStep(scene: Scene): Step | null {
  // QEMU 7.2 loses PSTATE.SS in an illegal return (pseudocode DebugExceptionReturnSS does not).
  if (scene.stepping) return null;
  const spsr = illegal(scene);
  return { ...plain(scene, 'nop'), spsr, text: `into ${spsr.toString(16)}` };
}
/**
 * QEMU's CPU has AArch32 at EL0, so that is left out. QEMU 7.2 does not take PAN from the SPSR of an illegal return
 * (pseudocode SetPSTATEFromSPSR does): it is 0 before and after.
 */
const illegal = (scene: Scene): bigint =>
  (drawSpsr(scene, 0) & ~31n & ~PAN) | BigInt(pick(scene.random, [1, 2, 3, 6, 7, 8, 9, 12, 13, 31]));

function writeStep(scene: Scene): Step {
  const { text, bits } = pick(scene.random, WRITES),
    step = plain(scene, text, scene.random(8) ? 1 : 0),
    value = scene.random.bits64() & bits;
  return { ...step, x: [step.x[0], step.x[1], value, step.x[3]], text: `${step.text} with ${value.toString(16)}` };
}

/** A step ends behind the first instruction if it steps, and what was read is seen: it must not be the time, or this CPU's own. */
function askedStep(scene: Scene): Step | null {
  const text = pick(scene.random, ASKED_AT_EL0);
  return scene.stepping && /^mrs x4, (CNT|RND|CTR|DCZID)/.test(text) ? null : plain(scene, text, 0);
}

/** While it steps, QEMU 7.2 takes WFI for a NOP. */
const waitStep = (scene: Scene): Step | null => (scene.stepping || (scene.sctlr >> 16n) & 1n ? null : plain(scene, WAIT, 0));

const KINDS: readonly (readonly [share: number, draw: (scene: Scene) => Step | null])[] = [
  [10, scene => accessStep(scene, pick(scene.random, ACCESSES))],
  [4, pairStep],
  [3, branchStep],
  [3, translationStep],
  [3, changeStep],
  [3, switchStep],
  [1, returnStep],
  [1, illegalStep],
  [6, scene => plain(scene, pick(scene.random, SYSTEM))],
  [1, scene => plain(scene, pick(scene.random, NOT_AT_EL0), 0)],
  [3, askedStep],
  [2, writeStep],
  [1, waitStep],
  [1, zeroStep],
];
const SHARES = KINDS.reduce((sum, [share]) => sum + share, 0);

export function drawStep(scene: Scene): Step {
  let at = scene.random(SHARES);
  for (const [share, draw] of KINDS) {
    if (at < share) return draw(scene) ?? plain(scene, pick(scene.random, SYSTEM));
    at -= share;
  }
  return plain(scene, 'nop');
}
