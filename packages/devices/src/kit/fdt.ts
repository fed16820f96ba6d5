/** A flattened device tree as plain data (Devicetree Specification 0.4 §2): what a device says about itself; the board writes the blob. */

/** One or two 32-bit big-endian words, or the phandle of the node that carries this label. */
export type FdtCell = { readonly u32: bigint } | { readonly u64: bigint } | { readonly phandle: string };

/** A string, a string list, a row of cells, bytes as they are, or a property without a value (`true`). */
export type FdtValue = string | readonly string[] | { readonly cells: readonly FdtCell[] } | Uint8Array | true;

export interface FdtNode {
  /** Node name with its unit address, e.g. `pl011@9000000`. */
  readonly name: string;
  /** What other nodes call it in `{ phandle }` cells; the writer gives every labelled node a phandle. */
  readonly label?: string;
  readonly properties: Readonly<Record<string, FdtValue>>;
  readonly children: readonly FdtNode[];
}

/** Where the board put a device: its address and, if it has a line, the number of its shared peripheral interrupt. */
export interface Place {
  readonly address: bigint;
  readonly spi?: number;
}

export const u32Cells = (...values: readonly number[]): FdtValue => ({ cells: values.map(value => ({ u32: BigInt(value) })) });
export const u64Cells = (...values: readonly bigint[]): FdtValue => ({ cells: values.map(u64 => ({ u64 })) });
/** `<&label a b …>`: a reference and its specifier. */
export const referenceCells = (label: string, ...specifier: readonly number[]): FdtValue =>
  ({ cells: [{ phandle: label }, ...specifier.map(value => ({ u32: BigInt(value) }))] });

export const node = (name: string, properties: FdtNode['properties'], children: readonly FdtNode[] = []): FdtNode =>
  ({ name, properties, children });

/** GICv3 binding: interrupt type SPI, and how a line is to be taken: by its rise, or while it is high. */
const GIC_SPI = 0, EDGE_RISING = 1, LEVEL_HIGH = 4;

const interrupt = ({ spi }: Place, trigger: number): Record<string, FdtValue> =>
  (spi === undefined ? {} : { interrupts: u32Cells(GIC_SPI, spi, trigger) });

/** `interrupts` of a device on the GIC, or nothing where the board gave it no line. */
export const interrupts = (place: Place): Record<string, FdtValue> => interrupt(place, LEVEL_HIGH);
/** The same of a line that only pulses. */
export const edgeInterrupts = (place: Place): Record<string, FdtValue> => interrupt(place, EDGE_RISING);

/** A node named after its unit address, with `compatible`, `reg` (two cells each) and `interrupts`. */
export function placedNode(
  kind: string, place: Place, size: number, compatible: readonly string[], more: FdtNode['properties'] = {},
): FdtNode {
  return node(`${kind}@${place.address.toString(16)}`, {
    compatible, reg: u64Cells(place.address, BigInt(size)), ...interrupts(place), ...more,
  });
}

/** Label of the clock that every PrimeCell names; the board adds the node once (`peripheralClock`). */
export const PERIPHERAL_CLOCK = 'apb-pclk';

/** The fixed 24 MHz clock of the peripheral bus. */
export const peripheralClock: FdtNode = {
  ...node('apb-pclk', {
    compatible: 'fixed-clock', '#clock-cells': u32Cells(0), 'clock-frequency': u32Cells(24_000_000), 'clock-output-names': 'clk24mhz',
  }),
  label: PERIPHERAL_CLOCK,
};
