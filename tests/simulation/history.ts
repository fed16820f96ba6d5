/** One history: what was drawn happens, then everything is healed and must come to rest, then it is judged. */
import { transitions } from '@hypnos/parking';
import { Random } from '../hostile/random.ts';
import { act, drawOperations, type Operation } from './operations.ts';
import { World, type WorldOptions } from './world.ts';

export interface HistoryPlan extends WorldOptions {
  readonly seed: number;
  readonly number: number;
  readonly operations: readonly Operation[];
}

/** Milliseconds of true time: what happens, and how long it then has to come to rest. */
const ACTIVE = 3000, REST = 2400, SERVE = 400;
/** How long a guest may be parking, waking, or called, while nothing is wrong. */
const PATIENT = 1500;

export function draw(seed: number, number: number): HistoryPlan {
  const r = new Random(seed ^ 0x5eed, number);
  return { seed, number, drift: r.pick([0, 0.01, 0.05]), skew: r.pick([0, 2000, 3_600_000]), operations: drawOperations(r, ACTIVE) };
}

export class History {
  readonly world: World;
  readonly plan: HistoryPlan;
  #healed = false;

  constructor(plan: HistoryPlan) {
    this.plan = plan;
    this.world = new World(plan.seed, plan.number, plan);
    for (const operation of plan.operations) this.world.scheduler.after(operation.at, () => act(this.world, operation));
  }

  /** Does the next thing; false when the history is over. */
  step(): boolean {
    const { scheduler } = this.world;
    if (!this.#healed && !scheduler.step(ACTIVE)) {
      this.#healed = true;
      this.#heal();
    }
    return this.#healed ? scheduler.step(ACTIVE + REST) : true;
  }

  #heal(): void {
    const { network, processes, store, scheduler } = this.world;
    for (const place of ['ledger', 'store'] as const) network.weather[place] = { before: 0, after: 0, slow: 1 };
    network.heal();
    store.shortIn = 0;
    for (const { process } of processes) process.continue();
    for (let round = 0; round * SERVE < REST; round++) scheduler.after(round * SERVE, () => this.world.at(round % processes.length, running => this.world.serve(running)));
  }

  /** Answers what is wrong. */
  judged(): Promise<readonly string[]> {
    this.#atRest();
    return judge(this.world);
  }

  /** While nothing is wrong, no guest stays between two states, and one that was called is woken. */
  #atRest(): void {
    const { truth, ledger, store } = this.world;
    if (store.rotten.size > 0) return;
    for (const { row, inbox } of ledger.guests.values()) {
      const { now } = ledger.view(row.name);
      if (['parking', 'waking'].includes(row.state) && now - row.since > PATIENT) truth.fault(`${row.name} has been ${row.state} for ${now - row.since} ms, and nothing is wrong`);
      const called = inbox[0]?.at;
      if (row.state === 'parked' && called !== undefined && now - Math.max(called, row.since) > PATIENT) truth.fault(`${row.name} has been parked for ${now - row.since} ms, and was called`);
      if (row.owner !== null && row.leaseUntil !== null && row.leaseUntil < now) truth.fault(`${row.name} has an owner whose lease is over since ${now - row.leaseUntil} ms`);
    }
  }
}

/** Every process is dead now: what do ledger and store have? Answers all that was and is wrong. */
export async function judge(world: World): Promise<readonly string[]> {
  const { truth, ledger } = world;
  for (const { process } of world.processes) process.kill();
  for (const { name } of ledger.rows()) ledger.change(name, transitions.recover(name, () => true));
  await truth.judge();
  truth.over();
  return truth.faults;
}
