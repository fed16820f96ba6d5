/** What generates the engine: a second's work, whose outcome hosts keep. */
export { buildTier0, ownTier0 } from '@hypnos/cpu/build';
