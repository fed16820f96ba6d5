/** `--on-suspend ask`: the question on standard error, the answer by one key. */
import type { Terminal } from '@hypnos/host-node';
import type { SuspendDecision, SuspendRequest } from '@hypnos/vmm';

export async function askPerson(request: SuspendRequest, terminal: Terminal): Promise<SuspendDecision> {
  process.stderr.write('hypnos: let it? [s]leep, [r]esume at once, [d]eny: ');
  const key = await terminal.ask('srd');
  process.stderr.write(`${key}\n`);
  return key === 's' ? request.sleep() : key === 'r' ? request.resume() : request.deny();
}
