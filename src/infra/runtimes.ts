/** The platforms' runtimes: their SDKs are heavy, so each is loaded when its platform is first spoken to. */
import type { BotPlatform, BotRuntime, PlatformEnvironment } from '../kernel/platform.ts';

export class Runtimes {
  readonly #platforms: readonly BotPlatform[];
  readonly #environment: (platform: string) => PlatformEnvironment;
  readonly #loaded = new Map<string, Promise<BotRuntime>>();

  constructor(platforms: readonly BotPlatform[], environment: (platform: string) => PlatformEnvironment) {
    this.#platforms = platforms;
    this.#environment = environment;
  }

  /** Rejects for a platform that is not in the list. */
  of(platformId: string): Promise<BotRuntime> {
    const known = this.#loaded.get(platformId);
    if (known !== undefined) return known;
    const platform = this.#platforms.find(({ id }) => id === platformId);
    if (platform === undefined) return Promise.reject(new Error(`no platform ${platformId}`));
    const loading = platform.loadRuntime(this.#environment(platformId));
    loading.catch(() => this.#loaded.delete(platformId));
    this.#loaded.set(platformId, loading);
    return loading;
  }

  async close(): Promise<void> {
    for (const loading of this.#loaded.values()) await (await loading).close();
  }
}
