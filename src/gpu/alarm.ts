// A failure that may come at any time and ends whatever is being waited for. Racing each wait against one promise that never
// settles would do the same, but leaves a reaction on it for every wait, with all that the wait had given, as long as it lives:
// a kilobyte a step of a run.

export class Alarm<Failure extends Error> {
  private readonly waits = new Set<(failure: Failure) => void>();
  private first: Failure | undefined;

  /** The first failure that there was. */
  get failure(): Failure | undefined {
    return this.first;
  }

  /** How many wait now. */
  get waiting(): number {
    return this.waits.size;
  }

  ring(failure: Failure): void {
    this.first ??= failure;
    for (const end of this.waits) end(this.first);
    this.waits.clear();
  }

  /** The promise, or the failure if that comes first. */
  guard<T>(promise: Promise<T>): Promise<T> {
    if (this.first !== undefined) {
      promise.catch(() => {}); // Its failure after the alarm is no news.
      return Promise.reject(this.first);
    }
    return new Promise((resolve, reject) => {
      this.waits.add(reject);
      const over = () => this.waits.delete(reject);
      promise.then(
        (value) => {
          over();
          resolve(value);
        },
        (error) => {
          over();
          reject(error);
        },
      );
    });
  }
}
