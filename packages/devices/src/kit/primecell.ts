/** What every Arm PrimeCell peripheral has: identification registers at 0xFE0 and a bus clock in the device tree. */
import type { Register } from './device.ts';
import { PERIPHERAL_CLOCK, type FdtValue } from './fdt.ts';

/** PeriphID0-3 from 0xFE0 and PCellID0-3 (always 0xB105F00D) from 0xFF0. */
export function primecellIds(peripheral: readonly [number, number, number, number]): Record<number, Register<unknown, unknown>> {
  const row = (name: string, value: number): Register<unknown, unknown> => ({ name, widths: [1, 2, 4], read: () => value });
  return Object.fromEntries([
    ...peripheral.map((value, i) => [0xfe0 + 4 * i, row(`PeriphID${i}`, value)]),
    ...[0x0d, 0xf0, 0x05, 0xb1].map((value, i) => [0xff0 + 4 * i, row(`PCellID${i}`, value)]),
  ]);
}

/** `clocks` and `clock-names`: the one fixed clock, under each name the binding asks for. */
export const clockedBy = (...names: readonly string[]): Record<string, FdtValue> => ({
  clocks: { cells: names.map(() => ({ phandle: PERIPHERAL_CLOCK })) },
  'clock-names': names,
});
