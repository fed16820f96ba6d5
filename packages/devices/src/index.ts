export * from './kit/device.ts';
export * from './kit/attach.ts';
export { describeDevice } from './kit/describe.ts';
export * from './kit/fdt.ts';
export * from './kit/ports.ts';
export { pl011 } from './pl011.ts';
export { pl031 } from './pl031.ts';
export { KEY_POWER, KEY_SLEEP, POWER_KEY_LINE, SLEEP_KEY_LINE, pl061 } from './pl061.ts';
