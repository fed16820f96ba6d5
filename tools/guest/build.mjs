/** Makes a guest (kernel image and initial archive) under build/guest, or finds the one that is there still good. */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { guestFolder } from '../setup/paths.mjs';
import { Trouble } from '../setup/trouble.mjs';
import { layAlternatives } from './alternatives.mjs';
import { AptTrouble, openApt } from './apt.mjs';
import { layApplets, layMirrors, layModules, layOwnFiles, layPackage, laySkeleton, writeArchive } from './archive.mjs';
import { configured, kernelPackageOf, readKernel } from './kernel.mjs';
import { layLibraries, unmetNeeds } from './libraries.mjs';
import { boardModules, chooseModules } from './modules.mjs';
import { openPackages } from './packages.mjs';
import { defaultKernel, defaultName, realShells, recipeHash, shellPackage, shellProgram, sleepPackage, sleepProgram } from './recipe.mjs';
import { readTar } from './tar.mjs';
import { Tree } from './tree.mjs';

/** What a guest may be asked to have; the default is what `npm start` boots. */
export const defaultChoice = { name: defaultName, with: [], modules: [], kernelPackage: defaultKernel, update: false };

/** Does one step of `steps`: the guest's manifest, made now or before. */
export async function buildGuest(steps, choice = defaultChoice) {
  const there = choice.update ? undefined : upToDate(choice);
  if (there) {
    steps.skip();
    return { ...there, reused: true };
  }
  const title = choice.kernelPackage === defaultKernel ? `guest ${choice.name}` : `guest ${choice.name} with ${choice.kernelPackage}`;
  return steps.step(title, (say) => make(choice, say));
}

/** Where a guest's files are: the default kernel's beside each other, another kernel's in a folder of its name. */
function placesOf({ name, kernelPackage }) {
  const folder = kernelPackage === defaultKernel ? guestFolder : join(guestFolder, kernelPackage);
  return { folder, image: join(folder, 'Image'), archive: join(folder, `${name}.cpio.gz`), manifest: join(folder, `${name}.json`), pin: join(folder, 'kernel.json') };
}

const recipeOf = ({ name, with: packages, modules, kernelPackage }) => recipeHash({ name, packages: [...packages].sort(), modules: [...modules].sort(), kernelPackage });

function upToDate(choice) {
  const places = placesOf(choice);
  if (!existsSync(places.manifest) || !existsSync(places.pin)) return undefined;
  const manifest = JSON.parse(readFileSync(places.manifest, 'utf8'));
  // Another archive's --update may have brought another kernel, whose modules this one lacks.
  if (JSON.parse(readFileSync(places.pin, 'utf8')).version !== manifest.kernel.version) return undefined;
  const whole = (file, size) => existsSync(file) && statSync(file).size === size;
  const good = manifest.recipe === recipeOf(choice) && whole(places.image, manifest.kernel.size) && whole(places.archive, manifest.archive.size);
  return good ? manifest : undefined;
}

async function make(choice, say) {
  const places = placesOf(choice);
  const apt = await openApt(guestFolder);
  const packages = openPackages(guestFolder);
  try {
    if (choice.update) {
      say('looking for newer packages');
      await apt.update();
    }
    try {
      return await assemble(choice, places, { apt, packages, say });
    } catch (error) {
      if (!(error instanceof AptTrouble) || choice.update) throw error;
      // An index of last month names packages that have been replaced since.
      say('fetching newer package indexes');
      await apt.update();
      return await assemble(choice, places, { apt, packages, say });
    }
  } finally {
    packages.close();
  }
}

async function assemble(choice, places, tools) {
  const { packages, apt, say } = tools;
  say('asking apt what is needed');
  const kernelPackage = await pinnedKernel(choice, places, apt);
  const candidates = await apt.resolve([shellPackage, sleepPackage]);
  const extra = choice.with.length > 0 ? await apt.resolve([...choice.with, ...realShells]) : [];
  const [shell, sleep] = [shellPackage, sleepPackage].map((name) => candidates.find((wanted) => wanted.name === name));
  say(`fetching ${[kernelPackage, shell, sleep].map(({ name }) => name).join(', ')}${extra.length > 0 ? ` and ${extra.length} more packages` : ''}`);
  await apt.fetch([kernelPackage, shell, sleep, ...extra]);

  say(`unpacking ${kernelPackage.name}`);
  const kernel = readKernel(await packages.tar(apt.file(kernelPackage)));
  const chosen = chooseModules([...boardModules.map(({ name }) => name), ...choice.modules], kernel);
  refuseUnknownModules(choice, chosen, kernelPackage);

  say('putting the archive together');
  const tree = new Tree();
  laySkeleton(tree);
  const libraries = await layPrograms(tree, { sleep, candidates }, tools);
  for (const wanted of extra) layPackage(tree, await packages.tar(apt.file(wanted)));
  const links = layAlternatives(tree);
  const applets = layApplets(tree, await programOf(shell, shellProgram, tools));
  layMirrors(tree);
  layModules(tree, kernel.release, chosen.modules);
  layOwnFiles(tree);

  say('compressing');
  mkdirSync(places.folder, { recursive: true });
  const archive = await writeArchive(tree, places.archive);
  const image = kernel.image();
  replace(places.image, image);
  replace(places.pin, JSON.stringify(kernelPackage));
  const manifest = {
    recipe: recipeOf(choice),
    kernel: { ...kernelPackage, file: places.image, release: kernel.release, size: image.length },
    archive: { file: places.archive, ...archive, entries: tree.entries().length },
    applets,
    drivers: boardModules.map(({ name, config, drives }) => ({ name, is: configured(kernel.config, config), drives })),
    modules: chosen.modules.map(({ path, bytes }) => ({ path, size: bytes.length })),
    packages: distinct([shell, sleep, ...libraries, ...extra]),
    alternatives: links,
    unmet: extra.length > 0 ? unmetNeeds(tree) : [],
  };
  replace(places.manifest, `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** The kernel that is already beside the archive stays until --update: the modules of every archive there must fit it. */
async function pinnedKernel({ kernelPackage, update }, { pin }, apt) {
  if (!update && existsSync(pin)) {
    const pinned = JSON.parse(readFileSync(pin, 'utf8'));
    if (apt.has(pinned)) return pinned;
  }
  return kernelPackageOf(await apt.resolve([kernelPackage]), kernelPackage);
}

function refuseUnknownModules({ modules }, { absent }, { name }) {
  const unknown = modules.filter((module) => absent.includes(module));
  if (unknown.length > 0) throw new Trouble(`${name} has no module ${unknown.join(', ')}; its package lists what it has.`);
}

async function layPrograms(tree, { sleep, candidates }, tools) {
  const program = await programOf(sleep, sleepProgram, tools);
  tree.file(sleepProgram, program, 0o755);
  return layLibraries(tree, program, { candidates: candidates.filter(({ name }) => name !== sleep.name), ...tools });
}

async function programOf(from, path, { apt, packages }) {
  const entry = readTar(await packages.tar(apt.file(from))).find((found) => found.path === path || found.path === `usr/${path}`);
  if (!entry) throw new Trouble(`${from.name} ${from.version} no longer brings ${path}.`);
  return entry.read();
}

const distinct = (packages) => [...new Map(packages.map((wanted) => [wanted.name, wanted])).values()];

function replace(file, content) {
  writeFileSync(`${file}.partial-${process.pid}`, content);
  renameSync(`${file}.partial-${process.pid}`, file);
}
