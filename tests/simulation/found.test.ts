/** What the simulation found, each by the least that brought it about. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuestChange } from '@hypnos/vmm';
import { judge } from './history.ts';
import { type Habits, QUIET } from './machine.ts';
import { settled } from './run.ts';
import { World, type WorldOptions } from './world.ts';

/** A world without faults of its own, in which process 0 runs `dev`, told to do things at their times. */
class Script {
  readonly world: World;
  constructor(habits: Partial<Habits> = {}, options: WorldOptions = { drift: 0, skew: 0 }) {
    this.world = new World(1, 1, { ...options, habits: { ...QUIET, ...habits } });
    this.at(0, () => this.world.at(0, running => this.world.run(running, 'dev', true)));
  }
  at(milliseconds: number, act: () => void): this {
    this.world.scheduler.after(milliseconds, act);
    return this;
  }
  say(milliseconds: number, request: string, more = {}): this { return this.at(milliseconds, () => this.world.say('dev', { do: request, ...more })); }
  wake(milliseconds: number, place: number): this { return this.at(milliseconds, () => this.world.at(place, running => this.world.wake(running, 'dev', true))); }
  post(milliseconds: number): this { return this.at(milliseconds, () => this.world.at(2, async running => { await this.world.post(running, 'dev', 'wake'); })); }
  /** The first change of this kind is made, and its answer lost: process 0 hears nothing of the ledger for so long. */
  loses(kind: (change: GuestChange) => boolean, milliseconds: number, then?: () => void): this {
    const { truth, network, scheduler, processes } = this.world;
    truth.made = (_, change) => {
      if (!kind(change)) return;
      truth.made = undefined;
      scheduler.after(milliseconds, network.cut(processes[0]!.process, 'ledger'));
      then?.();
    };
    return this;
  }
  /** Goes on until then. */
  async until(milliseconds: number): Promise<this> {
    while (this.world.scheduler.step(milliseconds)) await settled();
    return this;
  }
  get dev(): NonNullable<ReturnType<World['ledger']['guests']['get']>> { return this.world.ledger.guests.get('dev')!; }
  get events(): string[] { return this.dev.inbox.map(({ detail }) => detail); }
  async ends(milliseconds: number): Promise<void> {
    await this.until(milliseconds);
    const { state } = this.dev.row;
    assert.deepEqual(await judge(this.world), []);
    assert.ok(state !== 'parking' && state !== 'waking', `it stays ${state}`);
  }
}
const publishes = ({ publish }: GuestChange): boolean => publish !== undefined;
const becomes = (state: string) => ({ guest }: GuestChange): boolean => guest?.state === state;

test('the answer to a publication is lost: the machine does not run on, and it was parked', async () => {
  const script = new Script().say(100, 'sleep').loses(publishes, 600);
  await script.until(2500);
  assert.deepEqual([script.dev.row.state, script.dev.row.owner, script.world.keepers('dev')], ['parked', null, 0]);
  await script.wake(10, 1).ends(4500);
});

test('the same, and another host wakes the guest meanwhile', async () => {
  const script = new Script().say(100, 'sleep').loses(publishes, 600, () => script.wake(20, 1));
  await script.ends(4000);
  assert.equal(script.dev.row.epoch, 4);
});

test('an owner dies after it took an event: the event wakes the guest again', async () => {
  const script = new Script().say(100, 'sleep').wake(800, 1).at(1000, () => script.world.kill(1));
  await script.until(1500);
  assert.deepEqual(script.events, ['event 0']);
  script.at(0, () => script.world.at(2, running => script.world.serve(running))).at(600, () => script.world.at(2, running => script.world.serve(running)));
  await script.until(3500);
  assert.equal(script.dev.row.state, 'running');
  await script.say(0, 'sleep').ends(5000);
});

test('an event for a paused guest keeps it from being stored', async () => {
  const script = new Script().say(100, 'sleep').wake(800, 1);
  await script.until(900);
  script.say(10, 'pause').post(100).say(500, 'park', { now: true });
  await script.ends(4000);
});

test('a machine that is being stored is not let go on', async () => {
  const script = new Script().at(50, () => { script.world.network.weather.store.slow = 20; }).say(100, 'park', { now: true });
  for (let at = 105; at < 600; at += 5) script.say(at, 'unpause');
  await script.ends(3000);
  assert.equal(script.dev.row.generation, 1);
});

test('the answer to the beginning of a park is lost: it can be parked after all', async () => {
  const script = new Script().say(100, 'sleep').loses(becomes('parking'), 300);
  await script.until(1500);
  assert.equal(script.dev.row.state, 'running', 'its request was denied');
  await script.say(0, 'sleep').ends(3000);
  assert.equal(script.dev.row.generation, 1);
});

test('the ledger did not hear that a woken guest runs, and hears it when the lease is renewed', async () => {
  const script = new Script().say(100, 'sleep').wake(800, 1);
  script.world.truth.made = (_, change) => {
    if (!becomes('waking')(change)) return;
    script.world.truth.made = undefined;
    script.world.scheduler.after(9, () => { script.world.network.weather.ledger.before = 1; });
    script.world.scheduler.after(200, () => { script.world.network.weather.ledger.before = 0; });
  };
  await script.until(2500);
  assert.equal(script.dev.row.state, 'running');
  await script.ends(2600);
});

test('what ended a machine is told to a ledger that does not answer at once', async () => {
  const script = new Script().say(100, 'sleep').wake(800, 1).at(1000, () => { script.world.network.weather.ledger.before = 1; }).say(1010, 'stop');
  script.at(1500, () => { script.world.network.weather.ledger.before = 0; });
  await script.until(2500);
  assert.equal(script.dev.row.state, 'off');
  await script.ends(2600);
});

test('an owner that was silent says that its guest has ended, and another guest has its name by now', async () => {
  const script = new Script().at(100, () => script.world.processes[0]!.process.stop());
  const again = async (): Promise<void> => {
    const [, other] = script.world.processes;
    await other!.parking.recover('dev');
    await script.world.remove(other!, 'dev');
    await script.world.run(other!, 'dev', true);
  };
  script.at(1500, () => script.world.at(1, again)).at(1600, () => script.world.processes[0]!.process.continue());
  await script.until(3000);
  assert.deepEqual([script.dev.row.state, script.dev.row.owner, script.world.keepers('dev')], ['running', script.world.processes[1]!.process.name, 1]);
  await script.ends(3500);
});

test('a guest that once had an appointment, and runs, can be stored as it runs', async () => {
  const script = new Script({ appointment: () => 1 }).at(50, () => { script.world.network.weather.store.before = 1; });
  script.say(100, 'sleep').at(400, () => { script.world.network.weather.store.before = 0; });
  await script.until(3000);
  await script.say(0, 'park', { now: true }).ends(4000);
  assert.equal(script.dev.row.generation, 1);
});

test('a ledger whose clock is ahead does not wake a guest before its appointment', async () => {
  const script = new Script({ appointment: () => 3 });
  script.world.hosts[0]!.wallOff = -60_000;
  script.say(100, 'sleep');
  await script.until(2000);
  assert.equal(script.dev.row.state, 'asleep', 'here, where its clock wakes it');
  await script.until(6000);
  await script.ends(6500);
});

test('clocks may go wrong by a tenth; by a third there are two owners, and it is seen', async () => {
  for (const [rate, faults] of [[0.9, false], [0.65, true]] as const) {
    const script = new Script();
    script.say(100, 'park', { now: true }).wake(800, 0);
    Object.assign(script.world.hosts[0]!, { rate });
    script.at(1500, () => { script.world.network.cut(script.world.processes[0]!.process, 'ledger'); });
    for (let at = 1600; at < 4000; at += 10) script.at(at, () => script.world.at(1, async running => { if (await running.parking.recover('dev')) await script.world.wake(running, 'dev', true); }));
    await script.until(5000);
    assert.equal((await judge(script.world)).some(fault => fault.includes('two owners')), faults, `rate ${rate}`);
  }
});
