// The last minutes of each projection, as they come in, sample by sample.

const KEPT = 300;

/** Keeps what overviews say of the last minutes. */
export class Trails {
  #samples = new Map();

  /** The number after which samples are missing here. */
  get since() {
    const last = [...this.#samples.values()].map((samples) => samples.at(-1)).filter(Boolean);
    return last.length ? Math.min(...last.map(({ number }) => number)) : 0;
  }

  /** Takes in an overview. Another process counts anew, so that times tell what is new. */
  add({ projections }) {
    for (const { name, trail } of projections) {
      const known = this.of(name);
      const last = known.at(-1)?.time ?? 0;
      const news = (trail?.samples ?? []).map(sample).filter(({ time }) => time > last);
      this.#samples.set(name, [...known, ...news].slice(-KEPT));
    }
  }

  /** The samples of a projection, from old to new. */
  of(name) {
    return this.#samples.get(name) ?? [];
  }
}

function sample([number, time, lasted, position, head, events, commits, commit, delay]) {
  return { number, time, position, head, commits, commit, delay, rate: lasted > 0 ? events / lasted : 0 };
}
