/** A guest with a name while its machine is in this process: parked as the policy says, and answering on its control socket. */
import { controlPath, controlServer, type Terminal } from '@hypnos/host-node';
import { control, type Keeper, type KeeperListeners, type Parking, type ParkReport } from '@hypnos/parking';
import { type Machine, type Progress, sizeText, type SuspendDecision, type SuspendRequest } from '@hypnos/vmm';
import { attend, type AttendOptions, say } from './attend.ts';
import { homeFolder } from './home.ts';
import { type ProgressLine, progressLine } from './progress.ts';
import { askPerson } from './run/ask.ts';
import type { OnSuspend } from './run/options.ts';

export class NamedGuest {
  readonly #parking: Parking;
  readonly #listening = new Set<(progress: Progress) => void>();
  #report: ParkReport | undefined;
  #line: ProgressLine | undefined;
  /** For the keeper that is made with the machine. */
  readonly listeners: KeeperListeners = {
    notice: text => say(text),
    progress: progress => {
      (this.#line ??= progressLine('parking', false)).report(progress);
      if (progress.done === progress.total) this.#ended();
      for (const listener of this.#listening) listener(progress);
    },
    parked: report => {
      this.#ended();
      this.#report = report;
    },
  };

  #ended(): void {
    this.#line?.end();
    this.#line = undefined;
  }

  constructor(parking: Parking) { this.#parking = parking; }

  /** Stays with the guest until it is off or parked. `begun` runs once its machine does. */
  async attend(machine: Machine, onSuspend: OnSuspend, terminal: Terminal, options: AttendOptions, begun: (keeper: Keeper) => Promise<void> = async () => {}): Promise<number> {
    const keeper = this.#parking.keeper(machine);
    if (onSuspend.do !== 'off') machine.on('suspend', request => keeper.decide(request, asked => this.#decide(machine, asked, onSuspend, terminal)));
    const server = await controlServer(controlPath(homeFolder(), keeper.id), (request, tell) => control({
      keeper, report: () => this.#report,
      listen: listener => { this.#listening.add(listener); return () => { this.#listening.delete(listener); }; },
    }, request, tell));
    try {
      return await attend(machine, async () => {
        const running = machine.run();
        await begun(keeper);
        return running;
      }, terminal, options);
    } finally {
      server.close();
      this.#farewell(keeper.name);
    }
  }

  #farewell(name: string): void {
    if (!this.#report) return;
    const { generation, progress } = this.#report;
    say(`${name} is parked: generation ${generation}, ${sizeText(progress.written)} new in the store. hypnos wake ${name} continues it.`);
  }

  async #decide(machine: Machine, request: SuspendRequest, onSuspend: OnSuspend, terminal: Terminal): Promise<SuspendDecision> {
    switch (onSuspend.do) {
      case 'ask': return askPerson(request, terminal);
      case 'resume': return request.resume();
      case 'deny': return request.deny(onSuspend.code);
      case 'park':
        try {
          return await this.#parking.park(machine, request);
        } catch (error) {
          say(`it could not be parked and stays awake: ${(error as Error).message}`);
          return request.deny('DENIED');
        }
      default: return request.sleep();
    }
  }
}
