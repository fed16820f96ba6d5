/** The command line of `npm run guest`. */
import { parseArgs } from 'node:util';
import { locked } from '../setup/lock.mjs';
import { progress } from '../setup/progress.mjs';
import { Trouble } from '../setup/trouble.mjs';
import { buildGuest, defaultChoice } from './build.mjs';

const help = `Makes guests for Hypnos from Debian's arm64 packages, with the system's apt in a state folder of its own.

Usage: npm run guest -- [options]

Without options it makes the default guest, the one that npm start boots:
  build/guest/Image            the kernel of ${defaultChoice.kernelPackage}
  build/guest/initrd.cpio.gz   busybox with all its applets, rtcwake, the modules the board needs, and our /init

  --name NAME              make build/guest/NAME.cpio.gz instead of initrd.cpio.gz
  --with PACKAGE,…         add these Debian packages and all they depend on
                           (maintainer scripts are not run; links such as awk or cc are made from our own table;
                           dash becomes /bin/sh and bash the console's shell)
  --modules MODULE,…       add these kernel modules and all they depend on
  --kernel-package NAME    use another Debian kernel, for instance linux-image-arm64 or linux-image-rt-arm64;
                           its Image and archives go to build/guest/NAME/
  --update                 look for newer packages; otherwise what is there is used again
  --json                   describe the guest on standard output as JSON
  --help                   this text

Examples:
  npm run guest -- --name full --with python3-minimal,openssl
  npm run guest -- --kernel-package linux-image-arm64
`;

const options = {
  name: { type: 'string', default: defaultChoice.name },
  with: { type: 'string', multiple: true, default: [] },
  modules: { type: 'string', multiple: true, default: [] },
  'kernel-package': { type: 'string', default: defaultChoice.kernelPackage },
  update: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

/** Debian Policy 5.6.7, for package names; module and archive names keep to the same letters and an underscore. */
const goodName = /^[a-z0-9][a-z0-9+._-]*$/i;

export async function guestCommand(args) {
  const { values } = parsed(args);
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const choice = choiceOf(values);
  const manifest = await locked(() => buildGuest(progress(1), choice));
  process.stdout.write(values.json ? `${JSON.stringify(manifest, null, 2)}\n` : described(manifest));
  return 0;
}

function parsed(args) {
  try {
    return parseArgs({ args, options, strict: true });
  } catch (error) {
    throw usage(`${error.message.split('.')[0]}.`);
  }
}

function choiceOf(values) {
  const list = (given) => given.flatMap((text) => text.split(',')).map((name) => name.trim()).filter((name) => name !== '');
  const choice = { name: values.name, with: list(values.with), modules: list(values.modules), kernelPackage: values['kernel-package'], update: values.update };
  const bad = [choice.name, choice.kernelPackage, ...choice.with, ...choice.modules].find((name) => !goodName.test(name));
  if (bad !== undefined) throw usage(`"${bad}" is not a name.`);
  if (['kernel', 'Image'].includes(choice.name)) throw usage(`"${choice.name}" is the name of another file there.`);
  const isMore = choice.with.length + choice.modules.length > 0;
  if (choice.name === defaultChoice.name && isMore) throw usage('--with and --modules need --name: the default guest stays as it is.');
  return choice;
}

function usage(sentence) {
  return Object.assign(new Trouble(`${sentence} See npm run guest -- --help.`), { exitCode: 2 });
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function described({ kernel, archive, applets, drivers, modules, packages, unmet, reused }) {
  const drivenBy = (is) => drivers.filter((driver) => driver.is === is).map(({ name }) => name).join(', ') || 'none';
  return [
    `${kernel.file}  ${kernel.release} (${kernel.name} ${kernel.version}), ${megabytes(kernel.size)}`,
    `${archive.file}  ${archive.entries} entries, ${applets} applets, ${megabytes(archive.size)} (${megabytes(archive.unpacked)} unpacked)`,
    `  packages: ${packages.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
    `  modules: ${modules.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)).join(', ')}`,
    `  drivers built in: ${drivenBy('built in')}; absent from this kernel: ${drivenBy('absent')}`,
    ...(unmet.length > 0 ? [`  missing libraries: ${unmet.join(', ')}`] : []),
    ...(reused ? ['  (made before; nothing has changed)'] : []),
    '',
  ].join('\n');
}
