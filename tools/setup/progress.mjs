/** Progress on standard error: "[2/5] what … 3.4 s", a line that counts on a terminal, two plain lines elsewhere when it takes long. */

const CLEAR_LINE = '\r\x1b[K';

/** Steps that turn out to be done already are counted but not shown, so that a second run is quiet. */
export function progress(total, { out = process.stderr, prefix = '' } = {}) {
  let number = 0;
  return {
    /** Does `work` as the next step. It may call `say(text)` to refine what the line says. */
    async step(title, work) {
      number += 1;
      const line = watched(`${prefix}[${number}/${total}] ${title}`, out);
      try {
        const result = await work(line.say);
        line.done();
        return result;
      } catch (error) {
        line.failed();
        throw error;
      }
    },
    /** The next step has nothing to do. */
    skip() {
      number += 1;
    },
  };
}

function watched(title, out) {
  const started = process.hrtime.bigint();
  const seconds = () => Number(process.hrtime.bigint() - started) / 1e9;
  let text = title;
  let shown = false;
  const show = () => {
    if (out.isTTY) out.write(`${CLEAR_LINE}${text} … ${seconds().toFixed(0)} s`);
    else if (!shown) out.write(`${text} …\n`);
    shown = true;
  };
  const first = setTimeout(show, 300);
  const ticking = setInterval(() => out.isTTY && show(), 1000);
  const close = (mark) => {
    clearTimeout(first);
    clearInterval(ticking);
    if (shown) out.write(`${out.isTTY ? CLEAR_LINE : ''}${text} … ${mark} (${seconds().toFixed(1)} s)\n`);
  };
  return {
    say: (detail) => {
      text = `${title}: ${detail}`;
    },
    done: () => close('done'),
    failed: () => {
      show();
      close('failed');
    },
  };
}
