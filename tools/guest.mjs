/** npm run guest: makes guests from Debian's arm64 packages; `npm run guest -- --help` tells. */
import { guestCommand } from './guest/command.mjs';
import { tool } from './setup/trouble.mjs';

await tool(guestCommand);
