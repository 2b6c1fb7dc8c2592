import { Rpc, type RequestMap } from '../../src/protocol/rpc.ts';

/** What VS Code gives a webview. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** A page's end of its conversation with the host. */
export interface PageLink<Requests extends RequestMap, Events extends object> {
  readonly rpc: Rpc<object, Requests, Events, object>;
  /** What this page kept before it was hidden, or its window reloaded; any shape where another version was here. */
  readonly keptState: unknown;
  /** Keeps what a reloaded window fills the page again by. */
  readonly keepState: (state: unknown) => void;
}

/** Begins the page's conversation with the host: once in a page's life, VS Code allows no more. */
export function connectPage<Requests extends RequestMap, Events extends object>(
  onEvent: <K extends keyof Events>(name: K, payload: Events[K]) => void,
): PageLink<Requests, Events> {
  const vscode = acquireVsCodeApi();
  const rpc = new Rpc<object, Requests, Events, object>({
    channel: {
      post: (message) => {
        vscode.postMessage(message);
      },
      listen: (listener) => {
        const onMessage = (event: MessageEvent<unknown>) => {
          listener(event.data);
        };
        window.addEventListener('message', onMessage);
        return () => {
          window.removeEventListener('message', onMessage);
        };
      },
    },
    handlers: {},
    onEvent,
  });
  return {
    rpc,
    keptState: vscode.getState(),
    keepState: (state) => {
      vscode.setState(state);
    },
  };
}

/** Makes a function that draws once a frame at most, however often it is called. */
export function oncePerFrame(draw: () => void): () => void {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      draw();
    });
  };
}

/** Makes a function that does its work now, or as soon as so long has passed since it last did. */
export function atMostEvery(ms: number, work: () => void): () => void {
  let workedAtMs = -ms;
  let later: ReturnType<typeof setTimeout> | undefined;
  const go = (): void => {
    later = undefined;
    workedAtMs = performance.now();
    work();
  };
  return () => {
    const waitMs = workedAtMs + ms - performance.now();
    if (waitMs <= 0 && later === undefined) go();
    else later ??= setTimeout(go, waitMs);
  };
}
