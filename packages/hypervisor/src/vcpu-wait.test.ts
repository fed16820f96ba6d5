/** Waiting (DDI 0487 D1.6.2 WFI, D12.2 timers): a vCPU that blocks knows until when, whenever exactly its timer comes due. */
import assert from 'node:assert/strict';
import { eventOf, machine, onEngines, openGic, suspended } from '../test/machine.ts';
import { TIMER_REGISTER } from './index.ts';

onEngines('a timer that comes due while the vCPU is about to block still wakes it', engineName => {
  for (let ahead = 0n; ahead < 24n; ahead++) {
    let now = 1_000_000n, ticking = 0n;
    const m = machine({ engineName, clock: { counter: () => (now += ticking), realtime: () => 0n } });
    openGic(m, { intid: 27 });
    suspended(m);
    m.cpu.setOneReg(TIMER_REGISTER.virtualCval, m.vm.counter() + ahead);
    m.cpu.setOneReg(TIMER_REGISTER.virtualCtl, 1n);
    const wait = (nanoseconds: number | null): void => {
      assert.notEqual(nanoseconds, null, `due ${ahead} looks at the clock ahead, it would wait for ever`);
      now += BigInt(Math.ceil(nanoseconds! / 16));
      m.waits.push(wait);
    };
    m.waits.push(wait);
    ticking = 1n;                              // each look at the clock finds it moved on
    assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
  }
});
